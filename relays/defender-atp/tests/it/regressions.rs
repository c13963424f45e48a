//! What the Python originals did wrong:
//! docs/relays/defender-atp.md#differences-from-the-python-originals.

use std::collections::HashSet;

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};

use crate::test_relay::{
    HUNT, OBSERVE, TRIGGER, TestRelay, alert_ids, contoso, many, one, trigger,
};

fn relations(sighting: &Value) -> Vec<String> {
    let relations = sighting["relations"].as_array().map_or(&[][..], Vec::as_slice);
    relations.iter().map(ToString::to_string).collect()
}

/// Row 1 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn values_never_leave_their_literal_or_segment() {
    let relay = TestRelay::open().await;
    let observables = many(&[
        ("domain", "x' or 1==1 //"),
        ("domain", "x/../../machines"),
        ("sha1", "' or 1 eq 1 or 'a' eq 'a"),
        ("ip", "203.0.113.80?$top=1"),
        ("ipv6", "::1'"),
    ]);
    assert_eq!(relay.ask(OBSERVE, &observables).await, json!({"data": {}}));
    assert!(relay.sandbox.calls().is_empty());
    // What the product itself says goes into filters and queries, too.
    let malicious = r"x' or id ne 'y\";
    let alert = json!({
        "id": "da1",
        "alertCreationTime": "2026-10-30T06:00:00Z",
        "computerDnsName": "ws",
        "machineId": malicious,
    });
    relay.sandbox.fault("/api/ips", Fault::json(200, &json!({"value": [alert]})), Times::Always);
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!(answer.errors(), []);
    let filter = crate::test_relay::line(&relay.calls("/api/machines")[0]);
    assert_eq!(filter, r"GET /api/machines?$filter=id eq 'x'' or id ne ''y\'");
    let adapters = relay.calls(HUNT).into_iter().find(|call| {
        call.json().unwrap()["Query"].as_str().unwrap().starts_with("let dev = dynamic")
    });
    let query = adapters.unwrap().json().unwrap()["Query"].as_str().unwrap().to_owned();
    assert!(query.contains(r"dynamic(['x\' or id ne \'y\\'])"), "{query}");
}

/// Row 2 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn each_sighting_has_its_own_relations() {
    let relay = TestRelay::open().await;
    let observables = many(&[("ip", sample::ADDRESS), ("domain", sample::DOMAIN)]);
    let together = relay.observe(&observables).await;
    for (kind, value) in [("ip", sample::ADDRESS), ("domain", sample::DOMAIN)] {
        let alone = relay.observe(&one(kind, value)).await;
        for sighting in alone.docs("sightings") {
            let same =
                together.docs("sightings").iter().find(|it| it["id"] == sighting["id"]).unwrap();
            assert_eq!(relations(same), relations(sighting));
            let distinct: HashSet<_> = relations(same).into_iter().collect();
            assert_eq!(distinct.len(), relations(same).len());
        }
    }
}

/// Row 7 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn malformed_machines_and_severities_cost_only_themselves() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("sha1", sample::SCRIPT_HOST_SHA1)).await;
    let forgotten = answer
        .docs("sightings")
        .iter()
        .find(|it| it["targets"][0]["observables"][1]["value"] == sample::FORGOTTEN_DEVICE);
    assert_eq!(forgotten.unwrap()["targets"][0].get("os"), None);
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    let malformed = answer
        .docs("sightings")
        .iter()
        .find(|it| it["external_ids"][0] == "da638471200000000007_1007")
        .unwrap();
    assert_eq!(malformed["severity"], "Unknown");
    assert_eq!(answer.errors(), []);
}

/// Row 11 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn partial_data_is_a_collection_beside_the_errors() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/ips", Fault::status(500), Times::Always);
    let observables = many(&[("ip", sample::ADDRESS), ("domain", sample::DOMAIN)]);
    let answer = relay.observe(&observables).await;
    let docs = answer["data"]["sightings"]["docs"].as_array().unwrap();
    assert_eq!(answer["data"]["sightings"]["count"], docs.len());
    assert_eq!(answer.errors(), [("fatal", "internal error")]);
}

