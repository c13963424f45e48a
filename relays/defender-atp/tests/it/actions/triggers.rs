//! Actions are done as documented, `success` is only what the product confirmed, and nothing is
//! requested twice: docs/relays/defender-atp.md#trigger.

use std::time::Duration;

use http::Method;
use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};

use crate::test_relay::{
    TOKEN, TRIGGER, TestRelay, bearer, claims, codes, contoso, line, message, trigger,
};

fn success() -> Value {
    json!({"data": {"status": "success"}})
}

/// The answer says failure and why.
#[track_caller]
fn assert_failed(answer: &Value, code: &str) {
    assert_eq!(answer["data"]["status"], "failure", "{answer}");
    assert_eq!(codes(answer), [("fatal", code)], "{answer}");
}

/// The only call that changes something.
fn sent_change(relay: &TestRelay) -> (String, Value) {
    let calls = relay.sandbox.calls();
    let mut changes =
        calls.iter().filter(|call| call.method != Method::GET && !call.path.ends_with(TOKEN));
    let sent_change = changes.next().expect("a request");
    assert!(changes.next().is_none(), "{calls:#?}");
    (line(sent_change), sent_change.json().unwrap_or(Value::Null))
}

#[tokio::test]
async fn every_action_on_a_device_is_sent_as_documented() {
    let comment = "Requested from SecureX Threat Response";
    for (action, device, verb, parameter) in [
        ("FullIsolation", sample::LAPTOP, "isolate", Some(("IsolationType", "Full"))),
        ("SelectiveIsolation", sample::LAPTOP, "isolate", Some(("IsolationType", "Selective"))),
        ("Unisolate", sample::WORKSTATION, "unisolate", None),
        ("RestrictCodeExecution", sample::LAPTOP, "restrictCodeExecution", None),
        ("UnrestrictCodeExecution", sample::RESTRICTED_SERVER, "unrestrictCodeExecution", None),
        ("RunAntiVirusScanQuick", sample::LAPTOP, "runAntiVirusScan", Some(("ScanType", "Quick"))),
        ("RunAntiVirusScanFull", sample::LAPTOP, "runAntiVirusScan", Some(("ScanType", "Full"))),
        ("CollectInvestigationPackage", sample::LAPTOP, "collectInvestigationPackage", None),
        ("InitiateInvestigation", sample::LAPTOP, "startInvestigation", None),
    ] {
        let relay = TestRelay::open().await;
        assert_eq!(relay.trigger(action, "ms_machine_id", device).await, success(), "{action}");
        let mut body = json!({"Comment": comment});
        if let Some((name, value)) = parameter {
            body[name] = value.into();
        }
        assert_eq!(sent_change(&relay), (format!("POST /api/machines/{device}/{verb}"), body));
        assert_eq!(relay.sandbox.calls().len(), 2);
    }
}

/// Row 16 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test]
async fn every_indicator_is_sent_as_documented() {
    let (sha1, sha256, md5) = ("0".repeat(40), "0".repeat(64), "0".repeat(32));
    for (kind, value, name, block) in [
        ("sha1", sha1.as_str(), "FileSha1", "BlockAndRemediate"),
        ("sha256", &sha256, "FileSha256", "BlockAndRemediate"),
        ("md5", &md5, "FileMd5", "BlockAndRemediate"),
        ("ip", "192.0.2.9", "IpAddress", "Block"),
        ("ipv6", "2001:db8::9", "IpAddress", "Block"),
        ("domain", "new.example", "DomainName", "Block"),
        ("url", "https://new.example/x", "Url", "Block"),
    ] {
        for (action, sent, alerts, severity) in [
            ("add-indicator-alert", "Audit", true, Some("High")),
            ("add-indicator-alert-and-block", block, true, Some("High")),
            ("add-indicator-allowed", "Allowed", false, None),
        ] {
            let relay = TestRelay::open().await;
            assert_eq!(relay.trigger(action, kind, value).await, success(), "{kind} {action}");
            let mut body = json!({
                "indicatorValue": value,
                "indicatorType": name,
                "action": sent,
                "generateAlert": alerts,
                "title": "From SecureX Threat Response",
                "description": "Created by a SecureX Threat Response action",
            });
            if let Some(severity) = severity {
                body["severity"] = severity.into();
            }
            assert_eq!(sent_change(&relay), ("POST /api/indicators".to_owned(), body));
        }
    }
}

