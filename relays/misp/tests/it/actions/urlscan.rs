//! Scans by urlscan.io, docs/relays/misp.md#scans.

use sandbox::{
    Fault, Times,
    misp::{URLSCAN_API_KEY, faults, sample},
};
use serde_json::json;
use testkit::Answer;

use super::{SCAN, assert_failure, assert_success, offered, only_body};
use crate::test_relay::{MispRelay, only_misp_key, start, start_before, start_sandbox, start_with};

const SCAN_PATH: &str = "/urlscan/api/v1/scan/";

/// The answer to a trigger of a scan that fails like this, and the number of requests.
async fn scan_with(fault: Fault) -> (Answer, usize) {
    let sandbox = start_sandbox().await;
    sandbox.fault(SCAN_PATH, fault, Times::Always);
    let relay = start_before(&sandbox).await;
    let answer = relay.trigger(SCAN, "url", sample::SCANNABLE_URL).await;
    (answer, sandbox.calls().len())
}

#[tokio::test(start_paused = true)]
async fn an_offered_scan_is_what_the_page_shows() {
    let relay = start_with(&[("MISP_ACTIONS", "false")]).await;
    let answer = relay.respond([("url", sample::SCANNABLE_URL)]).await;
    assert_eq!(
        answer.items(),
        [json!({"id": "respond-urlscan-action-url-http%3A%2F%2Fbad.example%2Flogin%3Fx%3D1",
            "title": "Scan http://bad.example/login?x=1 with urlscan.io",
            "description": "Has urlscan.io open it in a browser and keep the result; the scan is unlisted.",
            "categories": ["urlscan.io", "Scan"],
            "query-params": {"observable_type": "url",
                "observable_value": "http://bad.example/login?x=1"}})]
    );
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn i10_an_urlscan_key_that_could_split_a_header_is_refused() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await.with_claim("URLSCAN_API_KEY", "a\r\nX: 1");
    assert_failure(&relay.trigger(SCAN, "url", sample::SCANNABLE_URL).await, "invalid argument");
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
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
        let expected = json!({"url": url, "visibility": "unlisted", "tags": ["cisco-xdr"]});
        assert_eq!(only_body(&sandbox), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_visibility_is_one_of_three_words() {
    for (setting, sent) in
        [("public", "public"), ("Private", "private"), ("unlisted", "unlisted"), ("", "unlisted")]
    {
        let sandbox = start_sandbox().await;
        let relay =
            MispRelay::start().before(&sandbox).with(&[("URLSCAN_VISIBILITY", setting)]).await;
        assert_success(&relay.trigger(SCAN, "url", sample::SCANNABLE_URL).await);
        assert_eq!(only_body(&sandbox)["visibility"], sent, "{setting}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_urlscan_cannot_resolve_is_a_bad_request() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await;
    let answer = relay.trigger(SCAN, "url", sample::UNRESOLVABLE_URL).await;
    assert_failure(&answer, "bad request");
    assert!(answer.message().contains("DNS Error"), "{}", answer.message());
    assert!(answer.message().contains("nx.bad.example"), "{}", answer.message());
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn n10_the_used_up_quota_of_urlscan_names_the_wait() {
    let (answer, _) = scan_with(faults::urlscan_quota_used_up(7)).await;
    assert!(answer.message().contains("7 seconds"), "{}", answer.message());
}

#[tokio::test(start_paused = true)]
async fn n17_the_urlscan_key_is_redacted() {
    let body = json!({"message": "bad key", "description": URLSCAN_API_KEY});
    let (answer, _) = scan_with(Fault::json(400, &body)).await;
    assert!(!answer.message().contains(URLSCAN_API_KEY), "{}", answer.message());
}
