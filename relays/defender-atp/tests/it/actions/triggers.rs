//! Actions are done as documented, `success` is only what the product confirmed, and nothing is
//! requested twice: docs/relays/defender-atp.md#trigger.

use std::time::Duration;

use http::Method;
use sandbox::{
    Fault, Times,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{TOKEN, TRIGGER, TestRelay, claims, contoso, line, trigger};

pub(super) fn success() -> Value {
    json!({"data": {"status": "success"}})
}

/// The answer says failure and why.
#[track_caller]
pub(super) fn assert_failed(answer: &Answer, code: &str) {
    assert_eq!(answer["data"]["status"], "failure", "{answer}");
    assert_eq!(answer.errors(), [("fatal", code)], "{answer}");
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

#[tokio::test(start_paused = true)]
async fn every_action_on_a_device_is_sent_as_documented() {
    let comment = "Requested from Cisco XDR";
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
#[tokio::test(start_paused = true)]
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
                "title": "From Cisco XDR",
                "description": "Created by an action that was requested from Cisco XDR",
            });
            if let Some(severity) = severity {
                body["severity"] = severity.into();
            }
            assert_eq!(sent_change(&relay), ("POST /api/indicators".to_owned(), body));
        }
    }
}

/// Row 5 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn a_removal_fails_with_the_reason_when_its_indicator_cannot_be_looked_up() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/indicators", Fault::status(500), Times::Always);
    let answer = relay.trigger("remove-indicator", "ip", sample::ADDRESS).await;
    assert_failed(&answer, "internal error");
    assert!(relay.sandbox.calls().iter().all(|call| call.method != Method::DELETE));
}

/// Row 18 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn a_refused_action_is_an_invalid_request_with_the_message_of_the_product() {
    let relay = TestRelay::open().await;
    let twice = relay.trigger("FullIsolation", "ms_machine_id", sample::WORKSTATION).await;
    assert_failed(&twice, "invalid request");
    assert!(twice.message().contains("ActiveRequestAlreadyExists") || twice.message().len() > 40);
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
        assert!(answer.message().contains(&needed), "{answer}");
    }
    let unknown = relay.trigger("RunAntiVirusScanFull", "ms_machine_id", "no-such-device").await;
    assert_failed(&unknown, "invalid request");
    for status in [400, 403, 404, 409, 418] {
        relay.sandbox.fault("/api/indicators", Fault::status(status), Times::Next(1));
        let answer = relay.trigger("add-indicator-alert", "ip", "192.0.2.9").await;
        assert_failed(&answer, "invalid request");
    }
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn a_missing_member_is_an_error_without_data() {
    let relay = TestRelay::open().await;
    for member in ["action-id", "observable_type", "observable_value"] {
        let mut body = trigger("FullIsolation", "ms_machine_id", sample::LAPTOP);
        body.as_object_mut().unwrap().remove(member);
        let answer = relay.ask(TRIGGER, &body).await;
        assert_eq!(
            (answer.errors(), answer.get("data")),
            (vec![("fatal", "invalid payload")], None)
        );
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_setting_limits_the_actions_that_are_done() {
    let relay = TestRelay::with(&[("DEFENDER_ACTIONS", "Unisolate")]).await;
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "invalid request");
    assert!(relay.sandbox.calls().is_empty());
    let answer = relay.trigger("Unisolate", "ms_machine_id", sample::WORKSTATION).await;
    assert_eq!(answer, success());
}
