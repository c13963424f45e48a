//! Requests to Microsoft: their number, their order, their form.
//! docs/relays/graph-security.md#requests

mod health;
mod stops;

use std::time::Duration;

use sandbox::identity::{app, tenant};
use serde_json::{Value, json};

use crate::test_relay::{
    ADDRESS, BATCH, HUNT, MD5, SHA256, TestRelay, claims, inner_urls, one, sightings,
};

/// Long enough that requests which may run side by side overlap.
const DELAY: Duration = Duration::from_millis(300);

fn addresses(count: usize) -> Value {
    (0..count)
        .map(|n| json!({"type": "ip", "value": format!("192.0.2.{}", n % 250 + 1)}))
        .chain([json!({"type": "ip", "value": ADDRESS})])
        .collect()
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Login.
#[tokio::test(start_paused = true)]
async fn a_login_is_sent_exactly_as_documented() {
    let relay = TestRelay::open().await;
    relay.observe(&one("ip", ADDRESS)).await;
    let login = &relay.sandbox.calls()[0];
    let tenant = tenant::CONTOSO.id;
    assert_eq!(login.method.as_str(), "POST");
    assert_eq!(login.path, format!("/{tenant}/oauth2/v2.0/token"));
    assert_eq!(login.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(login.header("user-agent"), Some("threat-relays-graph-security/0.1.0"));
    assert_eq!(
        std::str::from_utf8(&login.body).unwrap(),
        format!(
            "client_id={}&client_secret=q8Q%7Eexample&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            app::GRAPH.id
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_sent_exactly_as_documented() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "7")]).await;
    relay.observe(&one("url", "https://cdn.contoso-files.example/it's?a=b&c#d+e%20f")).await;
    let batch = &relay.calls(BATCH)[0];
    assert_eq!(batch.method.as_str(), "POST");
    assert_eq!(batch.header("accept"), Some("application/json"));
    assert_eq!(batch.header("content-type"), Some("application/json"));
    assert_eq!(batch.header("user-agent"), Some("threat-relays-graph-security/0.1.0"));
    assert!(batch.authorization().unwrap().starts_with("Bearer "));
    assert_eq!(
        batch.json().unwrap(),
        json!({"requests": [{
            "id": "0",
            "method": "GET",
            "url": "/security/alerts_v2?$filter=evidence%2Fany%28e%3A%20e%2Fmicrosoft.graph.security.urlEvidence%2Furl%20eq%20%27https%3A%2F%2Fcdn.contoso-files.example%2Fit%27%27s%3Fa%3Db%26c%23d%2Be%2520f%27%20or%20e%2Fmicrosoft.graph.security.analyzedMessageEvidence%2Furls%2Fany%28i%3A%20i%20eq%20%27https%3A%2F%2Fcdn.contoso-files.example%2Fit%27%27s%3Fa%3Db%26c%23d%2Be%2520f%27%29%20or%20e%2Fmicrosoft.graph.security.teamsMessageEvidence%2Furls%2Fany%28i%3A%20i%2Furl%20eq%20%27https%3A%2F%2Fcdn.contoso-files.example%2Fit%27%27s%3Fa%3Db%26c%23d%2Be%2520f%27%29%29&$top=100",
            "headers": {"Prefer": "include-unknown-enum-members"},
        }]})
    );
}

#[tokio::test(start_paused = true)]
async fn a_legacy_list_is_sent_exactly_as_documented() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    relay.observe(&one("domain", "cdn.contoso-files.example")).await;
    assert_eq!(
        inner_urls(&relay.calls(BATCH)[0]),
        [
            "/security/alerts?$filter=networkConnections%2Fany%28x%3A%20x%2FdestinationDomain%20eq%20%27cdn.contoso-files.example%27%29&$top=100"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_hunt_is_sent_exactly_as_documented() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    relay.observe(&one("file_name", "résumé — 東京's.sh")).await;
    let hunt = &relay.calls(HUNT)[0];
    assert_eq!(hunt.header("content-type"), Some("application/json; charset=utf-8"));
    let body = hunt.json().unwrap();
    assert_eq!(body["Timespan"], "P30D");
    assert!(body["Query"].as_str().unwrap().contains(r"dynamic(['résumé — 東京\'s.sh'])"));
    assert_eq!(
        inner_urls(&relay.calls(BATCH)[0]),
        ["/security/alerts_v2/da638470555000000005_105"]
    );
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Requests.
#[tokio::test(start_paused = true)]
async fn a_cold_relay_needs_one_login_and_one_batch_for_twenty_observables() {
    let relay = TestRelay::open().await;
    relay.observe(&addresses(19)).await;
    assert_eq!(relay.counts(), [1, 1, 0]);
    assert_eq!(relay.sandbox.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn batches_of_twenty_run_side_by_side() {
    let relay = TestRelay::open().await;
    relay.observe(&one("ip", ADDRESS)).await;
    relay.sandbox.forget_calls();
    // A batch of twenty filters takes a while to write on a busy machine.
    relay.sandbox.delay(5 * DELAY);
    let answer = relay.observe(&addresses(44)).await;
    assert_eq!(sightings(&answer).len(), 4);
    assert_eq!((relay.counts(), relay.sandbox.peak_concurrency()), ([0, 3, 0], 3));
    let mut sizes: Vec<_> = relay.calls(BATCH).iter().map(|call| inner_urls(call).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 20, 20]);
}

#[tokio::test(start_paused = true)]
async fn hunting_is_one_query_then_one_batch() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    relay.observe(&one("ip", ADDRESS)).await;
    relay.sandbox.forget_calls();
    relay.sandbox.delay(DELAY);
    let observables = json!([
        {"type": "ip", "value": ADDRESS},
        {"type": "sha256", "value": SHA256},
        {"type": "domain", "value": "cdn.contoso-files.example"},
    ]);
    relay.observe(&observables).await;
    let paths: Vec<_> = relay.sandbox.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, [HUNT, BATCH]);
    assert_eq!(relay.sandbox.peak_concurrency(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_alert_about_several_observables_is_read_once() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    let observables = json!([
        {"type": "file_name", "value": "upd.exe"},
        {"type": "sha256", "value": SHA256},
    ]);
    let answer = relay.observe(&observables).await;
    assert_eq!(sightings(&answer).len(), 7);
    assert_eq!(inner_urls(&relay.calls(BATCH)[0]).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_hunt_without_results_needs_no_batch() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    relay.observe(&one("ip", "192.0.2.99")).await;
    assert_eq!(relay.counts(), [1, 0, 1]);
    relay.sandbox.forget_calls();
    relay.observe(&one("md5", MD5)).await;
    assert_eq!(relay.counts(), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn legacy_lists_are_sent_in_one_batch_too() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    let observables = json!([
        {"type": "ip", "value": ADDRESS},
        {"type": "sha256", "value": SHA256},
        {"type": "md5", "value": MD5},
    ]);
    relay.observe(&observables).await;
    assert_eq!(relay.counts(), [1, 1, 0]);
    assert_eq!(inner_urls(&relay.calls(BATCH)[0]).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn s03_an_access_token_that_is_refused_is_renewed_once() {
    let relay = TestRelay::open().await;
    let observables = one("ip", ADDRESS);
    relay.observe_with(claims(&app::ONE_CALL, &tenant::CONTOSO), &observables).await;
    relay.sandbox.forget_calls();
    let answer = relay.observe_with(claims(&app::ONE_CALL, &tenant::CONTOSO), &observables).await;
    assert_eq!(sightings(&answer).len(), 4);
    assert_eq!(relay.counts(), [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn the_token_may_choose_the_backend() {
    let relay = TestRelay::open().await;
    let mut claims = claims(&app::GRAPH, &tenant::CONTOSO);
    claims["GRAPH_BACKEND"] = json!("alerts");
    relay.observe_with(claims, &one("sha256", SHA256)).await;
    assert!(inner_urls(&relay.calls(BATCH)[0])[0].starts_with("/security/alerts?$filter="));
}
