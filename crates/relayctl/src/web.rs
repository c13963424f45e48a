//! The process's client for services on the network, and what their failures are to the tool.

use std::sync::Arc;

use relay_core::{Environment, Http, http::SystemResolver};

use crate::failure::{Failure, Outcome};

/// A client that calls itself by this tool's name.
pub(crate) fn client(environment: &Environment) -> Outcome<Http> {
    let agent = concat!("threat-relays-relayctl/", env!("CARGO_PKG_VERSION"));
    Ok(Http::new(environment, agent, Arc::new(SystemResolver))?)
}

/// A request that brought no answer.
pub(crate) fn unreachable(error: relay_core::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}
