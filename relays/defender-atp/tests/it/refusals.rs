//! What every failure answers, row by row of docs/relays/defender-atp.md#errors; codes are protocol.

use std::time::Duration;

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};
use testkit::Answer;
use testkit::invalid_tls::InvalidTlsServer;

use crate::test_relay::{
    HUNT, OBSERVE, RESPOND, TOKEN, TestRelay, bearer, claims, contoso, many, one,
};

/// An address whose alerts fail, and a domain whose alerts do not.
fn both() -> Value {
    many(&[("ip", sample::ADDRESS), ("domain", sample::DOMAIN)])
}

/// The product's own form of an error.
fn problem(status: u16, code: &str, text: &str) -> Fault {
    let target = "d6ba2b0a-ee0c-4923-a328-81584d8c4fa2";
    Fault::json(status, &json!({"error": {"code": code, "message": text, "target": target}}))
}

/// The alerts of the address fail; nothing else does.
async fn broken(fault: Fault, times: Times) -> (TestRelay, Answer) {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    relay.sandbox.fault("/api/ips", fault, times);
    let answer = relay.observe(&both()).await;
    (relay, answer)
}

/// The failure costs the address only; the domain's alerts are there.
async fn costs_one(fault: Fault, code: &str) -> Answer {
    let (_, answer) = broken(fault, Times::Always).await;
    assert_eq!(answer.errors(), [("fatal", code)], "{answer}");
    assert!(answer.docs("sightings").iter().all(|it| it["observables"][0]["type"] == "domain"));
    assert_eq!(answer.docs("sightings").len(), 4);
    answer
}

