//! How many calls a question costs, how deep they depend on each other, and how many run side by
//! side (spec §9).

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, routing::post};
use relay_core::http::SystemResolver;
use sandbox::misp::sample;
use serde_json::{Value, json};
use testkit::ctim::Route;
use tokio::{net::TcpListener, sync::Barrier};

use crate::{
    test_relay::responses::{SEARCH, neighbour_searches, row, searches, serve},
    test_relay::{Relay, sandbox},
};

/// Domains of the sinkhole's feed, each in an event of its own.
fn found(count: usize) -> Vec<String> {
    (0..count).map(|batch| format!("batch{batch}.sinkhole.example")).collect()
}

fn domains(names: &[String]) -> Vec<(&str, &str)> {
    names.iter().map(|name| ("domain", name.as_str())).collect()
}

#[tokio::test]
async fn observe_costs_one_call_for_fifty_values_and_one_for_fifty_events() {
    for (observables, chunks) in [(1, 1), (10, 1), (50, 1), (51, 2), (200, 4)] {
        let sandbox = sandbox().await;
        let names = found(observables);
        let answer = Relay::before(&sandbox).await.observe(&domains(&names)).await;
        assert_eq!(answer.found().len(), observables);
        assert_eq!(searches(&sandbox).len(), chunks, "{observables}");
        assert_eq!(neighbour_searches(&sandbox).len(), chunks, "{observables}");
        assert_eq!(sandbox.calls().len(), 2 * chunks);
        assert!(sandbox.peak_concurrency() <= 4);
    }
}

#[tokio::test]
async fn deliberate_costs_one_call_for_fifty_values() {
    for (observables, chunks) in [(1, 1), (10, 1), (50, 1), (51, 2), (200, 4)] {
        let sandbox = sandbox().await;
        let names = found(observables);
        let answer = Relay::before(&sandbox).await.deliberate(&domains(&names)).await;
        assert_eq!(answer.found().len(), observables);
        assert_eq!(sandbox.calls().len(), chunks, "{observables}");
        assert_eq!(neighbour_searches(&sandbox).len(), 0);
    }
}

#[tokio::test]
async fn a_question_that_finds_nothing_or_wants_no_relations_is_one_deep() {
    let sandbox = sandbox().await;
    Relay::before(&sandbox).await.observe(&[("domain", sample::UNKNOWN_DOMAIN)]).await;
    assert_eq!(sandbox.calls().len(), 1);
    sandbox.forget_calls();
    let relay = Relay::with(&sandbox, &[("MISP_RELATIONS_LIMIT", "0")]).await;
    relay.observe(&[("domain", "bad.example")]).await;
    assert_eq!(sandbox.calls().len(), 1);
}

#[tokio::test]
async fn the_other_routes_cost_one_call_or_none() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await.with_urlscan();
    let names = found(200);
    relay.refer(&domains(&names)).await;
    relay.respond(&domains(&names)).await;
    relay.ask(Route::Version, &Value::Null).await;
    assert_eq!(sandbox.calls().len(), 0);
    relay.health().await;
    assert_eq!(sandbox.calls().len(), 1);
    relay.trigger("respond-misp-sighting-", "domain", "bad.example").await;
    assert_eq!(sandbox.calls().len(), 2);
    relay.trigger("respond-urlscan-action-", "domain", "bad.example").await;
    assert_eq!(sandbox.calls().len(), 3);
}

#[tokio::test]
async fn l05_a_thousand_observables_are_asked_four_chunks_at_a_time() {
    let sandbox = sandbox().await;
    let names: Vec<_> = (0..1200).map(|n| format!("d{n}.example")).collect();
    let answer = Relay::before(&sandbox).await.observe(&domains(&names)).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument")]);
    assert_eq!(sandbox.calls().len(), 20);
    assert!(sandbox.peak_concurrency() <= 4);
}

#[tokio::test]
async fn chunks_that_are_asked_again_value_by_value_do_not_multiply() {
    let sandbox = sandbox().await;
    // Every page is full, and slow enough for the calls to meet.
    serve(&sandbox, &vec![json!({}); 500], &[]);
    sandbox.delay(Duration::from_millis(2));
    let names = found(200);
    let relay = Relay::before(&sandbox).await.claiming("CTR_ENTITIES_LIMIT", 1);
    relay.observe(&domains(&names)).await.assert_nothing_found();
    assert_eq!(sandbox.calls().len(), 4 + 200);
    assert!(sandbox.peak_concurrency() <= 4, "{}", sandbox.peak_concurrency());
}

/// A MISP that answers no search before so many of its kind have arrived: whoever asks one after
/// the other gets no answer at all.
struct Gathering {
    matches: Barrier,
    neighbours: Barrier,
}

impl Gathering {
    async fn start(matches: usize, neighbours: usize) -> String {
        let gathering =
            Self { matches: Barrier::new(matches), neighbours: Barrier::new(neighbours) };
        let router = Router::new().route(SEARCH, post(search)).with_state(Arc::new(gathering));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        url
    }
}

async fn search(State(gathering): State<Arc<Gathering>>, Json(search): Json<Value>) -> Json<Value> {
    let asked = search["value"]["OR"].as_array();
    let barrier = if asked.is_some() { &gathering.matches } else { &gathering.neighbours };
    barrier.wait().await;
    let rows = asked.into_iter().flatten().map(|value| {
        let number = value.as_str().unwrap().trim_matches(|c: char| !c.is_ascii_digit());
        let uuid = format!("00000000-0000-4000-8000-{number:0>12}");
        row(json!({"value": value, "event_id": number, "Event": {"id": number, "uuid": uuid}}))
    });
    Json(json!({"response": {"Attribute": rows.collect::<Vec<_>>()}}))
}

#[tokio::test]
async fn four_chunks_run_side_by_side_and_the_neighbours_after_them() {
    let url = Gathering::start(4, 4).await;
    let settings = [("API_URL", url.as_str())];
    let relay = Relay::set_up(&settings, Arc::new(SystemResolver)).await.unwrap();
    let names: Vec<_> = (1..=200).map(|n| format!("d{n}.test")).collect();
    let answer = relay.observe(&domains(&names)).await;
    assert_eq!(answer.errors(), []);
    assert_eq!(answer.found(), names);
}