/// Row 5 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test]
async fn an_indicator_is_removed_by_id_or_by_value() {
    let relay = TestRelay::open().await;
    let offered = relay.actions(&crate::test_relay::one("ip", sample::ADDRESS)).await;
    let number = offered["data"][0]["query-params"]["indicator_id"].clone();
    let mut body = trigger("remove-indicator", "ip", sample::ADDRESS);
    body["indicator_id"] = number.clone();
    relay.sandbox.forget_calls();
    assert_eq!(relay.trigger_with(contoso(), &body).await, success());
    let path = format!("DELETE /api/indicators/{}", number.as_str().unwrap());
    assert_eq!(sent_change(&relay), (path.clone(), Value::Null));
    assert_failed(&relay.trigger_with(contoso(), &body).await, "already requested");
    relay.clock.advance(Duration::from_secs(60));
    assert_failed(&relay.trigger_with(contoso(), &body).await, "not found");
    // The number may come as one.
    body["indicator_id"] = number.as_str().unwrap().parse::<u64>().unwrap().into();
    assert_failed(&relay.trigger_with(contoso(), &body).await, "not found");

    let relay = TestRelay::open().await;
    assert_eq!(relay.trigger("remove-indicator", "ip", sample::ADDRESS).await, success());
    assert_eq!(sent_change(&relay).0, path);
    relay.sandbox.forget_calls();
    relay.clock.advance(Duration::from_secs(60));
    let again = relay.trigger("remove-indicator", "ip", sample::ADDRESS).await;
    assert_failed(&again, "not found");
    assert_eq!(relay.sandbox.calls().len(), 1);
}

#[tokio::test]
async fn i16_only_the_indicator_of_the_triggered_value_is_removed() {
    let relay = TestRelay::open().await;
    let offered = relay.actions(&crate::test_relay::one("ip", sample::ADDRESS)).await;
    let of_address = offered["data"][0]["query-params"]["indicator_id"].clone();
    relay.sandbox.forget_calls();
    for (kind, value, number) in [
        ("domain", "totally-other.example", of_address.clone()),
        ("ip", "192.0.2.9", of_address),
        ("ip", sample::ADDRESS, json!("0")),
        ("ip", sample::ADDRESS, json!("99999999")),
    ] {
        let mut body = trigger("remove-indicator", kind, value);
        body["indicator_id"] = number;
        assert_failed(&relay.trigger_with(contoso(), &body).await, "not found");
    }
    assert!(relay.sandbox.calls().iter().all(|call| call.method != Method::DELETE));
}

#[tokio::test]
async fn a_removal_fails_with_the_reason_when_its_indicator_cannot_be_looked_up() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/indicators", Fault::status(500), Times::Always);
    let answer = relay.trigger("remove-indicator", "ip", sample::ADDRESS).await;
    assert_failed(&answer, "internal error");
    assert!(relay.sandbox.calls().iter().all(|call| call.method != Method::DELETE));
}

/// Row 4 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test]
async fn success_needs_the_confirmation_of_the_product() {
    let html = (Fault::Html, "unknown");
    let failed = json!({"id": "e58b0810", "type": "Isolate", "status": "Failed"});
    for (fault, code) in [
        html,
        (Fault::Empty, "unknown"),
        (Fault::json(201, &json!({})), "unknown"),
        (Fault::json(201, &json!({"id": null, "status": "Pending"})), "unknown"),
        (Fault::json(201, &failed), "unknown"),
        (Fault::status(204), "unknown"),
        (Fault::status(500), "internal error"),
        (Fault::status(503), "internal error"),
    ] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault("/api/machines", fault.clone(), Times::Always);
        let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
        assert_failed(&answer, code);
        assert!(message(&answer).contains("not known"), "{fault:?} {answer}");
        assert_eq!(relay.calls("/api").len(), 1, "{fault:?}");
        let relay = TestRelay::open().await;
        relay.sandbox.fault("/api/indicators", fault, Times::Always);
        let answer = relay.trigger("add-indicator-alert", "ip", "192.0.2.9").await;
        assert_eq!(answer["data"]["status"], "failure", "{answer}");
    }
}

