//! Links, and the portal of each region.
//! Specification: docs/relays/gigamon-threatinsight.md#links.

use relay_core::Route;
use sandbox::gigamon_threatinsight::KEY;
use serde_json::json;

use crate::test_relay::{OBSERVE, SERVER, TestRelay, one};

const REFER: Route = Route::Refer;

#[tokio::test(start_paused = true)]
async fn every_supported_observable_has_a_link() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "IP", "value": "203.0.113.77"},
        {"type": "md5", "value": "no/hash"},
        {"type": "url", "value": "https://bad.example/"},
        {"type": "ipv6", "value": "2001:DB8::77"},
    ]);
    let answer = relay.ask(REFER, &observables).await;
    let links = answer["data"].as_array().unwrap();
    let urls: Vec<_> = links.iter().map(|link| link["url"].as_str().unwrap()).collect();
    assert_eq!(
        urls,
        [
            "https://portal.icebrg.io/search?query=ip%20%3D%20%27203.0.113.77%27",
            "https://portal.icebrg.io/search?query=no%2Fhash",
            "https://portal.icebrg.io/search?query=ip%20%3D%20%272001%3Adb8%3A%3A77%27",
        ]
    );
    assert_eq!(relay.ask(REFER, &json!([])).await, json!({"data": []}));
}

#[tokio::test(start_paused = true)]
async fn links_lead_to_the_portal_of_the_region() {
    let eu = json!({"key": KEY, "GTI_REGION": "eu"});
    let relay = TestRelay::start().await;
    for path in [REFER, OBSERVE] {
        let answer = relay.with_claims(eu.clone()).ask(path, &one("ip", SERVER)).await.to_string();
        assert!(answer.contains("https://portal-eu.fortindr.forticloud.com/search?query="));
        assert!(!answer.contains("portal.icebrg.io"));
    }
    let relay = TestRelay::start().with(&[("GTI_PORTAL_URL", "https://portal.example/")]).await;
    for path in [REFER, OBSERVE] {
        let answer = relay.with_claims(eu.clone()).ask(path, &one("ip", SERVER)).await.to_string();
        assert!(answer.contains("https://portal.example/search?query="), "{answer:?}");
    }
}
