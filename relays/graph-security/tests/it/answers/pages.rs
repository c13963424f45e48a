//! Limits, pages, partial answers, and rate limits inside a batch.
//! docs/relays/graph-security.md#batches, docs/relays/graph-security.md#filtered-lists

use sandbox::{
    Fault, Times, When,
    graph_security::{BUSY_ADDRESS, BUSY_ALERTS, HALF_ANSWERED_DOMAIN},
};
use serde_json::{Value, json};

use crate::test_relay::{ADDRESS, BATCH, SHA256, TestRelay, alert_ids, inner_urls, one, sightings};

/// The response to a batch with these responses to its requests.
fn batch(responses: &[(u16, Value, Value)]) -> Fault {
    let responses: Vec<_> = responses
        .iter()
        .enumerate()
        .map(|(id, (status, headers, body))| {
            json!({"id": id.to_string(), "status": status, "headers": headers, "body": body})
        })
        .collect();
    Fault::json(200, &json!({"responses": responses}))
}

fn alert(id: &str) -> Value {
    json!({
        "id": id,
        "createdDateTime": "2026-10-30T06:12:01Z",
        "evidence": [{"@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": ADDRESS}],
    })
}

fn page(ids: &[&str], next: Option<&str>) -> (u16, Value, Value) {
    let alerts: Vec<_> = ids.iter().map(|id| alert(id)).collect();
    (200, json!({}), json!({"value": alerts, "@odata.nextLink": next}))
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_while_fewer_records_than_the_limit_match() {
    for (limit, batches, found) in [
        ("1", 1, 1),
        ("99", 1, 99),
        ("100", 1, 100),
        ("101", 2, 101),
        ("200", 2, 200),
        ("201", 3, 201),
        ("5000", 3, BUSY_ALERTS),
    ] {
        let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", limit)]).await;
        let answer = relay.observe(&one("ip", BUSY_ADDRESS)).await;
        assert_eq!((relay.counts()[1], sightings(&answer).len()), (batches, found), "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_next_page_is_asked_for_without_origin_and_version() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "150")]).await;
    relay.observe(&one("ip", BUSY_ADDRESS)).await;
    let batches: Vec<_> = relay.calls(BATCH).iter().map(inner_urls).collect();
    assert_eq!(batches[1][0], format!("{}&$skip=100", batches[0][0]));
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_for_hunting_too() {
    for (limit, found) in [("7", 7), ("140", 140)] {
        let settings = [("CTR_ENTITIES_LIMIT", limit), ("GRAPH_V2_STRATEGY", "hunting")];
        let relay = TestRelay::with(&settings).await;
        let answer = relay.observe(&one("ip", BUSY_ADDRESS)).await;
        assert_eq!(sightings(&answer).len(), found);
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_alerts_come_first() {
    let observables = one("ip", BUSY_ADDRESS);
    let mut answers = Vec::new();
    for strategy in ["filter", "hunting"] {
        let settings = [("CTR_ENTITIES_LIMIT", "3"), ("GRAPH_V2_STRATEGY", strategy)];
        answers.push(TestRelay::with(&settings).await.observe(&observables).await);
    }
    assert_eq!(
        alert_ids(&answers[0]),
        ["da638450000000000000_249", "da638450000000000000_248", "da638450000000000000_247"]
    );
    assert_eq!(answers[0], answers[1]);
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Length of lists.
#[tokio::test(start_paused = true)]
async fn a_legacy_list_is_cut_at_the_entity_limit() {
    let settings = [("GRAPH_BACKEND", "alerts"), ("CTR_ENTITIES_LIMIT", "2")];
    let relay = TestRelay::with(&settings).await;
    let answer = relay.observe(&one("ip", ADDRESS)).await;
    assert_eq!(sightings(&answer).len(), 2);
    assert!(inner_urls(&relay.calls(BATCH)[0])[0].ends_with("&$top=2"));
    assert_eq!(relay.counts()[1], 1);
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Pages.
#[tokio::test(start_paused = true)]
async fn pages_of_a_legacy_list_are_followed() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    let legacy = |id: &str, next: Option<&str>| {
        let row = json!({"id": id, "eventDateTime": "2026-03-04T08:19:42Z"});
        (200, json!({}), json!({"value": [row], "@odata.nextLink": next}))
    };
    let next = "https://graph.microsoft.com/v1.0/security/alerts?$skiptoken=x";
    relay.sandbox.fault(BATCH, batch(&[legacy("a", Some(next))]), Times::Nth(1));
    relay.sandbox.fault(BATCH, batch(&[legacy("b", None)]), Times::Nth(1));
    let answer = relay.observe(&one("domain", "bad.example")).await;
    assert_eq!(alert_ids(&answer), ["a", "b"]);
    assert_eq!(inner_urls(&relay.calls(BATCH)[1]), ["/security/alerts?$skiptoken=x"]);
}

#[tokio::test(start_paused = true)]
async fn n18_pages_without_end_and_links_elsewhere_stop() {
    for link in [
        "https://graph.microsoft.com/v1.0/security/alerts_v2?$skip=1",
        "https://graph.microsoft.com/v1.0/users?$top=999",
        "https://evil.example/v1.0/security/incidents?$skip=1",
        "https://evil.example/",
        "/security/alerts_v2?$skip=1",
        "nonsense",
    ] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault(BATCH, batch(&[page(&["a"], Some(link))]), Times::Always);
        let answer = relay.observe(&one("ip", ADDRESS)).await;
        assert_eq!(
            (alert_ids(&answer), answer.errors()),
            (vec!["a"], vec![("warning", "unknown")])
        );
        assert!(relay.counts()[1] <= 2, "{link}");
    }
}

#[tokio::test(start_paused = true)]
async fn status_206_is_success() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    let observables = json!([
        {"type": "domain", "value": HALF_ANSWERED_DOMAIN},
        {"type": "url", "value": "http://half-answered.example/x?a=b&c=d"},
    ]);
    let answer = relay.observe(&observables).await;
    assert_eq!((sightings(&answer).len(), answer.errors()), (2, vec![]));
}

#[tokio::test(start_paused = true)]
async fn status_404_is_an_empty_list() {
    let relay = TestRelay::open().await;
    let gone = (404, json!({}), json!({"error": {"code": "NotFound", "message": "nothing"}}));
    relay.sandbox.fault(BATCH, batch(&[gone, page(&["a"], None)]), Times::Always);
    let observables =
        json!([{"type": "ip", "value": "192.0.2.1"}, {"type": "ip", "value": ADDRESS}]);
    let answer = relay.observe(&observables).await;
    assert_eq!((alert_ids(&answer), answer.errors()), (vec!["a"], vec![]));
}

#[tokio::test(start_paused = true)]
async fn n10_a_throttled_request_of_a_batch_is_repeated_alone() {
    let relay = TestRelay::open().await;
    let throttled = (429, json!({"Retry-After": "0"}), json!({"error": {"message": "slow"}}));
    relay.sandbox.fault(BATCH, batch(&[page(&["a"], None), throttled]), Times::Next(1));
    let observables =
        json!([{"type": "ip", "value": ADDRESS}, {"type": "sha256", "value": SHA256}]);
    let answer = relay.observe(&observables).await;
    assert_eq!(answer.errors(), []);
    assert_eq!((alert_ids(&answer)[0], sightings(&answer).len()), ("a", 5));
    let [first, second] = &relay.calls(BATCH)[..] else { panic!("two batches") };
    assert_eq!(inner_urls(second), inner_urls(first)[1..]);
    assert_eq!(second.json().unwrap()["requests"][0]["id"], "1");
}

#[tokio::test(start_paused = true)]
async fn n10_a_throttled_request_is_repeated_once_and_only_if_the_wait_fits() {
    for (wait, batches) in
        [(json!("0"), 2), (json!("3600"), 1), (json!("soon"), 1), (json!(null), 1)]
    {
        let relay = TestRelay::open().await;
        let throttled = (429, json!({"Retry-After": wait}), json!({}));
        let both = batch(&[page(&["a"], None), throttled.clone()]);
        relay.sandbox.fault(When::path(BATCH).mentioning(ADDRESS), both, Times::Always);
        let again = json!({"responses": [{"id": "1", "status": 429, "headers": {}, "body": {}}]});
        relay.sandbox.fault(BATCH, Fault::json(200, &again), Times::Always);
        let observables =
            json!([{"type": "ip", "value": ADDRESS}, {"type": "ip", "value": "192.0.2.1"}]);
        let answer = relay.observe(&observables).await;
        assert_eq!(alert_ids(&answer), ["a"], "n11: the alerts of the other observable are there");
        assert_eq!(answer.errors(), [("fatal", "too many requests")]);
        assert_eq!(relay.counts()[1], batches, "{wait}");
        assert_eq!(answer.message().contains("3600 seconds"), wait == "3600");
    }
}

#[tokio::test(start_paused = true)]
async fn each_failing_request_of_a_batch_costs_its_observable_only() {
    for (status, code) in [
        (400, "invalid argument"),
        (401, "authorization error"),
        (403, "permission denied"),
        (500, "unknown"),
        (501, "unknown"),
        (503, "service unavailable"),
        (418, "unknown"),
    ] {
        let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "filter")]).await;
        let failed = (status, json!({}), json!({"error": {"message": "because"}}));
        let responses = [failed.clone(), failed, page(&["a"], None)];
        relay.sandbox.fault(BATCH, batch(&responses), Times::Always);
        let observables = json!([
            {"type": "ip", "value": "192.0.2.1"},
            {"type": "ip", "value": "192.0.2.2"},
            {"type": "ip", "value": ADDRESS},
        ]);
        let answer = relay.observe(&observables).await;
        assert_eq!((alert_ids(&answer), answer.errors()), (vec!["a"], vec![("fatal", code)]));
        if status != 503 {
            assert!(answer.message().contains("because"), "{answer:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_of_a_batch_without_a_response_is_an_error() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault(BATCH, batch(&[page(&["a"], None)]), Times::Always);
    let observables =
        json!([{"type": "ip", "value": ADDRESS}, {"type": "ip", "value": "192.0.2.1"}]);
    let answer = relay.observe(&observables).await;
    assert_eq!((alert_ids(&answer), answer.errors()), (vec!["a"], vec![("fatal", "unknown")]));
}

#[tokio::test(start_paused = true)]
async fn n06_a_batch_whose_response_is_too_large_is_sent_in_smaller_batches() {
    let relay = TestRelay::open().await;
    let huge = Fault::Huge { bytes: 9 * 1024 * 1024 };
    relay.sandbox.fault(When::path(BATCH).mentioning(r#""id":"0""#), huge, Times::Next(2));
    let observables: Value = (1..=6)
        .map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")}))
        .chain([json!({"type": "ip", "value": ADDRESS})])
        .collect();
    let answer = relay.observe(&observables).await;
    assert_eq!((sightings(&answer).len(), answer.errors()), (4, vec![]));
    let mut sizes: Vec<_> = relay.calls(BATCH).iter().map(|call| inner_urls(call).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 1, 1, 1, 1, 2, 5, 7]);
}
