//! Guard rails: devices that are never isolated or restricted.

use sandbox::{Fault, Times, When, defender_atp::sample};
use serde_json::{Value, json};

use crate::test_relay::{TestRelay, many, one};

const CONFINING: [&str; 3] = ["FullIsolation", "SelectiveIsolation", "RestrictCodeExecution"];

/// The ids of what is offered, without the common prefix.
async fn offered(relay: &TestRelay, device: &str) -> Vec<String> {
    let answer = relay.actions(&one("ms_machine_id", device)).await;
    let id = |action: &Value| {
        action["id"].as_str().unwrap().trim_start_matches("microsoft-defender-").to_owned()
    };
    answer["data"].as_array().unwrap_or(&Vec::new()).iter().map(id).collect()
}

async fn with_protected(protected: &str) -> TestRelay {
    TestRelay::with(&[("DEFENDER_PROTECTED_MACHINES", protected)]).await
}

/// Calls that change something.
fn changes(relay: &TestRelay) -> usize {
    relay.calls("/api").iter().filter(|call| call.method != http::Method::GET).count()
}

#[tokio::test(start_paused = true)]
async fn a_protected_device_is_not_confined_by_id_or_name() {
    for protected in [
        sample::LAPTOP,
        &sample::LAPTOP.to_uppercase(),
        "ws-088.contoso.example",
        "WS-088.contoso.example.",
        "other, WS-088",
    ] {
        let relay = with_protected(protected).await;
        let ids = offered(&relay, sample::LAPTOP).await;
        assert!(
            !ids.is_empty() && ids.iter().all(|id| !CONFINING.contains(&id.as_str())),
            "{ids:?}"
        );
        for action in CONFINING {
            for device in [sample::LAPTOP, "ws-088.contoso.example"] {
                let answer = relay.trigger(action, "ms_machine_id", device).await;
                assert_eq!(answer["data"]["status"], "failure", "{protected} {device}");
                assert_eq!(answer.errors(), [("fatal", "invalid request")], "{protected} {device}");
                assert!(answer.message().contains("protected"), "{answer}");
            }
        }
        assert_eq!(changes(&relay), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_protected_device_may_be_scanned_and_released() {
    let relay = with_protected(&format!("{},ws-204", sample::LAPTOP)).await;
    for (action, device) in
        [("RunAntiVirusScanQuick", sample::LAPTOP), ("Unisolate", sample::WORKSTATION)]
    {
        let answer = relay.trigger(action, "ms_machine_id", device).await;
        assert_eq!(answer["data"]["status"], "success", "{action}");
    }
    let ids = offered(&relay, sample::LAPTOP).await;
    assert!(ids.contains(&"CollectInvestigationPackage".to_owned()), "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn other_devices_are_confined_under_the_id_that_was_checked() {
    let relay = with_protected("dc1.contoso.example").await;
    assert!(offered(&relay, sample::LAPTOP).await.contains(&"FullIsolation".to_owned()));
    let answer = relay.trigger("FullIsolation", "ms_machine_id", "ws-088.contoso.example").await;
    assert_eq!(answer["data"]["status"], "success");
    assert_eq!(relay.calls(&format!("/api/machines/{}/isolate", sample::LAPTOP)).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_cannot_be_checked_is_not_confined() {
    let relay = with_protected("dc1").await;
    let record = format!("/api/machines/{}", sample::LAPTOP);
    for (fault, code) in [
        (Fault::Forbidden, "permission denied"),
        (Fault::status(500), "internal error"),
        (Fault::Html, "unknown"),
        (Fault::ResetInBody, "connection error"),
    ] {
        relay.sandbox.fault(record.as_str(), fault, Times::Next(1));
        let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
        assert_eq!(answer["data"]["status"], "failure", "{answer}");
        assert_eq!(answer.errors(), [("fatal", code)], "{answer}");
        assert!(answer.message().contains("nothing was done"), "{answer}");
    }
    let answer = relay.trigger("FullIsolation", "ms_machine_id", "no-such-device").await;
    assert_eq!(answer.errors(), [("fatal", "invalid request")]);
    assert_eq!(changes(&relay), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_costs_only_the_offers_of_its_device() {
    let relay = with_protected("dc1").await;
    let record = When::path(format!("/api/machines/{}", sample::LAPTOP));
    relay.sandbox.fault(record, Fault::status(500), Times::Always);
    let observables = many(&[("ms_machine_id", sample::LAPTOP), ("domain", "new.example")]);
    let answer = relay.actions(&observables).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 3);
    assert_eq!(answer.errors(), [("fatal", "internal error")]);
}

#[tokio::test(start_paused = true)]
async fn the_check_sends_a_request_only_with_protected_devices() {
    let relay = with_protected("dc1").await;
    relay.actions(&one("ms_machine_id", sample::LAPTOP)).await;
    assert_eq!(relay.calls("/api").len(), 4);
    let relay = TestRelay::open().await;
    relay.actions(&one("ms_machine_id", sample::LAPTOP)).await;
    // What is possible, what was done, and the device's name.
    assert_eq!(relay.calls("/api").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a02_a_device_whose_name_the_product_does_not_know_is_not_confined() {
    for name in [json!(null), json!(""), json!(" "), json!("a b")] {
        let relay = with_protected("dc1.contoso.example").await;
        let record = json!({"id": sample::LAPTOP, "computerDnsName": name});
        let path = format!("/api/machines/{}", sample::LAPTOP);
        let read = When::path(path).method(http::Method::GET);
        relay.sandbox.fault(read, Fault::json(200, &record), Times::Always);
        for action in CONFINING {
            let answer = relay.trigger(action, "ms_machine_id", sample::LAPTOP).await;
            assert_eq!(answer.errors(), [("fatal", "invalid request")], "{name} {answer}");
            assert!(answer.message().contains("cannot be decided"), "{answer}");
        }
        assert_eq!(changes(&relay), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a02_a_short_name_in_the_record_is_taken_for_the_full_one_that_is_listed() {
    for name in ["dc1", "DC1 ", "dc1.contoso.example."] {
        let relay = with_protected("dc1.contoso.example").await;
        let record = json!({"id": sample::LAPTOP, "computerDnsName": name});
        let path = format!("/api/machines/{}", sample::LAPTOP);
        let read = When::path(path).method(http::Method::GET);
        relay.sandbox.fault(read, Fault::json(200, &record), Times::Always);
        let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
        assert!(answer.message().contains("is protected"), "{name} {answer}");
        assert_eq!(changes(&relay), 0);
    }
}
