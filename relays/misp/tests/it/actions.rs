//! Actions, docs/relays/misp.md#actions.

use crate::test_relay::{MispRelay, only_misp_key, start, start_before, start_sandbox, start_with};
use relay_core::Route;
use sandbox::{
    Fault, Sandbox, Times,
    misp::{API_KEY, READ_ONLY_KEY, URLSCAN_API_KEY, faults, sample},
};
use serde_json::{Value, json};
use testkit::Answer;

const SCAN: &str = "respond-urlscan-action-url-x";
const SEEN: &str = "respond-misp-sighting-domain-x";
const FALSE_POSITIVE: &str = "respond-misp-false-positive-domain-x";
const SCAN_PATH: &str = "/urlscan/api/v1/scan/";
const SIGHTING_PATH: &str = "/sightings/add";

/// The ids of the actions that begin like this.
fn offered<'a>(answer: &'a Answer, prefix: &str) -> Vec<&'a str> {
    let ids = answer.items().iter().map(|item| item["id"].as_str().unwrap());
    ids.filter(|id| id.starts_with(prefix)).collect()
}

#[track_caller]
fn assert_success(answer: &Answer) {
    assert_eq!(*answer, json!({"data": {"status": "success"}}));
}

#[track_caller]
fn assert_failure(answer: &Answer, code: &str) {
    assert_eq!(answer["data"], json!({"status": "failure"}), "{}", answer.text);
    assert_eq!(answer.errors(), [("fatal", code)]);
}

/// The answer to a trigger of a scan that fails like this, and the number of requests.
async fn scan_with(fault: Fault) -> (Answer, usize) {
    let sandbox = start_sandbox().await;
    sandbox.fault(SCAN_PATH, fault, Times::Always);
    let relay = start_before(&sandbox).await;
    let answer = relay.trigger(SCAN, "url", sample::SCANNABLE_URL).await;
    (answer, sandbox.calls().len())
}

async fn sighting_with(fault: Fault) -> (Answer, usize) {
    let sandbox = start_sandbox().await;
    sandbox.fault(SIGHTING_PATH, fault, Times::Always);
    let answer = start_before(&sandbox).await.trigger(SEEN, "domain", "bad.example").await;
    (answer, sandbox.calls().len())
}

fn only_body(sandbox: &Sandbox) -> Value {
    let calls = sandbox.calls();
    assert_eq!(calls.len(), 1);
    calls[0].json().unwrap()
}

#[tokio::test]
async fn an_offered_scan_is_what_the_page_shows() {
    let relay = start_with(&[("MISP_ACTIONS", "false")]).await;
    let answer = relay.respond([("url", sample::SCANNABLE_URL)]).await;
    assert_eq!(
        answer.items(),
        [json!({"id": "respond-urlscan-action-url-http%3A%2F%2Fbad.example%2Flogin%3Fx%3D1",
            "title": "Make Scan in urlscan.io",
            "description": "Makes a request to scan this observable",
            "categories": ["urlscan.io", "Scan"],
            "query-params": {"observable_type": "url",
                "observable_value": "http://bad.example/login?x=1"}})]
    );
}

#[tokio::test]
async fn offering_actions_sends_no_request() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await;
    assert_eq!(relay.respond([("domain", "bad.example"), ("md5", "x")]).await.items().len(), 3);
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test]
async fn scans_are_offered_for_public_hosts_only() {
    let relay = start().await;
    for (kind, value, is_offered) in [
        ("url", "http://bad.example/login?x=1", true),
        ("url", "HTTPS://bad.example", true),
        ("url", "ftp://bad.example/", false),
        ("url", "javascript:alert(1)", false),
        ("url", "bad.example/login", false),
        ("domain", "bad.example", true),
        ("hostname", "www.bad.example", true),
        ("domain", "bad.example/path", false),
        ("domain", "a b", false),
        ("domain", "10.0.0.1", false),
        ("ip", "203.0.113.7", true),
        ("ipv6", "2001:db8::7", true),
        ("ip", "10.1.2.3", false),
        ("ip", "172.16.0.1", false),
        ("ip", "192.168.0.1", false),
        ("ip", "127.0.0.1", false),
        ("ip", "169.254.169.254", false),
        ("ip", "224.0.0.1", false),
        ("ip", "0.0.0.0", false),
        ("ipv6", "::1", false),
        ("ipv6", "::", false),
        ("ipv6", "fe80::1", false),
        ("ipv6", "fc00::1", false),
        ("ipv6", "ff02::1", false),
        ("ipv6", "::ffff:10.1.2.3", false),
        ("ip", "nonsense", false),
        ("md5", "5204fd53af461038ca1fe8ed7311352a", false),
        ("sha1", "497fa0814b5bc7b1e9b4b4b2f669324b5a0fb0b9", false),
        ("sha256", sample::LOCKER_SHA256, false),
    ] {
        let answer = relay.respond([(kind, value)]).await;
        let scans = offered(&answer, "respond-urlscan-action-").len();
        assert_eq!(scans == 1, is_offered, "{kind} {value}");
        // What is not offered cannot be triggered either.
        if !is_offered {
            assert_failure(&relay.trigger(SCAN, kind, value).await, "invalid argument");
        }
    }
}

