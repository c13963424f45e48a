//! The relay as a whole process under an simulated Lambda: what it prints, and what only the
//! gateway and the environment decide.

mod connections;
mod gateway;
mod lines;
mod queries;
mod settings;
mod traces;

use std::path::PathBuf;

use serde_json::Value;
use testkit::{
    event::{Event, Gateway},
    runtime_api::{Launch, Line, Stream},
    token::SECRET,
};

use crate::fixture::Fixture;

/// The example that cargo builds beside the tests.
fn launch() -> Launch {
    let tests = std::env::current_exe().unwrap();
    let probe: PathBuf = tests.ancestors().nth(2).unwrap().join("examples/probe");
    assert!(probe.exists(), "cargo builds {} with all targets of the crate", probe.display());
    Launch::new(probe)
}

/// The function of a fixture: the same product and key server, under the machine's clock.
fn function_of(fixture: &Fixture) -> Launch {
    launch()
        .env("SECRET_KEY", SECRET)
        .env("JWKS_HOSTS", fixture.keys.origin())
        .env("PRODUCT_URL", fixture.product.url())
}

fn post(path: &str, token: &str) -> Event {
    Gateway::HttpApi.post(path).bearer(token)
}

/// What stands on standard output, each line one JSON object.
fn printed(lines: &[Line]) -> Vec<Value> {
    let out = lines.iter().filter(|line| line.stream == Stream::Out);
    let object = |line: &Line| {
        let object: Value = serde_json::from_str(&line.text).unwrap_or_default();
        assert!(object.is_object(), "no JSON line: {:?}", line.text);
        object
    };
    out.map(object).collect()
}