#[tokio::test]
async fn n14_an_action_whose_response_was_lost_is_never_sent_again() {
    for fault in [Fault::ResetBeforeAnswer, Fault::status(500), Fault::status(502)] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault("/api/", fault, Times::Always);
        let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
        assert_eq!(answer["data"]["status"], "failure", "{answer}");
        assert!(message(&answer).contains("Whether it was done is not known"), "{answer}");
        assert_eq!(relay.calls("/api").len(), 1);
        let mut removal = trigger("remove-indicator", "ip", sample::ADDRESS);
        removal["indicator_id"] = "995".into();
        assert_eq!(relay.trigger_with(contoso(), &removal).await["data"]["status"], "failure");
        relay.trigger("add-indicator-alert", "ip", "192.0.2.9").await;
        let changes = relay.calls("/api").into_iter().filter(|call| call.method != Method::GET);
        assert_eq!(changes.count(), 2);
    }
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/", Fault::ResetInBody, Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "connection error");
    assert_eq!(relay.calls("/api").len(), 1);
}

#[tokio::test]
async fn n14_an_action_that_times_out_is_never_sent_again() {
    let relay = TestRelay::open().await;
    relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    relay.sandbox.forget_calls();
    relay.sandbox.fault("/api/machines", Fault::SlowHeaders, Times::Always);
    let body = trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).to_string();
    let time = Duration::from_millis(700);
    let answer = relay.send_within(time, &bearer(contoso()), TRIGGER, &body).await;
    assert_failed(&answer, "connection error");
    assert_eq!(relay.sandbox.calls().len(), 1);
}

#[tokio::test]
async fn an_action_is_sent_again_after_a_401_only() {
    let relay = TestRelay::open().await;
    relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    let isolate = format!("/api/machines/{}/isolate", sample::LAPTOP);
    relay.sandbox.fault(isolate.as_str(), Fault::status(401), Times::Next(1));
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_eq!((answer, relay.calls(&isolate).len()), (success(), 2));
    relay.clock.advance(Duration::from_secs(60));
    relay.sandbox.fault(isolate.as_str(), Fault::status(401), Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "authorization error");
    assert_eq!(relay.calls(&isolate).len(), 4);
}

#[tokio::test]
async fn an_action_does_not_wait_for_a_rate_limit() {
    let relay = TestRelay::open().await;
    let throttled = Fault::TooManyRequests { retry_after: Some("0".to_owned()) };
    relay.sandbox.fault("/api/machines", throttled, Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "too many requests");
    assert_eq!(relay.calls("/api/machines").len(), 1);
}

/// Row 18 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test]
async fn a_refused_action_is_an_invalid_request_with_the_message_of_the_product() {
    let relay = TestRelay::open().await;
    let twice = relay.trigger("FullIsolation", "ms_machine_id", sample::WORKSTATION).await;
    assert_failed(&twice, "invalid request");
    assert!(message(&twice).contains("ActiveRequestAlreadyExists") || message(&twice).len() > 40);
    for (action, permission) in [
        ("FullIsolation", "Machine.Isolate"),
        ("RestrictCodeExecution", "Machine.RestrictExecution"),
        ("RunAntiVirusScanQuick", "Machine.Scan"),
        ("CollectInvestigationPackage", "Machine.CollectForensics"),
        ("InitiateInvestigation", "Alert.ReadWrite.All"),
    ] {
        let read_only = claims(&app::READ_ONLY, &tenant::CONTOSO);
        let body = trigger(action, "ms_machine_id", sample::LAPTOP);
        let answer = relay.trigger_with(read_only, &body).await;
        assert_failed(&answer, "invalid request");
        let needed = format!("grant the application {permission} in");
        assert!(message(&answer).contains(&needed), "{answer}");
    }
    let unknown = relay.trigger("RunAntiVirusScanFull", "ms_machine_id", "no-such-device").await;
    assert_failed(&unknown, "invalid request");
    for status in [400, 403, 404, 409, 418] {
        relay.sandbox.fault("/api/indicators", Fault::status(status), Times::Next(1));
        let answer = relay.trigger("add-indicator-alert", "ip", "192.0.2.9").await;
        assert_failed(&answer, "invalid request");
    }
}

