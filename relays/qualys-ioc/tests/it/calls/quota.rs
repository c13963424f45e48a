//! The quota of the subscription. Specification: docs/relays/qualys-ioc.md#quota.

use sandbox::{
    Fault, Times,
    qualys_ioc::{EVENT_SEARCHES, ONE_CALL_A_SECOND, SPENT_QUOTA, USUAL_QUOTA},
};
use serde_json::json;
use testkit::Observables;

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, claims, one, searches};

fn domains(count: usize) -> Observables {
    (0..count).map(|host| ("domain", format!("host-{host}.example"))).collect()
}

#[tokio::test(start_paused = true)]
async fn n11_the_last_requests_of_the_quota_are_kept_back() {
    // 300 in an hour: after 291 fewer than ten are left.
    let relay = TestRelay::start().with(&[("QUALYS_CONCURRENCY", "1")]).await;
    let answer = relay.with_claims(claims(USUAL_QUOTA)).observe(domains(150)).await;
    assert_eq!(answer.errors(), [("warning", "too many requests")]);
    assert_eq!(searches(&relay).len(), 291);
    let message = answer.message();
    assert!(
        message.contains("fewer than 10 requests are left of its quota of 300 in 3600 seconds")
    );
    // Of the 146th the history is missing, of the others everything.
    assert!(message.contains("This concerns host-145.example, host-146.example,"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn what_was_found_before_stays() {
    let relay = TestRelay::start().with(&[("QUALYS_CONCURRENCY", "1")]).await;
    let headers = [("X-RateLimit-Limit", "300"), ("X-RateLimit-Remaining", "7")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let body = json!([{"id": "e", "dateTime": "2026-03-01T12:19:31.000+0000", "file": {"sha256": DROPPED}}]);
    let low = Fault::Status { code: 200, headers, body: body.to_string() };
    relay.sandbox.fault(EVENT_SEARCHES, low, Times::Always);
    let observables = Observables::from([("sha256", DROPPED)]).and(domains(3));
    let answer = relay.observe(observables).await;
    assert_eq!((answer.docs("sightings").len(), searches(&relay).len()), (1, 1));
    assert_eq!(answer.errors(), [("warning", "too many requests")]);
    assert!(answer.message().contains("fewer than 10 requests are left of its quota;"));
}

#[tokio::test(start_paused = true)]
async fn the_reserve_can_be_set_and_is_a_tenth_of_a_small_quota() {
    let settings = [("QUALYS_CONCURRENCY", "1"), ("QUALYS_QUOTA_RESERVE", "0")];
    let relay = TestRelay::start().with(&settings).await;
    let answer = relay.with_claims(claims(USUAL_QUOTA)).observe(domains(150)).await;
    answer.assert_no_errors();
    assert_eq!(searches(&relay).len(), 300);
    let relay = TestRelay::start().with(&[("QUALYS_CONCURRENCY", "1")]).await;
    let answer =
        relay.with_claims(claims(ONE_CALL_A_SECOND)).ask(OBSERVE, &one("sha256", DROPPED)).await;
    answer.assert_no_errors();
    assert_eq!(searches(&relay).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_is_an_error() {
    let relay = TestRelay::start().await;
    let answer = relay.with_claims(claims(SPENT_QUOTA)).observe(domains(3)).await;
    assert_eq!(answer.errors(), [("fatal", "too many requests")]);
}

#[tokio::test(start_paused = true)]
async fn health_tells_how_many_requests_are_left() {
    let relay = TestRelay::start().await.with_claims(claims(USUAL_QUOTA));
    let requests = relay.health().await["data"]["quotas"]["requests"].clone();
    assert_eq!(requests["description"], "Requests of the subscription to the API");
    let values = &requests["values"];
    assert_eq!((&values["bucket_unit"], &values["bucket_limit"]), (&"hour".into(), &300.into()));
    assert_eq!(values["current_bucket_consumption"], 1);
}
