//! The routes, their checks, their constant answers, and the links:
//! docs/relays/defender-atp.md#links.

use sandbox::defender_atp::sample;
use serde_json::json;

use crate::test_relay::{
    OBSERVE, REFER, RESPOND, TRIGGER, TestRelay, bearer, contoso, many, one, trigger,
};

#[tokio::test(start_paused = true)]
async fn version_needs_no_token() {
    let relay = TestRelay::open().await;
    let answer = relay.send("", "/version", "").await;
    assert_eq!(answer, json!({"version": env!("CARGO_PKG_VERSION")}));
}

#[tokio::test(start_paused = true)]
async fn the_body_is_checked_before_the_token() {
    let relay = TestRelay::open().await;
    for path in [OBSERVE, "/deliberate/observables", REFER, RESPOND, TRIGGER] {
        assert_eq!(relay.send("", path, "x").await.errors(), [("fatal", "invalid payload")]);
        let body = if path == TRIGGER { trigger("x", "ip", "x") } else { json!([]) };
        let answer = relay.send("", path, &body.to_string()).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_to_do_gives_the_empty_answer() {
    let relay = TestRelay::open().await;
    for (path, empty) in [(OBSERVE, json!({})), (REFER, json!([])), (RESPOND, json!([]))] {
        for body in [json!([]), one("file_name", "x"), one("nonsense", "x")] {
            assert_eq!(relay.ask(path, &body).await, json!({ "data": empty }));
        }
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn unknown_types_are_ignored_and_types_are_read_in_any_case() {
    let relay = TestRelay::open().await;
    let observables =
        many(&[("SHA1", sample::UPDATER_SHA1), ("something_new", "x"), ("IP", "192.0.2.9")]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(answer.errors(), []);
    assert_eq!(answer["data"]["sightings"]["docs"][0]["observables"][0]["type"], "sha1");
}

#[tokio::test(start_paused = true)]
async fn the_seed_features_offer_no_links_and_no_actions() {
    let relay = TestRelay::with(&[("DEFENDER_FEATURES", "seed")]).await;
    let observables = many(&[("ip", sample::ADDRESS), ("ms_machine_id", sample::LAPTOP)]);
    for path in [REFER, RESPOND] {
        assert_eq!(relay.ask(path, &observables).await, json!({"data": []}));
    }
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_eq!((&answer["data"]["status"], answer.errors().len()), (&json!("failure"), 1));
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn links_keep_the_order_of_the_observables_and_ids_are_escaped() {
    let relay = TestRelay::open().await;
    let observables = many(&[
        ("domain", "Bücher.example"),
        ("md5", sample::SCRIPT_HOST_MD5),
        ("ipv6", "2001:DB8::80"),
        ("sha1", "no hash"),
    ]);
    let answer = relay.ask(REFER, &observables).await;
    let ids: Vec<_> = answer["data"].as_array().unwrap().iter().map(|link| &link["id"]).collect();
    assert_eq!(
        ids,
        ["ref-md-search-domain-B%C3%BCcher.example", "ref-md-search-ipv6-2001%3ADB8%3A%3A80"]
    );
    assert_eq!(answer["data"][0]["title"], "Search for this Domain");
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_product_name_is_a_setting() {
    let name = "Microsoft Defender ATP";
    let relay = TestRelay::with(&[("DEFENDER_PRODUCT_NAME", name)]).await;
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    let docs = answer["data"]["sightings"]["docs"].as_array().unwrap();
    assert!(docs.iter().all(|it| it["source"] == name));
    let mut origins = docs.iter().filter_map(|it| it["relations"][0]["origin"].as_str());
    assert!(origins.any(|origin| origin == name));
    let refused = sandbox::Fault::status(500);
    relay.sandbox.fault("/api/ips", refused, sandbox::Times::Always);
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    let text = answer["errors"].to_string();
    assert!(text.contains(name) && !text.contains("for Endpoint"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_trailing_slash_and_a_stage_are_the_same_route() {
    let relay = TestRelay::open().await;
    for path in ["/version/", "/prod/version"] {
        assert!(relay.send(&bearer(contoso()), path, "").await["version"].is_string());
    }
}
