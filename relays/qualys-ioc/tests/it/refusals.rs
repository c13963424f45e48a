//! Errors of the event search, row by row of docs/relays/qualys-ioc.md#errors, and of what cannot
//! be searched.

use std::{net::TcpListener, sync::Arc, time::Duration};

use relay_core::Route;
use sandbox::{
    Fault, Times, When,
    qualys_ioc::{ACCOUNT, EVENT_SEARCHES, SPENT_QUOTA, TWO_CALLS_AT_A_TIME},
};
use serde_json::{Value, json};
use testkit::{Answer, TestResolver, invalid_tls::InvalidTlsServer};

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, claims, one, searches};

const OTHER: &str = "203.0.113.77";

fn both() -> Value {
    json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": OTHER}])
}

/// Returns the answer about both observables while the searches for the hash fail.
async fn answer_with_fault(fault: Fault) -> (TestRelay, Answer) {
    // A fault replaces the whole response, as the gateway's own would be about the hash only.
    let settings = [("QUALYS_CONCURRENCY", "1"), ("QUALYS_BATCH_SIZE", "1")];
    let relay = TestRelay::start().with(&settings).await;
    relay.health().await;
    relay.sandbox.forget_calls();
    let hash = When::path(EVENT_SEARCHES).mentioning(DROPPED);
    relay.sandbox.fault(hash, fault, Times::Always);
    let answer = relay.ask(OBSERVE, &both()).await;
    (relay, answer)
}

/// Asserts that the fault costs the hash only: the address is answered.
async fn costs_one(fault: Fault, kind: &str, code: &str) -> Answer {
    let (_, answer) = answer_with_fault(fault.clone()).await;
    assert_eq!(answer.errors(), [(kind, code)], "{fault:?}");
    assert_eq!(answer.docs("sightings")[0]["observables"][0]["value"], OTHER);
    answer
}

/// Asserts that the fault ends the call: no request after the first.
async fn costs_all(fault: Fault, code: &str) -> Answer {
    let (relay, answer) = answer_with_fault(fault.clone()).await;
    assert_eq!(answer.errors(), [("fatal", code)], "{fault:?}");
    assert_eq!(answer.get("data"), None);
    assert_eq!(searches(&relay).len(), 1, "{fault:?}");
    answer
}

#[tokio::test(start_paused = true)]
async fn status_200_without_events() {
    for fault in [Fault::Html, Fault::Empty, Fault::json(200, &json!({"a": 1}))] {
        let answer = costs_one(fault, "fatal", "unknown").await;
        assert!(!answer.to_string().contains("<html"), "{answer:?}");
    }
    // The message quotes the bodies, and those of the two searches differ.
    let (_, answer) = answer_with_fault(Fault::Malformed).await;
    assert_eq!((answer.errors()[0], answer.docs("sightings").len()), (("fatal", "unknown"), 1));
}

#[tokio::test(start_paused = true)]
async fn status_200_with_null_and_status_204_are_empty() {
    let wrapped = Fault::json(200, &json!({"events": [], "total": 0}));
    for fault in [Fault::json(200, &json!(null)), Fault::status(204), wrapped] {
        let (_, answer) = answer_with_fault(fault).await;
        assert_eq!(answer.docs("sightings").len(), 1);
        assert!(answer.errors().iter().all(|error| *error == ("warning", "unknown")));
    }
}

#[tokio::test(start_paused = true)]
async fn status_400_is_a_warning_about_its_observable() {
    let fault = Fault::json(400, &json!({"message": "Invalid filter: expected a value"}));
    let answer = costs_one(fault, "warning", "invalid argument").await;
    assert!(answer.message().contains("Invalid filter: expected a value"));
}

#[tokio::test(start_paused = true)]
async fn status_401_quotes_the_gateway() {
    let all = json!({"message": "Bad token", "authentication_exceptions": ["x"]});
    let listed = json!({"message": "", "authentication_exceptions": ["Locked", "Expired"]});
    let text = Fault::Status { code: 401, headers: Vec::new(), body: "no\nentry".into() };
    for (fault, words) in [
        (Fault::json(401, &all), "Bad token"),
        (Fault::json(401, &listed), "Locked, Expired"),
        (text, "no entry"),
    ] {
        let relay = TestRelay::start().await;
        relay.sandbox.fault(EVENT_SEARCHES, fault, Times::Always);
        let answer = relay.health().await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")]);
        assert_eq!(answer.message(), format!("Authorization failed: {words}"));
    }
}