#[tokio::test]
async fn no_scan_without_a_key() {
    let relay = start().await.with_claims(only_misp_key());
    let sandbox = &relay.sandbox;
    let answer = relay.respond([("url", sample::SCANNABLE_URL)]).await;
    assert_eq!(offered(&answer, "respond-urlscan-"), Vec::<&str>::new());
    let answer = relay.trigger(SCAN, "url", sample::SCANNABLE_URL).await;
    assert_failure(&answer, "permission denied");
    let answer =
        relay.with_claim("URLSCAN_API_KEY", "").trigger(SCAN, "url", "http://x.example").await;
    assert_failure(&answer, "permission denied");
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test]
async fn the_urlscan_key_of_the_token_wins_over_the_setting() {
    let relay = start_with(&[("URLSCAN_API_KEY", URLSCAN_API_KEY)]).await;
    let sandbox = &relay.sandbox;
    let without_key = relay.with_claims(only_misp_key());
    assert_success(&without_key.trigger(SCAN, "url", sample::SCANNABLE_URL).await);
    let own = relay.with_claim("URLSCAN_API_KEY", "another");
    assert_failure(&own.trigger(SCAN, "url", sample::SCANNABLE_URL).await, "permission denied");
    let sent = sandbox.calls();
    assert_eq!(sent[0].header("api-key"), Some(URLSCAN_API_KEY));
    assert_eq!(sent[1].header("api-key"), Some("another"));
    for call in sent {
        assert_eq!((call.path.as_str(), call.header("authorization")), (SCAN_PATH, None));
    }
}

#[tokio::test]
async fn i10_an_urlscan_key_that_could_split_a_header_is_refused() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await.with_claim("URLSCAN_API_KEY", "a\r\nX: 1");
    assert_failure(&relay.trigger(SCAN, "url", sample::SCANNABLE_URL).await, "invalid argument");
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test]
async fn a_scan_submits_the_url_the_name_or_the_address() {
    for (kind, value, url) in [
        ("url", "http://bad.example/login?x=1", "http://bad.example/login?x=1"),
        ("domain", "Bad.example", "http://Bad.example"),
        ("hostname", " www.bad.example. ", "http://www.bad.example"),
        ("ip", "203.0.113.7", "http://203.0.113.7/"),
        ("ip", "2001:DB8::7", "http://[2001:db8::7]/"),
        ("ipv6", "2001:DB8:0::7", "http://[2001:db8::7]/"),
        ("URL", "http://bad.example", "http://bad.example"),
    ] {
        let sandbox = start_sandbox().await;
        let relay = start_before(&sandbox).await;
        assert_success(&relay.trigger("respond-urlscan-action-", kind, value).await);
        let expected = json!({"url": url, "visibility": "unlisted", "tags": ["securex"]});
        assert_eq!(only_body(&sandbox), expected);
    }
}

#[tokio::test]
async fn the_visibility_is_one_of_three_words_or_unlisted() {
    for (setting, sent) in [
        ("public", "public"),
        ("private", "private"),
        ("unlisted", "unlisted"),
        ("on", "unlisted"),
        ("", "unlisted"),
        ("everybody", "unlisted"),
    ] {
        let sandbox = start_sandbox().await;
        let relay =
            MispRelay::start().before(&sandbox).with(&[("URLSCAN_VISIBILITY", setting)]).await;
        assert_success(&relay.trigger(SCAN, "url", sample::SCANNABLE_URL).await);
        assert_eq!(only_body(&sandbox)["visibility"], sent, "{setting}");
    }
}

