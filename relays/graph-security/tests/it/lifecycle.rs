//! The day after announced ends of Microsoft's APIs, docs/alive.md.

use relay_core::Route;
use sandbox::{Fault, Times};
use serde_json::{Value, json};

use crate::test_relay::{ADDRESS, BATCH, TestRelay, inner_urls, one};

const WITH_OBSERVABLES: [Route; 4] =
    [Route::Observe, Route::Deliberate, Route::Refer, Route::Respond];

/// Answers every question of a batch as Microsoft Graph does after the end of the older list.
fn after_the_end(mut response: Value) -> Value {
    let error = json!({"code": "ResourceNotFound", "message": "The API is no longer available."});
    for part in response["responses"].as_array_mut().into_iter().flatten() {
        part["status"] = json!(410);
        part["body"] = json!({"error": error});
    }
    response
}

#[tokio::test(start_paused = true)]
async fn no_route_needs_the_older_list_of_alerts() {
    let relay = TestRelay::open().await;
    relay.health().await.assert_no_errors();
    for route in WITH_OBSERVABLES {
        relay.ask(route, &one("ip", ADDRESS)).await.assert_no_errors();
    }
    let urls: Vec<_> = relay.calls(BATCH).iter().flat_map(inner_urls).collect();
    assert!(urls.iter().any(|url| url.contains("/security/alerts_v2?")), "{urls:?}");
    assert!(urls.iter().all(|url| !url.contains("/security/alerts?")), "{urls:?}");
}

#[tokio::test(start_paused = true)]
async fn who_still_chooses_the_older_list_is_told_what_to_set() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    relay.sandbox.fault(BATCH, Fault::Rewritten(after_the_end), Times::Always);
    for route in WITH_OBSERVABLES {
        let answer = relay.ask(route, &one("ip", ADDRESS)).await;
        for message in answer.messages() {
            assert!(message.contains("set GRAPH_BACKEND to alerts_v2"), "{message}");
        }
        assert_eq!(answer.codes().is_empty(), route != Route::Observe, "{answer:?}");
    }
}
