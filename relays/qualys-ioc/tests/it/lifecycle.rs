//! The day after possible ends of Qualys' APIs, docs/alive.md.

use sandbox::{
    Fault, Times,
    qualys_ioc::{EVENTS_PATH, VERSIONED_EVENTS_PATH, VERSIONED_PATHS_ONLY},
};

use crate::test_relay::{TestRelay, claims, searches};

#[tokio::test(start_paused = true)]
async fn no_route_needs_the_path_without_a_version() {
    for status in [404, 410] {
        let relay = TestRelay::start().await.with_claims(claims(VERSIONED_PATHS_ONLY));
        relay.sandbox.fault(EVENTS_PATH, Fault::status(status), Times::Always);
        let answers = relay.assert_no_route_fails().await;
        assert!(answers.iter().any(|answer| !answer.docs("sightings").is_empty()));
        assert!(answers.iter().all(|answer| answer.error_entries().is_empty()));
        assert!(searches(&relay).iter().any(|call| call.path == VERSIONED_EVENTS_PATH));
    }
}