#[tokio::test]
async fn a_host_that_urlscan_cannot_resolve_is_a_bad_request() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await;
    let answer = relay.trigger(SCAN, "url", sample::UNRESOLVABLE_URL).await;
    assert_failure(&answer, "bad request");
    assert!(answer.message().contains("DNS Error"), "{}", answer.message());
    assert!(answer.message().contains("nx.bad.example"), "{}", answer.message());
}

#[tokio::test]
async fn every_failure_of_urlscan_has_its_code_and_no_retry() {
    for (fault, code) in [
        (Fault::status(400), "bad request"),
        (Fault::status(401), "permission denied"),
        (Fault::status(404), "not found"),
        (Fault::status(500), "internal error"),
        (Fault::status(502), "service unavailable"),
        (Fault::status(503), "service unavailable"),
        (Fault::status(504), "service unavailable"),
        (Fault::ResetBeforeAnswer, "service unavailable"),
        (Fault::ResetInBody, "service unavailable"),
        (Fault::status(418), "unknown"),
        (Fault::Redirect { to: "https://other.example/".into(), code: 302 }, "unknown"),
        (Fault::Huge { bytes: 9 * 1024 * 1024 }, "unknown"),
        (faults::urlscan_quota_used_up(7), "too many requests"),
        (Fault::TooManyRequests { retry_after: None }, "too many requests"),
        (Fault::TooManyRequests { retry_after: Some("0".into()) }, "too many requests"),
    ] {
        let (answer, calls) = scan_with(fault.clone()).await;
        assert_failure(&answer, code);
        assert_eq!(calls, 1, "{fault:?}");
        let text = answer.message();
        assert!(text.contains("urlscan.io") && !text.contains("MISP"), "{text}");
    }
}

#[tokio::test]
async fn n10_the_used_up_quota_of_urlscan_names_the_wait() {
    let (answer, _) = scan_with(faults::urlscan_quota_used_up(7)).await;
    assert!(answer.message().contains("7 seconds"), "{}", answer.message());
}

#[tokio::test]
async fn n17_the_urlscan_key_is_redacted() {
    let body = json!({"message": "bad key", "description": URLSCAN_API_KEY});
    let (answer, _) = scan_with(Fault::json(400, &body)).await;
    assert!(!answer.message().contains(URLSCAN_API_KEY), "{}", answer.message());
}

#[tokio::test]
async fn a_sighting_has_the_normal_form_and_a_url_the_value_as_sent() {
    let md5 = sample::RANSOMWARE_MD5;
    for (id, kind, value, sent, number) in [
        (SEEN, "domain", "Bad.Example.", "bad.example", "0"),
        (FALSE_POSITIVE, "domain", "bad.example", "bad.example", "1"),
        (SEEN, "md5", &md5.to_uppercase(), md5, "0"),
        (SEEN, "url", sample::PHISHING_URL, sample::PHISHING_URL, "0"),
        (FALSE_POSITIVE, "ip", sample::SCANNER_ADDRESS, sample::SCANNER_ADDRESS, "1"),
    ] {
        let sandbox = start_sandbox().await;
        assert_success(&start_before(&sandbox).await.trigger(id, kind, value).await);
        let source = "SecureX threat response";
        let expected = json!({"values": [sent], "type": number, "source": source});
        assert_eq!(only_body(&sandbox), expected);
        let call = &sandbox.calls()[0];
        assert_eq!((call.path.as_str(), call.authorization()), (SIGHTING_PATH, Some(API_KEY)));
    }
}

#[tokio::test]
async fn a_200_with_a_message_is_no_success() {
    let sandbox = start_sandbox().await;
    let answer = start_before(&sandbox).await.trigger(SEEN, "domain", sample::UNKNOWN_DOMAIN).await;
    assert_failure(&answer, "not found");
    assert!(answer.message().contains("No valid attributes found"), "{}", answer.message());
}

#[tokio::test]
async fn success_needs_a_sighting_object() {
    for (body, code) in [
        (json!({"message": "Could not add the Sighting."}), "not found"),
        (json!({"Sighting": null, "message": "no"}), "not found"),
        (json!({"Sighting": null}), "unknown"),
        (json!({"Sighting": false}), "unknown"),
        (json!({"Sighting": []}), "unknown"),
        (json!({"Sighting": "added"}), "unknown"),
        (json!({"saved": true}), "unknown"),
        (json!([]), "unknown"),
        (json!("ok"), "unknown"),
    ] {
        assert_failure(&sighting_with(Fault::json(200, &body)).await.0, code);
    }
    let unusual = json!({"Sighting": {"id": 402}, "message": ["more"]});
    assert_success(&sighting_with(Fault::json(200, &unusual)).await.0);
}

