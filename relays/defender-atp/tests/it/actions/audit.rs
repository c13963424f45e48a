//! Every action that somebody asks for leaves two lines in the log, before and after it.

use sandbox::{
    Fault, Times,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::Value;
use testkit::captured_logs::{self, CapturedLogs};
use tracing::Level;

use crate::test_relay::{TestRelay, contoso, trigger};

/// The lines of the audit since the last time.
fn audit(logs: &CapturedLogs) -> Vec<Value> {
    let text = logs.take();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["target"] == "relay_core::audit").collect()
}

/// The result in the second of the two lines about a trigger.
async fn result(
    relay: &TestRelay,
    logs: &CapturedLogs,
    action: &str,
    kind: &str,
    value: &str,
) -> String {
    relay.trigger(action, kind, value).await;
    let lines = audit(logs);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(lines[0]["fields"]["result"], "requested");
    lines[1]["fields"]["result"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn p13_each_action_leaves_two_lines_without_credentials() {
    let logs = captured_logs::listen_to(Level::TRACE);
    let relay = TestRelay::open().await;
    logs.take();
    relay.trigger("RunAntiVirusScanQuick", "ms_machine_id", sample::LAPTOP).await;
    let lines = audit(&logs);
    assert_eq!(lines.len(), 2);
    let fields = &lines[1]["fields"];
    let account = format!("tenant {}, application {}", tenant::CONTOSO.id, app::DEFENDER.id);
    for (name, expected) in [
        ("account", &*account),
        ("action", "microsoft-defender-RunAntiVirusScanQuick"),
        ("observable_type", "ms_machine_id"),
        ("observable_value", sample::LAPTOP),
        ("indicator", ""),
        ("result", "accepted"),
        ("code", ""),
    ] {
        assert_eq!(fields[name], expected, "{name}");
    }

    let mut removal = trigger("remove-indicator", "ip", sample::ADDRESS);
    removal["indicator_id"] = 123_456.into();
    relay.trigger_with(contoso(), &removal).await;
    let fields = audit(&logs)[1]["fields"].clone();
    assert_eq!((&fields["result"], &fields["code"]), (&"not asked".into(), &"not found".into()));
    assert_eq!(fields["indicator"], "123456");

    let unasked = result(&relay, &logs, "Offboard", "ms_machine_id", sample::LAPTOP).await;
    assert_eq!(unasked, "not asked");
    let malicious = "x\nresult=\"accepted\" \u{1b}[31m";
    assert_eq!(
        result(&relay, &logs, "FullIsolation", "ms_machine_id", malicious).await,
        "not asked"
    );
    let isolated =
        result(&relay, &logs, "FullIsolation", "ms_machine_id", sample::WORKSTATION).await;
    assert_eq!(isolated, "refused");
    relay.sandbox.fault("/api/machines", Fault::ResetBeforeAnswer, Times::Always);
    let lost = result(&relay, &logs, "FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_eq!(lost, "unknown");
}

#[tokio::test(start_paused = true)]
async fn p01_no_log_holds_a_secret_or_a_token() {
    let logs = captured_logs::listen_to(Level::TRACE);
    let relay = TestRelay::open().await;
    relay.observe(&crate::test_relay::one("ip", sample::ADDRESS)).await;
    relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    let secret = app::DEFENDER.secret;
    relay.sandbox.fault(
        "/api",
        Fault::Status {
            code: 403,
            headers: Vec::new(),
            body: serde_json::json!({"error": {"message": format!("bad {secret}")}}).to_string(),
        },
        Times::Always,
    );
    relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    let tokens: Vec<_> = relay
        .sandbox
        .calls()
        .iter()
        .filter_map(|call| call.authorization()?.strip_prefix("Bearer ").map(str::to_owned))
        .collect();
    let ours: String = logs
        .take()
        .lines()
        .filter(|line| {
            line.contains("\"target\":\"relay_core") || line.contains("\"target\":\"defender_atp")
        })
        .collect();
    assert!(!tokens.is_empty() && !ours.is_empty());
    assert!(!ours.contains(secret) && !ours.contains("eyJ"), "{ours}");
    assert!(tokens.iter().all(|token| !ours.contains(token.as_str())));
}
