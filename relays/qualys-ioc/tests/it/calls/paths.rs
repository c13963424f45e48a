//! The path of the event search. Specification: docs/relays/qualys-ioc.md#path-of-the-event-search.

use sandbox::{
    Fault, Times,
    qualys_ioc::{
        Account, EVENT_SEARCHES, EVENTS_PATH, PLAIN_PATHS_ONLY, VERSIONED_EVENTS_PATH,
        VERSIONED_PATHS_ONLY,
    },
};

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, claims, one, searches};

/// Asks about the dropped file, which is found, and returns the paths of the requests, sorted.
async fn paths(relay: &TestRelay, account: Account) -> Vec<String> {
    relay.sandbox.forget_calls();
    let answer = relay.with_claims(claims(account)).ask(OBSERVE, &one("sha256", DROPPED)).await;
    answer.assert_no_errors();
    assert_eq!(answer.docs("sightings").len(), 1);
    let mut paths: Vec<_> = searches(relay).into_iter().map(|call| call.path).collect();
    paths.sort();
    paths
}

#[tokio::test(start_paused = true)]
async fn the_path_that_a_platform_serves_is_found_and_remembered() {
    let relay = TestRelay::start().await;
    let [plain, versioned] = [EVENTS_PATH, VERSIONED_EVENTS_PATH];
    assert_eq!(paths(&relay, PLAIN_PATHS_ONLY).await, [plain, plain]);
    // Both searches were on their way before the gateway had refused one.
    let once = [plain, plain, versioned, versioned];
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await, once);
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await, [versioned, versioned]);
    // And back.
    assert_eq!(paths(&relay, PLAIN_PATHS_ONLY).await, once);
    assert_eq!(paths(&relay, PLAIN_PATHS_ONLY).await, [plain, plain]);
}

#[tokio::test(start_paused = true)]
async fn a_retired_path_is_one_that_is_not_served() {
    let relay = TestRelay::start().await;
    relay.sandbox.fault(EVENTS_PATH, Fault::status(410), Times::Always);
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await.len(), 4);
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_answers_with_an_error_is_not_remembered() {
    let relay = TestRelay::start().await;
    relay.sandbox.fault(VERSIONED_EVENTS_PATH, Fault::status(500), Times::Always);
    let versioned = relay.with_claims(claims(VERSIONED_PATHS_ONLY));
    let answer = versioned.ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
    relay.sandbox.clear_faults();
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_path_is_remembered_once_it_answers_with_success() {
    let relay = TestRelay::start().with(&[("QUALYS_CONCURRENCY", "1")]).await;
    relay.sandbox.fault(VERSIONED_EVENTS_PATH, Fault::status(500), Times::Next(1));
    let versioned = relay.with_claims(claims(VERSIONED_PATHS_ONLY));
    versioned.ask(OBSERVE, &one("sha256", DROPPED)).await;
    let calls: Vec<_> = searches(&relay).into_iter().map(|call| call.path).collect();
    assert_eq!(calls, [EVENTS_PATH, VERSIONED_EVENTS_PATH, VERSIONED_EVENTS_PATH]);
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await, [VERSIONED_EVENTS_PATH; 2]);
}

#[tokio::test(start_paused = true)]
async fn health_finds_the_path_as_well() {
    let relay = TestRelay::start().await;
    relay.with_claims(claims(VERSIONED_PATHS_ONLY)).health().await.assert_no_errors();
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_setting_is_the_only_path() {
    let relay = TestRelay::start().with(&[("QUALYS_EVENTS_PATH", VERSIONED_EVENTS_PATH)]).await;
    assert_eq!(paths(&relay, VERSIONED_PATHS_ONLY).await, [VERSIONED_EVENTS_PATH; 2]);
    let plain = relay.with_claims(claims(PLAIN_PATHS_ONLY));
    relay.sandbox.forget_calls();
    let answer = plain.ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert_eq!(answer.errors(), [("fatal", "not found")]);
    assert!(answer.message().contains("QUALYS_EVENTS_PATH"), "{answer:?}");
    assert_eq!(searches(&relay).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_no_path_is_served_each_is_tried_once() {
    let relay = TestRelay::start().with(&[("QUALYS_CONCURRENCY", "1")]).await;
    relay.sandbox.fault(EVENT_SEARCHES, Fault::status(404), Times::Always);
    let domains = (0..10).map(|host| ("domain", format!("host-{host}.example")));
    let answer = relay.observe(domains.collect::<testkit::Observables>()).await;
    assert_eq!(answer.errors(), [("fatal", "not found")]);
    assert_eq!(searches(&relay).len(), 21);
}
