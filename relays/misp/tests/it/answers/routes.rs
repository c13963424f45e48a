//! Answers of each route: found, nothing found, invalid body.

use relay_core::Route;
use sandbox::{
    Fault, Times,
    misp::{self, sample},
};
use serde_json::{Value, json};

use crate::test_relay::{
    MispAnswer, domains, responses::SEARCH, start, start_before, start_sandbox,
};

#[tokio::test(start_paused = true)]
async fn health_is_ok_when_misp_tells_its_version() {
    let sandbox = start_sandbox().await;
    let answer = start_before(&sandbox).await.health().await;
    assert_eq!(answer, json!({"data": {"status": "ok"}}));
}

#[tokio::test(start_paused = true)]
async fn health_tells_how_many_searches_are_left_to_the_role() {
    let relay = start().await.with_claim("AuthKey", misp::QUOTA_KEY);
    let answer = relay.health().await;
    assert_eq!(answer["data"]["status"], "ok");
    let searches = &answer["data"]["quotas"]["searches"];
    assert_eq!(searches["description"], "Searches that the role of the key may make in 15 minutes");
    let values = &searches["values"];
    assert_eq!(values["bucket_limit"], 2);
    assert_eq!(values["current_bucket_consumption"], 1);
    assert_eq!(values["current_bucket_limit_reached"], false);
    assert_eq!(values["current_bucket_end_time"], "2026-03-03T10:15:00Z");
}

#[tokio::test(start_paused = true)]
async fn the_metrics_tell_how_many_days_the_key_has() {
    let days_left = async |key: &str, route: Route| {
        let relay = start().await.with_claim("AuthKey", key);
        let metrics = relay.send_unchecked(relay.request(route)).await.metrics;
        serde_json::from_str::<Value>(&metrics).unwrap()["CredentialDaysLeft"].clone()
    };
    for route in [Route::Health, Route::Observe] {
        assert_eq!(days_left(misp::ENDING_KEY, route).await, 14, "{}", misp::KEY_END);
        assert_eq!(days_left(misp::API_KEY, route).await, Value::Null);
    }
}

#[tokio::test(start_paused = true)]
async fn observe_answers_five_collections() {
    let sandbox = start_sandbox().await;
    let answer = start_before(&sandbox).await.observe([("domain", "bad.example")]).await;
    let collections: Vec<_> = answer["data"].as_object().unwrap().keys().collect();
    let five = ["indicators", "judgements", "relationships", "sightings", "verdicts"];
    let mut sorted = collections.clone();
    sorted.sort();
    assert_eq!(sorted, five);
    assert_eq!(answer.get("errors"), None);
}

#[tokio::test(start_paused = true)]
async fn deliberate_answers_verdicts_without_judgements() {
    let relay = start().await;
    let observables = [("domain", "bad.example"), ("ip", sample::SCANNER_ADDRESS)];
    let answer = relay.deliberate(&observables).await;
    assert_eq!(answer["data"].as_object().unwrap().len(), 1);
    assert_eq!(answer.every("verdicts", "/judgement_id"), [&Value::Null, &Value::Null]);
    // The verdicts of observe are the same, with the ids of their judgements.
    let observed = relay.observe(&observables).await;
    assert_eq!(
        answer.every("verdicts", "/disposition"),
        observed.every("verdicts", "/disposition")
    );
    assert!(observed.every("verdicts", "/judgement_id").iter().all(|id| id.is_string()));
}

