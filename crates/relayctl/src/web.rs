//! The HTTP client for relays and services.

use std::sync::Arc;

use relay_core::{Environment, Http, SystemResolver};

use crate::failure::{Failure, Outcome};

/// Returns a client whose user agent is this tool's name.
pub(crate) fn client(environment: &Environment) -> Outcome<Http> {
    let agent = concat!("threat-relays-relayctl/", env!("CARGO_PKG_VERSION"));
    Ok(Http::new(environment, agent, Arc::new(SystemResolver))?)
}

/// The failure of a request that got no response.
pub(crate) fn unreachable(error: relay_core::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}
