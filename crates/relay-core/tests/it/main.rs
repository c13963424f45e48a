//! Tests of the core through a small relay: callers, product, key hosts and Secrets Manager do what
//! they may, and the answers, requests and logs are checked. Rows of docs/security.md are named by
//! their ids.

#[cfg(test)]
mod actions;
#[cfg(test)]
#[cfg(test)]
mod concurrent;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod key_hosts;
#[cfg(test)]
mod modules;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod printing;
#[cfg(test)]
mod process;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod secrets_manager;
#[cfg(test)]
mod size;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod test_call;
#[cfg(test)]
mod token_cache;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod wire;