#[tokio::test]
async fn i07_an_action_that_is_not_offered_is_not_done() {
    let relay = TestRelay::open().await;
    for (action, kind, value, code) in [
        ("Offboard", "ms_machine_id", sample::LAPTOP, "invalid request"),
        ("", "ms_machine_id", sample::LAPTOP, "invalid request"),
        ("fullisolation", "ms_machine_id", sample::LAPTOP, "invalid request"),
        ("FullIsolation", "ip", sample::ADDRESS, "invalid request"),
        ("FullIsolation", "hostname", "ws-204", "unsupported type"),
        ("FullIsolation", "nonsense", "x", "unsupported type"),
        ("add-indicator-alert", "ms_machine_id", sample::LAPTOP, "unsupported type"),
        ("remove-indicator", "ms_machine_id", sample::LAPTOP, "unsupported type"),
        ("add-indicator-alert", "email", "mara@contoso.example", "unsupported type"),
    ] {
        assert_failed(&relay.trigger(action, kind, value).await, code);
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test]
async fn i06_invalid_ids_never_reach_the_product() {
    let relay = TestRelay::open().await;
    for (kind, value) in [
        ("ms_machine_id", "x/../y"),
        ("ms_machine_id", ".."),
        ("ms_machine_id", "a?b"),
        ("ip", "203.0.113.0/24"),
        ("sha1", "short"),
        ("domain", "a b"),
        ("url", "no-scheme"),
    ] {
        let action = if kind == "ms_machine_id" { "FullIsolation" } else { "add-indicator-alert" };
        assert_failed(&relay.trigger(action, kind, value).await, "invalid argument");
    }
    for number in [json!("1/../../machines"), json!("x"), json!(""), json!(-1), json!(1.5)] {
        let mut body = trigger("remove-indicator", "ip", sample::ADDRESS);
        body["indicator_id"] = number;
        assert_failed(&relay.trigger_with(contoso(), &body).await, "invalid payload");
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test]
async fn a_missing_member_is_an_error_without_data() {
    let relay = TestRelay::open().await;
    for member in ["action-id", "observable_type", "observable_value"] {
        let mut body = trigger("FullIsolation", "ms_machine_id", sample::LAPTOP);
        body.as_object_mut().unwrap().remove(member);
        let answer = relay.ask(TRIGGER, &body).await;
        assert_eq!(
            (codes(&answer), answer.get("data")),
            (vec![("fatal", "invalid payload")], None)
        );
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test]
async fn a_setting_limits_the_actions_that_are_done() {
    let relay = TestRelay::with(&[("DEFENDER_ACTIONS", "Unisolate")]).await;
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "invalid request");
    assert!(relay.sandbox.calls().is_empty());
    let answer = relay.trigger("Unisolate", "ms_machine_id", sample::WORKSTATION).await;
    assert_eq!(answer, success());
}

#[tokio::test]
async fn an_action_without_login_was_not_requested() {
    let relay = TestRelay::open().await;
    let login = When::any().mentioning("client_credentials");
    relay.sandbox.fault(login, Fault::status(401), Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "authorization error");
    assert!(!message(&answer).contains("not known"), "{answer}");
}
