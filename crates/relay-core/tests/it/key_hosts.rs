//! Who may name the keys of configuration tokens, and what key servers may do.

mod cache;
mod keys;
mod names;
mod server;

use std::time::Duration;

use relay_core::{Clock, Environment};
use testkit::jwks::PATH;

fn listing(hosts: String) -> impl FnOnce(Environment) -> Environment {
    |environment| environment.with("JWKS_HOSTS", hosts)
}

pub(crate) fn later(clock: &Clock, seconds: u64) {
    clock.advance(Duration::from_secs(seconds));
}
