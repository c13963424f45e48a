//! A search restricted to one service, under the relay's own name.

use relay_core::Namespace;
use sandbox::identity::tenant;
use serde_json::{Value, json};

use crate::test_relay::TestRelay;

const OBSERVE: &str = "/observe/observables";
const SHA256: &str = "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";
/// The alerts of Defender for Endpoint about the file; Defender for Cloud has one about it, too.
const ENDPOINT_ALERTS: [&str; 3] =
    ["da638470011223344556_-1200345678", "da638470555000000001_101", "da638470555000000007_107"];

fn hash() -> Value {
    json!([{"type": "sha256", "value": SHA256}])
}

fn ids(answer: &Value) -> Vec<&str> {
    let docs = answer["data"]["sightings"]["docs"].as_array().map_or(&[][..], Vec::as_slice);
    docs.iter().map(|doc| doc["external_ids"][0].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn filter_and_hunting_query_name_the_service() {
    for (strategy, clause) in [
        ("filter", "%20and%20serviceSource%20eq%20%27microsoftDefenderForEndpoint%27&$top=100"),
        ("hunting", "| where ServiceSource =~ 'Microsoft Defender for Endpoint'"),
    ] {
        let relay = TestRelay::with(strategy).await;
        let answer = relay.ask(&tenant::CONTOSO, OBSERVE, &hash()).await;
        assert_eq!((ids(&answer), &answer["errors"]), (ENDPOINT_ALERTS.to_vec(), &Value::Null));
        let calls = relay.sandbox.calls();
        let is_named =
            calls.iter().any(|call| String::from_utf8_lossy(&call.body).contains(clause));
        assert!(is_named, "{strategy}");
    }
}

#[tokio::test(start_paused = true)]
async fn alerts_of_other_services_are_left_out_where_the_filter_is_ignored() {
    for strategy in ["auto", "filter"] {
        let relay = TestRelay::with(strategy).await;
        let answer = relay.ask(&tenant::LITWARE, OBSERVE, &hash()).await;
        assert_eq!(ids(&answer), ENDPOINT_ALERTS, "{strategy}");
    }
}

#[tokio::test(start_paused = true)]
async fn sightings_have_the_relays_name_and_ids() {
    let relay = TestRelay::with("auto").await;
    let answer = relay.ask(&tenant::CONTOSO, OBSERVE, &hash()).await;
    let sighting = &answer["data"]["sightings"]["docs"][0];
    let id = Namespace::of("probe").sighting(
        &[tenant::CONTOSO.id, ENDPOINT_ALERTS[0]],
        "sha256",
        SHA256,
    );
    assert_eq!(sighting["id"], id.to_string());
    assert_eq!(sighting["source"], "A product by another name");
    assert_eq!(relay.ask(&tenant::CONTOSO, "/health", &json!({})).await["data"]["status"], "ok");
}

#[tokio::test(start_paused = true)]
async fn a_query_of_the_relays_own_returns_rows_of_its_own_shape() {
    let relay = TestRelay::with("auto").await;
    let names = json!([
        {"type": "file_name", "value": "résumé — 東京's.sh"},
        {"type": "file_name", "value": "' or FileName != '"},
    ]);
    let answer = relay.ask(&tenant::CONTOSO, "/deliberate/observables", &names).await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    assert_eq!(errors[0]["message"], "da638470555000000005_105 résumé — 東京's.sh");
}
