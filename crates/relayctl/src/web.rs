//! The HTTP client for relays and services.

use std::{sync::Arc, time::Duration};

use relay_core::{Environment, Http, Request, Response, SystemResolver};
use tokio::time::Instant;

use crate::{
    failure::{Failure, Outcome},
    terminal::{notice, options::Options},
};

/// Returns a client whose user agent is this tool's name.
pub(crate) fn client(environment: &Environment) -> Outcome<Http> {
    let agent = concat!("threat-relays-relayctl/", env!("CARGO_PKG_VERSION"));
    Ok(Http::new(environment, agent, Arc::new(SystemResolver))?)
}

/// Sends a request and waits for its response; with `--verbose` standard error tells both.
pub(crate) async fn asked(
    http: &Http,
    request: Request,
    service: &'static str,
    within: Duration,
) -> Outcome<Response> {
    // Printed without query, headers and body, which hold secrets.
    let what = format!("{request:?}");
    let what = what.trim_start_matches("Request(").trim_end_matches(')');
    let started = Instant::now();
    let answered = http.ask(request, service, within).await;
    if Options::chosen().verbose {
        let outcome = match &answered {
            Ok(response) => format!("status {}", response.status()),
            Err(error) => error.to_string(),
        };
        notice(format!("{what}: {outcome}, {} ms", started.elapsed().as_millis()));
    }
    answered.map_err(unreachable)
}

/// The failure of a request that got no response.
pub(crate) fn unreachable(error: relay_core::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}
