//! The other routes, test accounts, and the errors that are no product's. Source: spec §2, §5.

use sandbox::gigamon_threatinsight::KEY;
use serde_json::{Value, json};
use testkit::ctim::{self, Asked, Route};

use crate::test_relay::{OBSERVE, SERVER, TestRelay, codes, count, docs, message, one};

const REFER: &str = "/refer/observables";

#[tokio::test]
async fn refer_links_every_observable() {
    let relay = TestRelay::open().await;
    let wanted = json!([
        {"type": "IP", "value": "203.0.113.77"},
        {"type": "md5", "value": "no/hash"},
        {"type": "url", "value": "https://bad.example/"},
        {"type": "ipv6", "value": "2001:DB8::77"},
    ]);
    let answer = relay.ask(REFER, &wanted).await;
    ctim::assert_valid(Route::Refer, &answer, &Asked::about(&wanted));
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

#[tokio::test]
async fn links_lead_to_the_portal_of_the_region() {
    let eu = json!({"key": KEY, "GTI_REGION": "eu"});
    let relay = TestRelay::open().await;
    for path in [REFER, OBSERVE] {
        let answer = relay.ask_with(eu.clone(), path, &one("ip", SERVER)).await.to_string();
        assert!(answer.contains("https://portal-eu.fortindr.forticloud.com/search?query="));
        assert!(!answer.contains("portal.icebrg.io"));
    }
    let relay = TestRelay::with(&[("GTI_PORTAL_URL", "https://portal.example/")]).await;
    for path in [REFER, OBSERVE] {
        let answer = relay.ask_with(eu.clone(), path, &one("ip", SERVER)).await.to_string();
        assert!(answer.contains("https://portal.example/search?query="), "{answer}");
    }
}

#[tokio::test]
async fn refer_wants_a_token_like_every_other_route() {
    let relay = TestRelay::open().await;
    let body = one("ip", SERVER).to_string();
    for path in ["/health", OBSERVE, REFER] {
        let answer = relay.send("Bearer e30.e30.c2ln", path, &body).await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")]);
        assert!(message(&answer).starts_with("Authorization failed: "));
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn constants_need_no_token() {
    let relay = TestRelay::open().await;
    for (path, expected) in [
        ("/deliberate/observables", json!({"data": {}})),
        ("/respond/observables", json!({"data": []})),
        ("/respond/trigger", json!({"data": {"status": "failure"}})),
        ("/version", json!({"version": "0.1.0"})),
    ] {
        assert_eq!(relay.send("nonsense", path, "nonsense").await, expected, "{path}");
    }
}

#[tokio::test]
async fn an_invalid_body_is_described_before_the_token_is_looked_at() {
    let relay = TestRelay::open().await;
    for (body, problems) in [
        ("nonsense", r#"{"_schema": ["Invalid input type."]}"#),
        ("[1]", r#"{"0": {"_schema": ["Invalid input type."]}}"#),
        (r#"[{"type":"ip"}]"#, r#"{"0": {"value": ["Missing data for required field."]}}"#),
        (
            r#"[{"type":null,"value":7}]"#,
            r#"{"0": {"type": ["Field may not be null."], "value": ["Not a valid string."]}}"#,
        ),
        (r#"[{"type":"ip","value":""}]"#, r#"{"0": {"value": ["Field may not be blank."]}}"#),
    ] {
        for path in [OBSERVE, REFER] {
            let answer = relay.send("nonsense", path, body).await;
            assert_eq!(codes(&answer), [("fatal", "invalid payload received")]);
            assert!(message(&answer).contains(problems), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_key_that_no_header_carries_is_an_authorization_error() {
    let relay = TestRelay::open().await;
    for odd in [json!(""), json!(null), json!(7), json!("a\r\nb"), json!("ключ"), json!(["k"])]
    {
        let answer = relay.ask_with(json!({"key": odd}), OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")], "{odd}");
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn test_accounts_are_hidden_unless_they_are_allowed() {
    const TEST_EVENTS: [&str; 4] = ["e0000021", "e0000022", "e0000023", "e0000024"];
    let wanted = one("ip", "198.51.100.23");
    let shown = |answer: &Value| {
        let docs = docs(answer, "sightings").iter();
        let ids: Vec<_> = docs.map(|doc| doc["external_ids"][0].to_string()).collect();
        TEST_EVENTS.map(|event| ids.iter().any(|id| id.contains(event)))
    };
    let relay = TestRelay::open().await;
    assert_eq!(shown(&relay.observe(&wanted).await), [false; 4]);
    // Neither are their detections asked for events.
    assert!(!relay.sandbox.calls().iter().any(|call| call.query.contains("d0000009")));
    for (claim, expected) in [(json!(true), true), (json!("false"), false), (json!(null), false)] {
        let claims = json!({"key": KEY, "GTI_ALLOW_TEST_ACCOUNTS": claim});
        let answer = relay.ask_with(claims, OBSERVE, &wanted).await;
        assert_eq!(shown(&answer), [expected; 4]);
    }
    let allowing = TestRelay::with(&[("GTI_ALLOW_TEST_ACCOUNTS", "1")]).await;
    assert_eq!(shown(&allowing.observe(&wanted).await), [true; 4]);
}

#[tokio::test]
async fn observe_without_anything_found_is_an_empty_object() {
    let relay = TestRelay::open().await;
    for wanted in [json!([]), one("url", "https://bad.example/"), one("ip", "192.0.2.1")] {
        let answer = relay.observe(&wanted).await;
        assert_eq!((answer.clone(), count(&answer, "sightings")), (json!({"data": {}}), 0));
    }
}