#[tokio::test(start_paused = true)]
async fn nothing_found_is_an_empty_object_or_list() {
    let relay = start().await;
    for observables in [&[][..], &[("domain", sample::UNKNOWN_DOMAIN)], &[("imei", "1")]] {
        relay.observe(observables).await.assert_nothing_found();
        relay.deliberate(observables).await.assert_nothing_found();
    }
    for observables in [&[][..], &[("imei", "1")]] {
        assert_eq!(relay.refer(observables).await, json!({"data": []}));
        assert_eq!(relay.respond(observables).await, json!({"data": []}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_is_what_the_page_shows() {
    let relay = start().await;
    let relay = relay.with_claim("HOST", "https://misp.corp.example");
    let answer = relay.refer([("domain", "bad.example")]).await;
    assert_eq!(
        answer.items(),
        [json!({"id": "ref-misp-search-domain-bad.example",
            "title": "Search events with this domain",
            "description": "Lookup events with this domain on MISP",
            "url": "https://misp.corp.example/events/index/searchall:bad.example",
            "categories": ["Search", "MISP"]})]
    );
}

#[tokio::test(start_paused = true)]
async fn links_encode_everything_but_unreserved_characters() {
    let relay = start().await;
    let relay = relay.with_claim("HOST", "https://misp.corp.example");
    let value = "http://ü.example/a b/../?q=1&r=%41#f;:@~-._";
    let escaped =
        "http%3A%2F%2F%C3%BC.example%2Fa%20b%2F..%2F%3Fq%3D1%26r%3D%2541%23f%3B%3A%40~-._";
    let answer = relay.refer([("url", value)]).await;
    let link = &answer.items()[0];
    assert_eq!(link["id"], format!("ref-misp-search-url-{escaped}"));
    let searched = "http%3A__%C3%BC.example_a%20b_..__q%3D1%26r%3D%2541%23f%3B%3A%40~-._";
    let url = format!("https://misp.corp.example/events/index/searchall:{searched}");
    assert_eq!(link["url"], url);
}

#[tokio::test(start_paused = true)]
async fn a_value_too_long_for_a_link_has_none() {
    let relay = start().await;
    let long = format!("http://bad.example/{}", "a".repeat(3000));
    assert_eq!(relay.refer([("url", &long)]).await, json!({"data": []}));
}

#[tokio::test(start_paused = true)]
async fn invalid_bodies_are_described() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    for (body, problems) in [
        (json!({}), r#"{"_schema": ["Invalid input type."]}"#),
        (json!("x"), r#"{"_schema": ["Invalid input type."]}"#),
        (json!([7]), r#"{"0": {"_schema": ["Invalid input type."]}}"#),
        (
            json!([{"type": "ip", "value": "203.0.113.7"}, {"value": null}]),
            r#"{"1": {"type": ["Missing data for required field."], "value": ["Field may not be null."]}}"#,
        ),
        (
            json!([{"type": "", "value": 7}]),
            r#"{"0": {"type": ["Field may not be blank."], "value": ["Not a valid string."]}}"#,
        ),
    ] {
        for route in [Route::Observe, Route::Deliberate, Route::Refer, Route::Respond] {
            let answer = relay.ask(route, &body).await;
            answer.assert_fatal("invalid argument");
            assert_eq!(answer.message(), format!("Invalid JSON payload received. {problems}"));
        }
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_token_is_checked_before_the_body_and_both_before_a_request() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let unknown = relay.with_claims(json!({}));
    for route in [Route::Observe, Route::Deliberate, Route::Refer, Route::Respond, Route::Trigger] {
        unknown.ask(route, &json!({})).await.assert_fatal("authorization error");
        relay.ask(route, &json!({})).await.assert_fatal("invalid argument");
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn equal_errors_are_reported_once() {
    let sandbox = start_sandbox().await;
    sandbox.fault(SEARCH, Fault::status(500), Times::Always);
    let names: Vec<_> = (0..120).map(|n| format!("d{n}.example")).collect();
    let observables = domains(&names);
    start_before(&sandbox).await.observe(&observables).await.assert_fatal("unknown");
    // Each of the three batches, its halves and its quarters.
    assert_eq!(sandbox.calls().len(), 3 * (1 + 2 + 4));
}

#[tokio::test(start_paused = true)]
async fn version_needs_neither_token_nor_misp() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await.with_claims(json!({}));
    let answer = relay.ask(Route::Version, &Value::Null).await;
    assert_eq!(answer, json!({"version": env!("CARGO_PKG_VERSION")}));
    assert_eq!(sandbox.calls().len(), 0);
}
