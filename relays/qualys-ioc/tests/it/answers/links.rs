//! Links, and what they and `source_uri` need. Specification: docs/relays/qualys-ioc.md#links.

use relay_core::Route;
use sandbox::qualys_ioc::ACCOUNT;
use serde_json::json;

use crate::test_relay::{DROPPED, OBSERVE, PLATFORM, TestRelay, claims, one};

const REFER: Route = Route::Refer;

#[tokio::test(start_paused = true)]
async fn every_searchable_observable_has_a_link() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "DOMAIN", "value": "c2.bad.example"},
        {"type": "md5", "value": "no/hash"},
        {"type": "mutex", "value": "line\nbreak"},
        {"type": "url", "value": "https://bad.example/"},
        {"type": "ip", "value": "203.0.113.77"},
    ]);
    let answer = relay.ask(REFER, &observables).await;
    let links = answer["data"].as_array().unwrap();
    let ids: Vec<_> = links.iter().map(|link| link["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "ref-qualys-search-domain-c2.bad.example",
            "ref-qualys-search-md5-no%2Fhash",
            "ref-qualys-search-ip-203.0.113.77",
        ]
    );
    assert_eq!(
        links[0],
        json!({
            "id": "ref-qualys-search-domain-c2.bad.example",
            "title": "Search for this domain",
            "description": "Check this domain status with Qualys",
            "url": "https://qualysguard.qg2.apps.qualys.com/ioc/#/hunting?search=network.remote.address.fqdn%3A%20%22c2.bad.example%22",
            "categories": ["Search", "Qualys"],
        })
    );
    assert_eq!(relay.ask(REFER, &json!([])).await, json!({"data": []}));
}

#[tokio::test(start_paused = true)]
async fn without_platform_url_there_are_no_links() {
    let relay = TestRelay::start().with(&[("PLATFORM_URL", "")]).await;
    let observables = one("sha256", DROPPED);
    let answer = relay.ask(REFER, &observables).await;
    assert_eq!(answer.errors(), [("fatal", "invalid argument")]);
    assert!(answer.message().contains("PLATFORM_URL"));
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(answer.docs("sightings").len(), 1);
    assert_eq!(answer.docs("sightings")[0].get("source_uri"), None);
}

#[tokio::test(start_paused = true)]
async fn the_platform_url_of_the_token_wins() {
    let relay = TestRelay::start().await;
    let mut claims = claims(ACCOUNT);
    claims["PLATFORM_URL"] = json!("https://console.example/");
    for path in [REFER, OBSERVE] {
        let answer = relay.with_claims(claims.clone()).ask(path, &one("sha256", DROPPED)).await;
        let text = answer.to_string();
        assert!(text.contains("https://console.example/ioc/#/hunting?search="), "{text}");
        assert!(!text.contains(PLATFORM));
    }
}
