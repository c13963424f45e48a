//! Number and concurrency of requests, docs/relays/misp.md#number-of-requests.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::post};
use relay_core::Route;
use sandbox::misp::sample;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Barrier};

use crate::test_relay::{
    MispAnswer, MispRelay, domains,
    responses::{SEARCH, attribute, neighbour_searches, searches, serve},
    sinkhole_domains, start_before, start_sandbox,
};

#[tokio::test(start_paused = true)]
async fn observe_sends_three_requests_for_fifty_observables() {
    for (observables, batches) in [(1, 1), (10, 1), (50, 1), (51, 2), (200, 4)] {
        let sandbox = start_sandbox().await;
        let names = sinkhole_domains(observables);
        let answer = start_before(&sandbox).await.observe(domains(&names)).await;
        assert_eq!(answer.found().len(), observables);
        assert_eq!(searches(&sandbox).len(), batches, "{observables}");
        assert_eq!(neighbour_searches(&sandbox).len(), batches, "{observables}");
        assert!(sandbox.calls().len() <= 3 * batches, "{observables}");
        assert!(sandbox.peak_concurrency() <= 4);
    }
}

#[tokio::test(start_paused = true)]
async fn deliberate_sends_two_requests_for_fifty_observables() {
    for (observables, batches) in [(1, 1), (10, 1), (50, 1), (51, 2), (200, 4)] {
        let sandbox = start_sandbox().await;
        let names = sinkhole_domains(observables);
        let answer = start_before(&sandbox).await.deliberate(domains(&names)).await;
        assert_eq!(answer.found().len(), observables);
        assert_eq!(searches(&sandbox).len(), batches, "{observables}");
        assert!(sandbox.calls().len() <= 2 * batches, "{observables}");
        assert_eq!(neighbour_searches(&sandbox).len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_found_or_no_relations_saves_the_search_for_neighbours() {
    let sandbox = start_sandbox().await;
    start_before(&sandbox).await.observe([("domain", sample::UNKNOWN_DOMAIN)]).await;
    assert_eq!(sandbox.calls().len(), 1);
    sandbox.forget_calls();
    let relay = MispRelay::start().before(&sandbox).with(&[("MISP_RELATIONS_LIMIT", "0")]).await;
    relay.observe([("domain", "bad.example")]).await;
    assert_eq!((searches(&sandbox).len(), neighbour_searches(&sandbox).len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_other_routes_send_two_requests_or_none() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await;
    let names = sinkhole_domains(200);
    relay.refer(domains(&names)).await;
    relay.respond(domains(&names)).await;
    relay.ask(Route::Version, &Value::Null).await;
    assert_eq!(sandbox.calls().len(), 0);
    relay.health().await;
    assert_eq!(sandbox.calls().len(), 2);
    relay.trigger("respond-misp-sighting-", "domain", "bad.example").await;
    assert_eq!(sandbox.calls().len(), 4);
    relay.trigger("respond-urlscan-action-", "domain", "bad.example").await;
    assert_eq!(sandbox.calls().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn l05_a_thousand_observables_are_searched_four_batches_at_a_time() {
    let sandbox = start_sandbox().await;
    let names: Vec<_> = (0..1200).map(|n| format!("d{n}.example")).collect();
    let answer = start_before(&sandbox).await.observe(domains(&names)).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument")]);
    assert_eq!(sandbox.calls().len(), 20);
    assert!(sandbox.peak_concurrency() <= 4);
}

#[tokio::test(start_paused = true)]
async fn full_pages_cost_five_requests_at_the_most() {
    for observables in [1, 10, 50] {
        let sandbox = start_sandbox().await;
        // Every page is full: of one popular value, whatever is searched.
        let rows: Vec<_> = (0..5000)
            .map(|id| {
                let uuid = format!("00000000-0000-4000-8000-{:012}", id / 10);
                let event = json!({"id": id.to_string(), "uuid": uuid, "threat_level_id": "3"});
                attribute(json!({"id": id, "value": "batch0.sinkhole.example", "Event": event}))
            })
            .collect();
        serve(&sandbox, &rows, &rows);
        let names = sinkhole_domains(observables);
        let relay = start_before(&sandbox).await;
        assert_eq!(relay.observe(domains(&names)).await.found(), ["batch0.sinkhole.example"]);
        assert!(sandbox.calls().len() <= 5, "{observables}: {}", sandbox.calls().len());
        sandbox.forget_calls();
        relay.deliberate(domains(&names)).await;
        assert!(sandbox.calls().len() <= 4, "{observables}: {}", sandbox.calls().len());
    }
}

/// A server that answers no search for values before a number of them have arrived: searches that are
/// sent one after the other never get a response.
struct WaitingServer {
    matches: Barrier,
}

impl WaitingServer {
    async fn start(matches: usize) -> String {
        let server = Self { matches: Barrier::new(matches) };
        let router = Router::new().route(SEARCH, post(search)).with_state(Arc::new(server));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        url
    }
}

async fn search(
    State(server): State<Arc<WaitingServer>>,
    Json(search): Json<Value>,
) -> Json<Value> {
    let observables = search["value"]["OR"].as_array().filter(|_| search["eventid"].is_null());
    if observables.is_some() {
        server.matches.wait().await;
    }
    let attributes = observables.into_iter().flatten().map(|value| {
        let number = value.as_str().unwrap().trim_matches(|c: char| !c.is_ascii_digit());
        let uuid = format!("00000000-0000-4000-8000-{number:0>12}");
        attribute(
            json!({"value": value, "event_id": number, "Event": {"id": number, "uuid": uuid}}),
        )
    });
    Json(json!({"response": {"Attribute": attributes.collect::<Vec<_>>()}}))
}

#[tokio::test(start_paused = true)]
async fn four_searches_run_concurrently() {
    let url = WaitingServer::start(4).await;
    let relay = MispRelay::start().leading_to(url).await;
    let names: Vec<_> = (1..=200).map(|n| format!("d{n}.test")).collect();
    let answer = relay.observe(domains(&names)).await;
    assert_eq!(answer.errors(), []);
    assert_eq!(answer.found(), names);
}
