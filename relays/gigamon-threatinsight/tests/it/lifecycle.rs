//! The day after possible ends of FortiNDR Cloud's APIs, docs/alive.md.

use sandbox::gigamon_threatinsight::NO_EVENTS_KEY;

use crate::test_relay::{TestRelay, claims};

#[tokio::test(start_paused = true)]
async fn no_route_fails_without_the_search_for_events() {
    let relay = TestRelay::start().await.with_claims(claims(NO_EVENTS_KEY));
    let answers = relay.assert_no_route_fails().await;
    assert!(answers.iter().any(|answer| !answer.docs("sightings").is_empty()));
    let warnings = answers.iter().flat_map(|answer| answer.messages());
    assert!(warnings.into_iter().any(|message| message.contains("only detections")));
}
