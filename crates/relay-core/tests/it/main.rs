//! The core, proved through a small relay: what its callers, its product, its key servers and its
//! secret store may do, and what comes of it. Rows of the test catalogue are named by their ids.

#[cfg(test)]
mod ask;
#[cfg(test)]
mod heard;
#[cfg(test)]
mod key_hosts;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod printing;
#[cfg(test)]
mod process;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod roca;
#[cfg(test)]
mod secret_store;
#[cfg(test)]
mod side_by_side;
#[cfg(test)]
mod size;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod token_cache;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod wire;