#[tokio::test(start_paused = true)]
async fn a_missing_or_malformed_header_is_an_authorization_error() {
    let relay = TestRelay::open().await;
    for header in ["", "Bearer", "Basic x", "Bearer a.b.c", "Bearer a b"] {
        let answer = relay.send(header, OBSERVE, &both().to_string()).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")], "{header}");
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn c09_a_token_without_credentials_is_an_authorization_error() {
    let relay = TestRelay::open().await;
    for (claim, value) in [
        ("client_id", json!("")),
        ("client_id", json!(null)),
        ("client_secret", json!("")),
        ("client_secret", json!(7)),
        ("tenant_id", json!("")),
        ("tenant_id", json!("../common")),
        ("tenant_id", json!("x/oauth2/token?")),
        ("tenant_id", json!("a@b")),
        ("tenant_id", json!("a\nb")),
    ] {
        let mut claims = contoso();
        claims[claim] = value;
        let answer = relay.ask_with(claims, OBSERVE, &both()).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")], "{claim}");
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_or_expired_secret_is_an_authorization_error() {
    let relay = TestRelay::open().await;
    let mut wrong = contoso();
    wrong["client_secret"] = "wrong".into();
    let expired = claims(&app::EXPIRED_SECRET, &tenant::CONTOSO);
    for claims in [wrong, expired] {
        let answer = relay.ask_with(claims, "/health", &json!({})).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")]);
        assert!(answer.message().contains("AADSTS"), "{answer}");
    }
    let elsewhere = claims(&app::FABRIKAM_ONLY, &tenant::CONTOSO);
    let answer = relay.ask_with(elsewhere, "/health", &json!({})).await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
}

#[tokio::test(start_paused = true)]
async fn other_failures_of_the_login_have_their_codes() {
    for (fault, code) in [
        (Fault::status(404), "permission denied"),
        (Fault::status(403), "unknown"),
        (Fault::status(418), "unknown"),
        (Fault::status(500), "unknown"),
        (Fault::status(503), "unknown"),
        (Fault::Html, "invalid request"),
        (Fault::json(200, &json!({"token_type": "Bearer"})), "invalid request"),
        (Fault::TooManyRequests { retry_after: Some("60".to_owned()) }, "too many requests"),
    ] {
        let relay = TestRelay::open().await;
        let login = format!("/{}{TOKEN}", tenant::CONTOSO.id);
        relay.sandbox.fault(login.as_str(), fault.clone(), Times::Always);
        let answer = relay.ask("/health", &json!({})).await;
        assert_eq!(answer.errors(), [("fatal", code)], "{fault:?} {answer}");
    }
}

/// Row 3 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_and_the_request_sent_once_more() {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    relay.sandbox.fault("/api/alerts", Fault::status(401), Times::Next(1));
    relay.sandbox.forget_calls();
    assert_eq!(relay.health(&app::DEFENDER, &tenant::CONTOSO).await["data"]["status"], "ok");
    let paths: Vec<_> = relay.sandbox.calls().into_iter().map(|call| call.path).collect();
    let login = format!("/{}{TOKEN}", tenant::CONTOSO.id);
    assert_eq!(paths, ["/api/alerts", &login, "/api/alerts"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_an_authorization_error() {
    let relay = TestRelay::open().await;
    relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    let refused = problem(401, "Unauthorized", "The token was revoked");
    relay.sandbox.fault("/api/alerts", refused, Times::Always);
    relay.sandbox.forget_calls();
    let answer = relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    assert_eq!(answer.message(), "Authorization failed: The token was revoked");
    assert_eq!(relay.sandbox.calls().len(), 3);
}

/// Row 8 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named() {
    let answer = costs_one(Fault::Forbidden, "permission denied").await;
    assert!(answer.message().contains("Alert.Read.All"), "{answer}");
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    let answer = relay.observe_for(&app::WITHOUT_ALERTS, &tenant::CONTOSO, &both()).await;
    assert!(answer.errors().iter().all(|code| *code == ("fatal", "permission denied")));
}

#[tokio::test(start_paused = true)]
async fn invalid_and_unknown_entities_are_no_data() {
    for fault in [
        problem(400, "InvalidIpAddress", "IP address is invalid"),
        problem(400, "ODataError", "x"),
        problem(404, "ResourceNotFound", "IP address was not found"),
        Fault::status(404),
        Fault::status(400),
    ] {
        let (_, answer) = broken(fault, Times::Always).await;
        assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 4));
    }
}

#[tokio::test(start_paused = true)]
async fn n10_a_rate_limit_is_waited_for_once_and_then_named() {
    let wait = |text: &str| Fault::TooManyRequests { retry_after: Some(text.to_owned()) };
    let (relay, answer) = broken(wait("0"), Times::Next(1)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len() > 4), (vec![], true));
    assert_eq!(relay.calls("/api/ips").len(), 2);
    let answer = costs_one(wait("3600"), "too many requests").await;
    assert!(answer.message().contains("3600 seconds"), "{answer}");
    costs_one(wait("soon"), "too many requests").await;
}

#[tokio::test(start_paused = true)]
async fn a_product_that_fails_is_an_internal_error() {
    for status in [500, 502, 503, 504] {
        costs_one(problem(status, "InternalServerError", "x"), "internal error").await;
    }
}

#[tokio::test(start_paused = true)]
async fn n16_a_response_that_is_not_the_documented_one_is_unknown() {
    for fault in [Fault::Html, Fault::Empty, Fault::Malformed, Fault::json(200, &json!({}))] {
        let answer = costs_one(fault, "unknown").await;
        assert!(!answer.message().contains('<'), "{answer}");
    }
    let elsewhere = Fault::Redirect { to: "https://evil.example/".to_owned(), code: 302 };
    costs_one(elsewhere, "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_not_trusted_is_unknown() {
    let relay = TestRelay::with(&[("DEFENDER_API_BASE", &InvalidTlsServer::untrusted())]).await;
    let answer = relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
    assert!(answer.message().contains("certificate of Microsoft Defender"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn n03_a_connection_that_fails_is_a_connection_error() {
    let answer = costs_one(Fault::ResetInBody, "connection error").await;
    assert!(answer.message().contains("closed the connection"), "{answer}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{nobody}");
    let relay = TestRelay::with(&[("DEFENDER_API_BASE", &base)]).await;
    let answer = relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
    assert!(answer.message().contains(&base), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn n05_data_that_arrived_before_the_deadline_is_answered() {
    let relay = TestRelay::open().await;
    relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    relay.sandbox.fault("/api/ips", Fault::SlowHeaders, Times::Always);
    relay.sandbox.fault(HUNT, Fault::Stall, Times::Always);
    let time = Duration::from_millis(1500);
    let answer = relay.send_within(time, &bearer(contoso()), OBSERVE, &both().to_string()).await;
    assert!(answer.errors().contains(&("fatal", "connection error")), "{answer}");
    assert!(answer.errors().contains(&("warning", "connection error")), "{answer}");
    assert_eq!(answer.docs("sightings").len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refused_list_for_respond_is_an_invalid_request() {
    for status in [400, 404, 405, 409, 418] {
        for list in ["/api/machineactions", "/api/indicators"] {
            let relay = TestRelay::open().await;
            relay.sandbox.fault(list, problem(status, "BadRequest", "No"), Times::Always);
            let observables = many(&[("ms_machine_id", sample::LAPTOP), ("ip", sample::ADDRESS)]);
            let answer = relay.ask(RESPOND, &observables).await;
            assert_eq!(answer.errors(), [("fatal", "invalid request")], "{status} {answer}");
            let kinds: Vec<_> = answer["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|action| action["query-params"]["observable_type"].as_str().unwrap())
                .collect();
            let other = if list.ends_with("indicators") { "ms_machine_id" } else { "ip" };
            assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == other), "{kinds:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_of_the_wrong_shape_is_an_invalid_payload() {
    let relay = TestRelay::open().await;
    for path in [OBSERVE, RESPOND, "/refer/observables", "/respond/trigger"] {
        let answer = relay.send(&bearer(contoso()), path, "7").await;
        assert_eq!(answer.errors(), [("fatal", "invalid payload")]);
        assert_eq!(answer.get("data"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_up_of_devices_is_a_warning() {
    for (path, status, code) in [
        ("/api/machines", 403, "permission denied"),
        ("/api/machines", 500, "internal error"),
        (HUNT, 500, "internal error"),
        (HUNT, 429, "too many requests"),
    ] {
        let relay = TestRelay::open().await;
        let when = When::path(path).mentioning(if path == HUNT { "let dev = dynamic" } else { "" });
        relay.sandbox.fault(when, problem(status, "x", "y"), Times::Always);
        let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
        let (kind, found) = answer.errors()[0];
        assert_eq!((kind, answer.errors().len()), ("warning", 1), "{answer}");
        assert!(found == code || (path == HUNT && found == "unknown"), "{found}");
        assert!(answer.docs("sightings").len() > 4);
        assert_eq!(answer.docs("sightings")[0]["targets"][0]["observables"][0]["type"], "hostname");
    }
}

#[tokio::test(start_paused = true)]
async fn n17_secrets_that_the_product_repeats_are_redacted() {
    let secret = app::DEFENDER.secret;
    let answer =
        costs_one(problem(403, "Forbidden", &format!("no {secret}")), "permission denied").await;
    assert!(!answer.to_string().contains(secret) && answer.message().contains("[…]"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_reported_once_and_stops_requests_that_would_fail_alike() {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    relay.sandbox.fault("/api/ips", Fault::Forbidden, Times::Always);
    let observables: Value =
        (1..=39).map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")})).collect();
    let answer = relay.observe(&observables).await;
    assert_eq!(answer.errors(), [("fatal", "permission denied")]);
    assert!(relay.calls("/api/ips").len() <= 16, "{}", relay.calls("/api/ips").len());
}