/// Row 12 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn a_token_that_does_not_verify_causes_no_request() {
    let relay = TestRelay::open().await;
    let forged = testkit::token::Token::new().claims(contoso()).hs256(b"");
    let answer = relay.send(&format!("Bearer {forged}"), OBSERVE, "[]").await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    assert!(relay.sandbox.calls().is_empty());
}

/// Row 14 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn ids_are_transient() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    for sighting in answer.docs("sightings") {
        assert!(sighting["id"].as_str().unwrap().starts_with("transient:sighting-"));
    }
}

/// Row 14 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn a_file_path_contains_the_file_name() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("sha256", sample::SCRIPT_HOST_SHA256)).await;
    let paths: Vec<_> = answer
        .docs("sightings")
        .iter()
        .flat_map(|it| it["relations"].as_array().cloned().unwrap_or_default())
        .filter(|relation| relation["relation"] == "File_Path_Of")
        .map(|relation| relation["source"]["value"].as_str().unwrap().to_owned())
        .collect();
    assert!(paths.iter().any(|path| path.ends_with(r"\v1.0\powershell.exe")));
    assert!(
        paths.iter().all(|path| path.to_lowercase().contains(".exe") || path.contains('/')),
        "{paths:?}"
    );
}

/// Row 14 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn each_sighting_counts_one() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    assert!(answer.docs("sightings").len() > 1);
    assert!(answer.docs("sightings").iter().all(|it| it["count"] == 1));
}

/// Row 17 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn many_calls_share_two_access_tokens() {
    let relay = TestRelay::open().await;
    let observables = one("ip", sample::ADDRESS);
    let first = relay.observe(&observables).await;
    for _ in 0..8 {
        relay.sandbox.fault("/api/domains", Fault::ResetInBody, Times::Next(1));
        relay.observe(&one("domain", sample::DOMAIN)).await;
        assert_eq!(relay.observe(&observables).await, first);
    }
    let tokens = relay.sandbox.calls().iter().filter(|call| call.path.ends_with("/token")).count();
    assert_eq!(tokens, 2);
}

/// Row 18 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn an_error_carries_the_message_of_the_product() {
    let relay = TestRelay::open().await;
    let body = json!({"error": {"code": "Forbidden", "message": "Not for you", "target": "x"}});
    let when = When::path("/api/machines");
    relay.sandbox.fault(when, Fault::json(403, &body), Times::Always);
    let body = trigger("FullIsolation", "ms_machine_id", sample::LAPTOP);
    let answer = relay.ask(TRIGGER, &body).await;
    let text = answer["errors"][0]["message"].as_str().unwrap();
    assert!(text.contains("Not for you") && !text.contains('{'), "{text}");
}

#[tokio::test(start_paused = true)]
async fn n18_pages_are_followed_to_the_limit_within_one_origin() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "4"), ("DEFENDER_HUNTING", "off")]).await;
    let answer =
        relay.observe_for(&app::DEFENDER, &tenant::FABRIKAM, &one("ip", sample::ADDRESS)).await;
    assert_eq!((alert_ids(&answer).len(), relay.calls("/api/ips").len()), (4, 2));

    let alert =
        |n: usize| json!({"id": format!("da{n}"), "alertCreationTime": "2026-10-30T06:00:00Z"});
    for next in ["https://evil.example/api/alerts", "/api/alerts", "http://127.0.0.1:1/api"] {
        let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
        let page = json!({"value": [alert(1)], "@odata.nextLink": next});
        relay.sandbox.fault("/api/ips", Fault::json(200, &page), Times::Always);
        let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
        assert_eq!((alert_ids(&answer), answer.errors()), (vec!["da1"], vec![]));
        assert_eq!(relay.calls("/api/ips").len(), 1);
    }
    // A list without end stops where the request's calls do.
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    let next = format!("{}/api/ips/x/alerts?$skip=1", relay.sandbox.url());
    let page = json!({"value": [alert(1)], "@odata.nextLink": next});
    relay.sandbox.fault("/api/ips", Fault::json(200, &page), Times::Always);
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!((alert_ids(&answer), relay.calls("/api/ips").len()), (vec!["da1"], 40));
}