#[tokio::test]
async fn a_role_without_the_right_is_denied() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await.with_claim("AuthKey", READ_ONLY_KEY);
    assert_failure(&relay.trigger(SEEN, "domain", "bad.example").await, "permission denied");
    let relay = relay.with_claim("AuthKey", "unknown");
    assert_failure(&relay.trigger(SEEN, "domain", "bad.example").await, "authorization error");
}

#[tokio::test]
async fn n14_a_sighting_is_never_sent_again() {
    for (fault, code) in [
        (Fault::status(502), "service unavailable"),
        (Fault::status(503), "service unavailable"),
        (Fault::status(500), "unknown"),
        (Fault::ResetBeforeAnswer, "connection error"),
        (Fault::ResetInBody, "connection error"),
        (Fault::TooManyRequests { retry_after: Some("0".into()) }, "too many requests"),
        (Fault::Html, "unknown"),
    ] {
        let (answer, calls) = sighting_with(fault.clone()).await;
        assert_failure(&answer, code);
        assert_eq!(calls, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn misp_actions_can_be_switched_off() {
    let relay = start_with(&[("MISP_ACTIONS", "false")]).await;
    let sandbox = &relay.sandbox;
    let relay = relay.with_claims(only_misp_key());
    assert_eq!(relay.respond([("domain", "bad.example")]).await, json!({"data": []}));
    for id in [SEEN, FALSE_POSITIVE] {
        assert_failure(&relay.trigger(id, "domain", "bad.example").await, "invalid argument");
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test]
async fn no_action_is_offered_for_values_that_are_not_searched() {
    let relay = start_with(&[("MISP_MORE_TYPES", "true")]).await;
    let observables = [("ip", "nonsense"), ("md5", "zz"), ("domain", "0"), ("file_name", "100%")];
    assert_eq!(relay.respond(&observables).await, json!({"data": []}));
    for (kind, value) in observables {
        assert_failure(&relay.trigger(SEEN, kind, value).await, "invalid argument");
    }
}

#[tokio::test]
async fn i07_actions_that_are_not_offered_are_unsupported_without_a_request() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await;
    for (id, kind, value) in [
        ("respond-misp-", "domain", "bad.example"),
        ("respond-misp-expiration-domain-x", "domain", "bad.example"),
        ("ref-misp-search-domain-x", "domain", "bad.example"),
        ("RESPOND-MISP-SIGHTING-", "domain", "bad.example"),
        (" respond-misp-sighting-", "domain", "bad.example"),
        ("anything", "domain", "bad.example"),
        (SEEN, "imei", "353918057471892"),
        (SEEN, "no_type", "x"),
        (SEEN, "email", "a@bad.example"),
        (SCAN, "sha256", sample::LOCKER_SHA256),
        (SCAN, "mutex", "x"),
        (SCAN, "url", "no url"),
    ] {
        let answer = relay.trigger(id, kind, value).await;
        assert_failure(&answer, "invalid argument");
        assert!(answer.message().starts_with("Unsupported action"), "{}", answer.message());
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test]
async fn the_observable_comes_from_the_parameters_only() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let id = "respond-misp-sighting-ip-203.0.113.77";
    assert_success(&relay.trigger(id, "domain", "bad.example").await);
    assert_eq!(only_body(&sandbox)["values"], json!(["bad.example"]));
}

#[tokio::test]
async fn all_three_texts_of_a_trigger_are_required_and_more_are_allowed() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let good = json!({"action-id": SEEN, "observable_type": "domain",
        "observable_value": "bad.example", "more": {"x": 1}});
    assert_success(&relay.ask(Route::Trigger, &good).await);
    sandbox.forget_calls();
    for name in ["action-id", "observable_type", "observable_value"] {
        for bad in [json!(""), json!(null), json!(7), json!([])] {
            let mut body = good.clone();
            body[name] = bad;
            relay.ask(Route::Trigger, &body).await.assert_fatal("invalid argument");
        }
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        relay.ask(Route::Trigger, &body).await.assert_fatal("invalid argument");
    }
    assert_eq!(sandbox.calls().len(), 0);
}