#[tokio::test(start_paused = true)]
async fn status_403_ends_the_call() {
    costs_all(Fault::Forbidden, "permission denied").await;
}

#[tokio::test(start_paused = true)]
async fn status_404_is_an_error_that_names_the_settings() {
    let answer = costs_one(Fault::status(404), "fatal", "not found").await;
    let message = answer.message();
    assert!(message.contains("API_URL") && message.contains("QUALYS_EVENTS_PATH"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn status_409_is_an_exceeded_rate_limit() {
    let answer = costs_all(Fault::status(409), "too many requests").await;
    assert!(answer.message().contains("rate limit of Qualys IOC"));
}

#[tokio::test(start_paused = true)]
async fn status_409_with_a_wait_is_retried_once() {
    let relay = TestRelay::start().await;
    let headers = vec![("X-RateLimit-ToWait-Sec".to_owned(), "0".to_owned())];
    let fault = Fault::Status { code: 409, headers, body: String::new() };
    relay.sandbox.fault(EVENT_SEARCHES, fault, Times::Next(1));
    relay.health().await.assert_healthy();
    assert_eq!(searches(&relay).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn requests_above_the_concurrency_limit_are_retried_or_reported() {
    let settings = [("QUALYS_CONCURRENCY", "8"), ("QUALYS_BATCH_SIZE", "1")];
    let relay = TestRelay::start().with(&settings).await;
    let answer = relay.with_claims(claims(TWO_CALLS_AT_A_TIME)).ask(OBSERVE, &both()).await;
    assert!(searches(&relay).len() > 4, "some are retried");
    let errors = answer.errors();
    assert!(errors.iter().all(|code| *code == ("fatal", "too many requests")));
    assert!(answer.docs("sightings").len() == 2 || !errors.is_empty());
}

#[tokio::test(start_paused = true)]
async fn status_429_ends_the_call_and_names_the_wait() {
    let fault = Fault::TooManyRequests { retry_after: Some("3600".into()) };
    let answer = costs_all(fault, "too many requests").await;
    assert!(answer.message().contains("3600 seconds"), "{answer:?}");
    let relay = TestRelay::start().await;
    let answer = relay.with_claims(claims(SPENT_QUOTA)).health().await;
    assert_eq!(answer.errors(), [("fatal", "too many requests")]);
    assert!(answer.message().contains("3600 seconds"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn status_500_costs_its_observable_only() {
    costs_one(Fault::json(500, &json!({"message": "boom"})), "fatal", "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn status_502_503_504_are_retried_once() {
    for code in [502, 503, 504] {
        let headers = vec![("Retry-After".to_owned(), "0".to_owned())];
        let fault = Fault::Status { code, headers, body: String::new() };
        costs_one(fault.clone(), "fatal", "service unavailable").await;
        let relay = TestRelay::start().await;
        relay.sandbox.fault(EVENT_SEARCHES, fault, Times::Next(1));
        relay.health().await.assert_healthy();
        assert_eq!(searches(&relay).len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_status_is_unknown() {
    for code in [402, 405, 410, 418, 422, 451, 505] {
        costs_one(Fault::status(code), "fatal", "unknown").await;
    }
}

#[tokio::test(start_paused = true)]
async fn n01_a_redirect_is_not_followed() {
    let fault = Fault::Redirect { to: "http://127.0.0.1:9/".into(), code: 308 };
    costs_one(fault, "fatal", "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_connection_names_the_gateway() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let relay = TestRelay::start().with(&[("API_URL", &url)]).await;
    let answer = relay.ask(OBSERVE, &both()).await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
    assert!(answer.message().contains("Qualys IOC") && answer.message().contains(&url));
}

#[tokio::test(start_paused = true)]
async fn n02_an_untrusted_certificate_is_named() {
    let relay = TestRelay::start().with(&[("API_URL", &InvalidTlsServer::untrusted())]).await;
    let answer = relay.health().await;
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
    assert!(answer.message().contains("certificate of Qualys IOC"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn n03_a_broken_connection_is_a_connection_error() {
    for fault in [Fault::ResetBeforeAnswer, Fault::ResetInBody] {
        let (_, answer) = answer_with_fault(fault).await;
        assert_eq!(answer.errors(), [("fatal", "connection error")]);
    }
}

#[tokio::test(start_paused = true)]
async fn n05_what_arrives_before_the_deadline_is_answered() {
    let relay = TestRelay::start().with(&[("QUALYS_CONCURRENCY", "4")]).await;
    relay.health().await;
    let hash = When::path(EVENT_SEARCHES).mentioning(DROPPED);
    relay.sandbox.fault(hash, Fault::SlowHeaders, Times::Always);
    let time = Duration::from_millis(1500);
    let answer = relay.with_claims(claims(ACCOUNT)).within(time).ask(OBSERVE, &both()).await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
    assert_eq!(answer.docs("sightings").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn n06_n07_an_endless_response_costs_its_observable_only() {
    let bomb = Fault::GzipBomb { bytes: 64 << 20 };
    costs_one(bomb, "fatal", "unknown").await;
    costs_one(Fault::Huge { bytes: 64 << 20 }, "fatal", "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn n08_broken_json_is_an_error_and_deep_json_no_event() {
    let sent = |body: String| Fault::Status { code: 200, headers: Vec::new(), body };
    for body in ["[NaN]", "[{}", "\u{feff}[", "[1e999"] {
        costs_one(sent(body.to_owned()), "fatal", "unknown").await;
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [format!(r#"[{{"id":{deep}}}]"#), deep] {
        let (_, answer) = answer_with_fault(sent(body)).await;
        assert_eq!(answer.docs("sightings").len(), 1);
        assert!(answer.errors().iter().all(|error| *error == ("warning", "unknown")));
    }
}

#[tokio::test(start_paused = true)]
async fn equal_errors_are_listed_once() {
    let relay = TestRelay::start().await;
    relay.sandbox.fault(EVENT_SEARCHES, Fault::status(500), Times::Always);
    let answer = relay.ask(OBSERVE, &both()).await;
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
    let answer = relay.ask(OBSERVE, &one("mutex", "a\nb")).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument")]);
}

#[tokio::test(start_paused = true)]
async fn an_observable_that_is_not_searchable_is_a_warning_beside_the_others() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "mutex", "value": "all \"three\" `marks'"},
        {"type": "file_name", "value": "\\\\"},
        {"type": "file_name", "value": "\u{1F600}".repeat(2_000)},
        {"type": "sha256", "value": DROPPED},
    ]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument"); 2]);
    let text = |index: usize| answer["errors"][index]["message"].as_str().unwrap();
    assert!(text(0).contains("a mutex") && text(1).contains("a file name"));
    assert_eq!(answer.docs("sightings").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn api_url_missing_or_unusable() {
    let relay = TestRelay::start().with(&[("API_URL", "")]).await;
    for claim in [json!(null), json!("http://gateway.example"), json!("gateway"), json!(100)] {
        let mut claims = claims(ACCOUNT);
        claims["API_URL"] = claim.clone();
        for path in [Route::Health, OBSERVE] {
            let answer = relay.with_claims(claims.clone()).ask(path, &one("sha256", DROPPED)).await;
            assert_eq!(answer.errors(), [("fatal", "invalid argument")], "{claim}");
            assert!(answer.message().contains("API_URL"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn i15_a_token_does_not_lead_inside_the_network() {
    let loopback = Arc::new(TestResolver::loopback());
    let relay = TestRelay::start().resolving(loopback.clone()).await;
    for url in
        ["https://gateway.example", "https://127.0.0.1", "https://[::1]", "https://169.254.169.254"]
    {
        let mut claims = claims(ACCOUNT);
        claims["API_URL"] = json!(url);
        let answer = relay.with_claims(claims).health().await;
        assert_eq!(answer.errors(), [("fatal", "connection error")], "{url}");
        assert!(answer.message().contains(url));
    }
    assert!(loopback.names().iter().all(|host| host == "gateway.example"));
    assert_eq!(relay.sandbox.calls().len(), 0);
}
