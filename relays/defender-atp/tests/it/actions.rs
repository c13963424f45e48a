//! Actions are offered as devices and indicators stand: docs/relays/defender-atp.md#actions.

mod audit;
mod guards;
mod outcomes;
mod triggers;

use sandbox::{
    Fault, Times,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{RESPOND, TestRelay, claims, many, one};

/// The titles of what is offered.
fn titles(answer: &Answer) -> Vec<&str> {
    let actions = answer["data"].as_array().map_or(&[][..], Vec::as_slice);
    actions.iter().map(|action| action["title"].as_str().unwrap()).collect()
}

async fn device(id: &str) -> Vec<String> {
    let answer = TestRelay::open().await.actions(&one("ms_machine_id", id)).await;
    assert_eq!(answer.errors(), []);
    titles(&answer).into_iter().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn a_device_is_offered_its_available_actions_by_title() {
    assert_eq!(
        device(sample::LAPTOP).await,
        [
            "Collect investigation package from ws-088.contoso.example",
            "Isolate ws-088.contoso.example (full)",
            "Isolate ws-088.contoso.example (selective)",
            "Restrict apps on ws-088.contoso.example",
            "Run antivirus scan on ws-088.contoso.example (full)",
            "Run antivirus scan on ws-088.contoso.example (quick)",
            "Start automated investigation of ws-088.contoso.example",
        ]
    );
    assert_eq!(
        device(sample::SERVER).await,
        [
            "Collect investigation package from srv-7.contoso.example",
            "Isolate srv-7.contoso.example (full)",
            "Run antivirus scan on srv-7.contoso.example (full)",
            "Run antivirus scan on srv-7.contoso.example (quick)",
        ]
    );
    assert!(device(sample::BARE_DEVICE).await.is_empty());
}

/// Row 7 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_state_is_offered_last() {
    assert_eq!(
        device(sample::WORKSTATION).await,
        [
            "Run antivirus scan on ws-204.contoso.example (full)",
            "Run antivirus scan on ws-204.contoso.example (quick)",
            "Release ws-204.contoso.example from isolation",
        ]
    );
    let restricted = device(sample::RESTRICTED_SERVER).await;
    let last = Some("Remove app restrictions from srv-22.contoso.example");
    assert_eq!(restricted.last().map(String::as_str), last);
    assert!(!restricted.iter().any(|title| title.starts_with("Restrict apps")));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_device_is_offered_nothing() {
    for id in
        ["0000000000000000000000000000000000000000", "no-such-device", sample::FORGOTTEN_DEVICE]
    {
        assert!(device(id).await.is_empty(), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_is_offered_when_availability_is_unknown() {
    let availability = format!("/api/machines/{}/availableMachineActions", sample::SERVER);
    let missing = json!({"error": {"code": "NotFound", "message": "No such address."}});
    for fault in [Fault::json(404, &missing), Fault::status(400), Fault::status(404)] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault(availability.as_str(), fault, Times::Always);
        let answer = relay.actions(&one("ms_machine_id", sample::SERVER)).await;
        assert_eq!((answer.errors(), titles(&answer).len()), (vec![], 7));
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_whose_state_is_not_known_is_offered_nothing() {
    for path in ["/api/machines/", "/api/machineactions"] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault(path, Fault::Forbidden, Times::Always);
        let observables = many(&[("ms_machine_id", sample::LAPTOP), ("domain", "new.example")]);
        let answer = relay.actions(&observables).await;
        assert_eq!(answer.errors(), [("fatal", "permission denied")]);
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("Machine.Read.All"));
        assert_eq!(titles(&answer).len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn an_indicator_that_is_there_can_be_removed() {
    let relay = TestRelay::open().await;
    let check = async |kind: &str, value: &str, description: &str| {
        let answer = relay.actions(&one(kind, value)).await;
        assert_eq!(titles(&answer), [format!("Remove indicator for {value}")]);
        let action = &answer["data"][0];
        let found = action["description"].as_str().unwrap();
        assert!(found.starts_with(description), "{found}");
        assert_eq!(action["id"], "microsoft-defender-remove-indicator");
        assert_eq!(
            action["categories"],
            json!(["Microsoft Defender for Endpoint", "Remove Indicator"])
        );
        assert!(action["query-params"]["indicator_id"].is_string());
        assert_eq!(action["query-params"]["observable_value"], value);
    };
    check("ip", sample::ADDRESS, "Ends the action Block of \"").await;
    check("sha1", sample::DOWNLOADER_SHA1, "Ends the action Alert and Block of \"").await;
    check("url", sample::WARNED_URL, "Ends the action Warn of \"").await;
}

#[tokio::test(start_paused = true)]
async fn indicators_are_found_in_any_case_by_given_value_and_normal_form() {
    let relay = TestRelay::open().await;
    for (kind, stored) in [
        ("sha256", sample::UPDATER_SHA256.to_uppercase()),
        ("domain", "Partner.Contoso-Files.example".to_owned()),
        ("sha1", sample::DOWNLOADER_SHA1.to_uppercase()),
    ] {
        let answer = relay.actions(&one(kind, &stored)).await;
        assert_eq!(titles(&answer).len(), 1, "{kind}");
        assert_eq!(answer["data"][0]["query-params"]["observable_value"], stored.as_str());
    }
    assert_eq!(relay.calls("/api/indicators").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn three_indicators_can_be_added_where_there_is_none() {
    let relay = TestRelay::open().await;
    for (kind, value) in [
        ("sha1", "0000000000000000000000000000000000000001"),
        ("sha256", &"0".repeat(64)),
        ("md5", &"0".repeat(32)),
        ("ip", "192.0.2.9"),
        ("ipv6", "2001:db8::9"),
        ("domain", "new.example"),
        ("url", "https://new.example/x"),
    ] {
        let answer = relay.actions(&one(kind, value)).await;
        assert_eq!(
            titles(&answer),
            [
                format!("Add indicator: alert on {value}"),
                format!("Add indicator: alert on and block {value}"),
                format!("Add indicator: allow {value}"),
            ]
        );
        let blocks =
            "Every device blocks it, quarantines it where it is a file, and raises an alert.";
        assert_eq!(answer["data"][1]["description"], blocks);
        assert_eq!(answer["data"][0]["query-params"].get("indicator_id"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_indicator_of_another_type_does_not_match() {
    let relay = TestRelay::open().await;
    let other = json!({"value": [
        {"id": "7", "indicatorValue": "192.0.2.9", "indicatorType": "Url", "action": "Block", "title": "x"},
        {"id": "8", "indicatorValue": "192.0.2.99", "indicatorType": "IpAddress", "action": "Block"},
    ]});
    relay.sandbox.fault("/api/indicators", Fault::json(200, &other), Times::Always);
    assert_eq!(titles(&relay.actions(&one("ip", "192.0.2.9")).await).len(), 3);
}

/// Row 8 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn a_failing_list_of_indicators_is_an_error_and_offers_nothing() {
    for (fault, code) in [
        (Fault::Forbidden, "permission denied"),
        (Fault::status(400), "invalid request"),
        (Fault::status(500), "internal error"),
        (Fault::Html, "unknown"),
    ] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault("/api/indicators", fault, Times::Always);
        let answer = relay.ask(RESPOND, &one("ip", sample::ADDRESS)).await;
        assert_eq!((answer.errors(), answer.get("data")), (vec![("fatal", code)], None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_refused_is_sent_in_halves() {
    let relay = TestRelay::open().await;
    let odata = json!({"error": {"code": "ODataError", "message": "Too many terms."}});
    let chain = sandbox::When::path("/api/indicators").mentioning(" or ");
    relay.sandbox.fault(chain, Fault::json(400, &odata), Times::Always);
    let observables =
        many(&[("ip", sample::ADDRESS), ("ip", "192.0.2.9"), ("domain", "new.example")]);
    let answer = relay.actions(&observables).await;
    assert_eq!((answer.errors(), titles(&answer).len()), (vec![], 7));
    // Three values; two and one; the two again, each alone.
    assert_eq!(relay.calls("/api/indicators").len(), 5);
    relay.sandbox.forget_calls();
    let answer = relay.actions(&observables).await;
    assert_eq!((answer.errors(), relay.calls("/api/indicators").len()), (vec![], 3));
}

#[tokio::test(start_paused = true)]
async fn indicators_of_later_pages_are_found() {
    let relay = TestRelay::open().await;
    let page = |rows: Value, next: Option<&str>| {
        let mut page = json!({"value": rows});
        if let Some(next) = next {
            page["@odata.nextLink"] = format!("{}{next}", relay.sandbox.url()).into();
        }
        Fault::json(200, &page)
    };
    let row = json!([{"id": "7", "indicatorValue": "192.0.2.9", "indicatorType": "IpAddress", "action": "Block"}]);
    let second = sandbox::When::path("/api/indicators").mentioning("$skip=1");
    relay.sandbox.fault(second, page(row, None), Times::Always);
    let other = json!([{"id": "6", "indicatorValue": "x", "indicatorType": "Url"}]);
    relay.sandbox.fault(
        "/api/indicators",
        page(other, Some("/api/indicators?$skip=1")),
        Times::Always,
    );
    let answer = relay.actions(&one("ip", "192.0.2.9")).await;
    assert_eq!(titles(&answer), ["Remove indicator for 192.0.2.9"]);
    assert_eq!(answer["data"][0]["description"], "Ends the action Block on every device.");
}

#[tokio::test(start_paused = true)]
async fn a_setting_limits_the_actions_that_are_offered() {
    let settings = [("DEFENDER_ACTIONS", "RunAntiVirusScanQuick,Unisolate,add-indicator-alert")];
    let relay = TestRelay::with(&settings).await;
    let observables = many(&[
        ("ms_machine_id", sample::LAPTOP),
        ("ms_machine_id", sample::WORKSTATION),
        ("domain", "new.example"),
        ("ip", sample::ADDRESS),
    ]);
    assert_eq!(
        titles(&relay.actions(&observables).await),
        [
            "Run antivirus scan on ws-088.contoso.example (quick)",
            "Run antivirus scan on ws-204.contoso.example (quick)",
            "Release ws-204.contoso.example from isolation",
            "Add indicator: alert on new.example",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn devices_are_named_by_one_request_that_no_offer_depends_on() {
    let relay = TestRelay::open().await;
    let devices =
        many(&[("ms_machine_id", sample::LAPTOP), ("ms_machine_id", sample::WORKSTATION)]);
    relay.actions(&devices).await;
    let names = || relay.calls_where(|call| call.path == "/api/machines").len();
    assert_eq!(names(), 1);
    relay.actions(&devices).await;
    assert_eq!(names(), 1);
    // A name needs none, and one that cannot be looked up is the value as given.
    let answer = relay.actions(&one("ms_machine_id", "WS-088.contoso.example")).await;
    assert!(titles(&answer).contains(&"Isolate WS-088.contoso.example (full)"), "{answer}");
    let relay = TestRelay::open().await;
    relay.sandbox.fault(
        sandbox::When::path("/api/machines").mentioning("filter"),
        Fault::status(500),
        Times::Always,
    );
    let answer = relay.actions(&one("ms_machine_id", sample::LAPTOP)).await;
    assert_eq!(answer.errors(), []);
    let title = format!("Isolate {} (full)", sample::LAPTOP);
    assert!(titles(&answer).contains(&title.as_str()), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_application_without_permission_is_told_which() {
    let relay = TestRelay::open().await;
    let answer = relay
        .ask_with(claims(&app::READ_ONLY, &tenant::CONTOSO), RESPOND, &one("ip", sample::ADDRESS))
        .await;
    assert_eq!(answer.errors(), [("fatal", "permission denied")]);
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("Ti.ReadWrite.All"));
}
