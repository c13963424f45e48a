//! The testkit's own integration tests.

#[cfg(test)]
mod ctim;
#[cfg(test)]
mod event;
#[cfg(test)]
mod jwks;
#[cfg(test)]
mod runtime_api;
