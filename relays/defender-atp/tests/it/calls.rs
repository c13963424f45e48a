//! The requests to Microsoft: their form, their number, their order:
//! docs/relays/defender-atp.md#requests.

mod backends;
mod hunting;

use std::time::Duration;

use sandbox::{
    Call,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};

use crate::test_relay::{
    HUNT, OBSERVE, TOKEN, TestRelay, alert_ids, claims, codes, line, many, message, one, sightings,
};

/// Long enough that calls which may run side by side meet.
const LONG: Duration = Duration::from_millis(100);
/// A file that nobody has seen.
const UNSEEN: &str = "00000000000000000000000000000000000000ff";

/// What a call asks for, in a word.
fn word(call: &Call) -> &'static str {
    let body = String::from_utf8_lossy(&call.body);
    match call.path.as_str() {
        path if path.ends_with(TOKEN) => "token",
        HUNT if body.contains("let hits") => "events",
        HUNT => "adapters",
        path if path.starts_with("/api/files") && path.ends_with("/alerts") => "file alerts",
        path if path.starts_with("/api/files") => "profile",
        path if path.starts_with("/api/ips") => "ip alerts",
        path if path.starts_with("/api/domains") => "domain alerts",
        "/api/machines" => "machines",
        "/api/alerts" => "evidence",
        path => panic!("an unexpected call to {path}"),
    }
}

impl TestRelay {
    /// Both tokens are there, and nothing else is known.
    async fn warm() -> Self {
        let relay = Self::open().await;
        relay.observe(&one("sha1", UNSEEN)).await;
        relay.sandbox.forget_calls();
        relay.sandbox.delay(LONG);
        relay
    }

    /// The requests since the last time, step by step: `sizes` says how many requests each step
    /// has; the order within one does not count.
    #[track_caller]
    fn steps(&self, sizes: &[usize]) -> Vec<Vec<&'static str>> {
        let calls = self.sandbox.calls();
        self.sandbox.forget_calls();
        assert_eq!(calls.len(), sizes.iter().sum::<usize>(), "{calls:#?}");
        let mut words = calls.iter().map(word);
        sizes
            .iter()
            .map(|size| {
                let mut step: Vec<_> = words.by_ref().take(*size).collect();
                step.sort_unstable();
                step
            })
            .collect()
    }
}

/// Row 3 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test]
async fn a_login_is_sent_as_documented() {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    relay.observe(&one("sha1", UNSEEN)).await;
    let login = &relay.sandbox.calls()[0];
    assert_eq!(login.method.as_str(), "POST");
    assert_eq!(login.path, format!("/{}/oauth2/v2.0/token", tenant::CONTOSO.id));
    assert_eq!(login.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(login.header("user-agent"), Some("threat-relays-defender-atp/0.1.0"));
    assert_eq!(
        std::str::from_utf8(&login.body).unwrap(),
        format!(
            "client_id={}&client_secret=Zt8%7Eexample&grant_type=client_credentials&scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default",
            app::DEFENDER.id
        )
    );
}

#[tokio::test]
async fn each_request_is_sent_as_documented() {
    let relay = TestRelay::warm().await;
    relay.observe(&one("md5", sample::SCRIPT_HOST_MD5)).await;
    let calls = relay.sandbox.calls();
    let lines: std::collections::BTreeSet<_> = calls.iter().map(line).collect();
    let expected = [
        format!("GET /api/files/{}", sample::SCRIPT_HOST_MD5),
        format!("GET /api/files/{}/alerts", sample::SCRIPT_HOST_SHA1),
        format!(
            "GET /api/machines?$filter=id eq '{}' or id eq '{}' or id eq '{}'",
            sample::FORGOTTEN_DEVICE,
            sample::RESTRICTED_SERVER,
            sample::WORKSTATION
        ),
        format!("POST {HUNT}"),
    ];
    assert_eq!(lines, expected.into());
    for call in &calls {
        assert_eq!(call.header("user-agent"), Some("threat-relays-defender-atp/0.1.0"));
        assert_eq!(call.header("accept"), Some("application/json"));
        assert!(call.authorization().unwrap().starts_with("Bearer "));
    }
    let hunt = relay.calls(HUNT)[0].json().unwrap();
    assert_eq!(hunt["Timespan"], "P30D");
    assert!(hunt["Query"].as_str().unwrap().contains(sample::SCRIPT_HOST_MD5));
}

#[tokio::test]
async fn i05_a_value_is_one_segment_of_the_path() {
    let relay = TestRelay::warm().await;
    relay
        .observe(&many(&[("ipv6", "2001:DB8:80:0::1"), ("domain", "CDN.Contoso-Files.example.")]))
        .await;
    let paths = |list: &str| {
        let calls = relay.calls(list).into_iter();
        calls.map(|call| call.path).collect::<Vec<_>>()
    };
    assert_eq!(paths("/api/ips"), ["/api/ips/2001%3Adb8%3A80%3A%3A1/alerts"]);
    assert_eq!(paths("/api/domains"), ["/api/domains/cdn.contoso-files.example/alerts"]);
}

#[tokio::test]
async fn an_address_takes_two_steps_and_one_with_cached_devices() {
    for (kind, value, alerts) in [
        ("ip", sample::ADDRESS, "ip alerts"),
        ("ipv6", sample::ADDRESS_V6, "ip alerts"),
        ("domain", sample::DOMAIN, "domain alerts"),
        ("sha1", sample::UPDATER_SHA1, "file alerts"),
    ] {
        let relay = TestRelay::warm().await;
        let mut first = [alerts, "events"];
        first.sort_unstable();
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2, 2]), [first, ["adapters", "machines"]]);
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2]), [first]);
    }
}

#[tokio::test]
async fn a_file_by_another_hash_takes_three_steps_and_fewer_with_cached_hash_and_devices() {
    for (kind, value, sha1) in [
        ("sha256", sample::UPDATER_SHA256, sample::UPDATER_SHA1),
        ("md5", sample::SCRIPT_HOST_MD5, sample::SCRIPT_HOST_SHA1),
    ] {
        let relay = TestRelay::warm().await;
        relay.observe(&one(kind, value)).await;
        // The tables do not know the one file by the MD5's companion, so nothing is hunted again.
        let steps = relay.steps(&[2, 1, 2]);
        assert_eq!(
            steps,
            [&["events", "profile"][..], &["file alerts"], &["adapters", "machines"]]
        );
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2]), [["events", "file alerts"]]);
        relay.clock.advance(Duration::from_secs(15 * 60));
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2, 2]), [["events", "file alerts"], ["adapters", "machines"]]);

        let relay = TestRelay::warm().await;
        relay.observe(&one("sha1", sha1)).await;
        relay.sandbox.forget_calls();
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2, 1]), [&["events", "profile"][..], &["file alerts"]]);
    }
}

#[tokio::test]
async fn events_are_searched_by_sha1_where_the_table_lacks_the_given_hash() {
    let relay = TestRelay::warm().await;
    let answer = relay.observe(&one("sha256", sample::SCRIPT_HOST_SHA256)).await;
    assert_eq!(
        relay.steps(&[2, 2, 2]),
        [["events", "profile"], ["events", "file alerts"], ["adapters", "machines"]]
    );
    assert_eq!(alert_ids(&answer).iter().filter(|id| **id == "-").count(), 3);
}

#[tokio::test]
async fn requests_for_mixed_observables_overlap() {
    let relay = TestRelay::warm().await;
    let observables = many(&[("ip", sample::ADDRESS), ("sha256", sample::UPDATER_SHA256)]);
    relay.observe(&observables).await;
    assert_eq!(
        relay.steps(&[3, 3, 2]),
        [
            &["events", "ip alerts", "profile"][..],
            &["adapters", "file alerts", "machines"],
            &["adapters", "machines"],
        ]
    );
    // The file's devices are those of the address, which are cached.
    let relay = TestRelay::warm().await;
    let observables = many(&[("ip", sample::ADDRESS), ("sha1", sample::UPDATER_SHA1)]);
    relay.observe(&observables).await;
    relay.sandbox.forget_calls();
    relay.observe(&many(&[("domain", sample::DOMAIN), ("sha256", sample::UPDATER_SHA256)])).await;
    assert_eq!(relay.steps(&[3, 1]).concat().len(), 4);
}

/// Addresses, domains and hashes that nobody has seen, and four values that alerts know.
fn mixed_observables(size: usize) -> Value {
    let known = [
        ("sha1", sample::UPDATER_SHA1.to_owned()),
        ("sha256", sample::SCRIPT_HOST_SHA256.to_owned()),
        ("ip", sample::ADDRESS.to_owned()),
        ("domain", sample::DOMAIN.to_owned()),
    ];
    let unseen = (0..size - known.len()).map(|n| match n % 5 {
        0 => ("ip", format!("192.0.2.{n}")),
        1 => ("domain", format!("d{n}.example")),
        2 => ("sha1", format!("{n:040x}")),
        3 => ("sha256", format!("{n:064x}")),
        _ => ("md5", format!("{n:032x}")),
    });
    let all = known.into_iter().chain(unseen);
    all.map(|(kind, value)| json!({"type": kind, "value": value})).collect()
}

/// Row 9 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test]
async fn ten_and_fifty_observables_take_three_steps() {
    for size in [10, 50] {
        let relay = TestRelay::warm().await;
        let answer = relay.observe(&mixed_observables(size)).await;
        assert_eq!(
            (codes(&answer), relay.sandbox.peak_concurrency()),
            (vec![], (size + 1).min(16))
        );
        // One list or profile for each observable and one hunt; the alerts of the one file that
        // is known and a hunt for it, beside devices; devices that only those alerts name.
        let steps = relay.steps(&[size + 1, 4, 2]);
        assert_eq!(steps[0].iter().filter(|word| **word == "events").count(), 1);
        assert_eq!(steps[1], ["adapters", "events", "file alerts", "machines"]);
        assert_eq!(steps[2], ["adapters", "machines"]);
    }
}

#[tokio::test]
async fn shared_alerts_and_devices_are_requested_once() {
    let relay = TestRelay::warm().await;
    let observables = many(&[
        ("sha1", sample::SCRIPT_HOST_SHA1),
        ("sha256", sample::SCRIPT_HOST_SHA256),
        ("md5", sample::SCRIPT_HOST_MD5),
        ("ip", sample::ADDRESS_V6),
        ("ipv6", sample::ADDRESS_V6),
    ]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(
        relay.steps(&[5, 2]),
        [
            &["events", "file alerts", "ip alerts", "profile", "profile"][..],
            &["adapters", "machines"],
        ]
    );
    let of = |kind: &str| {
        sightings(&answer).iter().filter(|it| it["observables"][0]["type"] == kind).count()
    };
    assert_eq!((of("sha1"), of("sha256"), of("md5")), (7, 7, 7));
    assert_eq!((of("ip"), of("ipv6")), (2, 2));
}

#[tokio::test]
async fn the_two_logins_run_concurrently() {
    let relay = TestRelay::open().await;
    relay.sandbox.delay(LONG);
    relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!(
        relay.steps(&[2, 2, 2]),
        [["token", "token"], ["events", "ip alerts"], ["adapters", "machines"]]
    );
}

/// So many addresses that nobody has seen, and one that alerts know.
fn addresses(unseen: usize) -> Value {
    (1..=unseen)
        .map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")}))
        .chain([json!({"type": "ip", "value": sample::ADDRESS})])
        .collect()
}

#[tokio::test]
async fn a_list_gets_forty_requests_and_hunting_finds_the_other_alerts() {
    let relay = TestRelay::warm().await;
    let answer = relay.observe(&addresses(49)).await;
    assert_eq!(relay.calls("/api/ips").len(), 40);
    assert_eq!(codes(&answer), [("warning", "too many requests")]);
    assert!(message(&answer).starts_with("For 10 observables only the alerts of the last 30 days"));
    // One hunt for the ids of alerts, and all alerts in one call.
    assert_eq!((relay.calls(HUNT).len(), relay.calls("/api/alerts").len()), (3, 1));
    assert!(line(&relay.calls("/api/alerts")[0]).ends_with("&$expand=evidence"));
    assert_eq!(relay.sandbox.peak_concurrency(), 16);
    let alone = TestRelay::open().await.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!(sightings(&answer), sightings(&alone));
}

#[tokio::test]
async fn files_beyond_the_budget_are_hunted_unless_by_md5() {
    let relay = TestRelay::warm().await;
    let hashes = (0..40).map(|n| ("sha256".to_owned(), format!("{n:064x}")));
    let known = [
        ("sha256".to_owned(), sample::UPDATER_SHA256.to_owned()),
        ("md5".to_owned(), sample::MINER_MD5.to_owned()),
    ];
    let all = hashes.chain(known);
    let observables: Value =
        all.map(|(kind, value)| json!({"type": kind, "value": value})).collect();
    let answer = relay.observe(&observables).await;
    assert_eq!(relay.calls("/api/files").len(), 40);
    let messages = answer["errors"].to_string();
    assert!(
        messages.contains("For 1 observables only")
            && messages.contains("about 1 observables were not"),
        "{messages}"
    );
    let ids = alert_ids(&answer);
    for id in ["da638471200000000002_-1002", "da638471200000000003_1003"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
}

#[tokio::test]
async fn alerts_that_cannot_be_requested_are_reported() {
    for hunting in ["mde", "off"] {
        let relay = TestRelay::with(&[("DEFENDER_HUNTING", hunting)]).await;
        let answer = relay.observe(&addresses(49)).await;
        assert_eq!((relay.calls("/api/ips").len(), relay.calls("/api/alerts").len()), (40, 0));
        assert_eq!(codes(&answer), [("warning", "too many requests")]);
        assert!(message(&answer).starts_with("The alerts about 10 observables were not requested"));
    }
    let relay = TestRelay::open().await;
    let answer = relay.observe_for(&app::WITHOUT_HUNTING, &tenant::CONTOSO, &addresses(49)).await;
    let messages = answer["errors"].to_string();
    assert!(messages.contains("alerts about 10 observables were not requested"), "{messages}");
}

#[tokio::test]
async fn an_unknown_file_is_cached_for_ten_minutes() {
    let relay = TestRelay::warm().await;
    let unknown = "ab".repeat(32);
    let profiles = || relay.calls(&format!("/api/files/{unknown}")).len();
    relay.observe(&one("sha256", &unknown)).await;
    relay.clock.advance(Duration::from_secs(599));
    relay.observe(&one("sha256", &unknown)).await;
    assert_eq!(profiles(), 1);
    relay.clock.advance(Duration::from_secs(1));
    relay.observe(&one("sha256", &unknown)).await;
    assert_eq!(profiles(), 2);
}

#[tokio::test]
async fn a_file_is_cached_for_a_day_and_a_device_for_a_quarter_of_an_hour() {
    let relay = TestRelay::warm().await;
    let observables = one("sha256", sample::UPDATER_SHA256);
    let counts = || {
        let profile = format!("/api/files/{}", sample::UPDATER_SHA256);
        [relay.calls(&profile).len(), relay.calls("/api/machines").len()]
    };
    for (after, expected) in [
        (0, [1, 1]),
        (15 * 60 - 1, [1, 1]),
        (1, [1, 2]),
        (24 * 3600 - 15 * 60 - 1, [1, 3]),
        (1, [2, 3]),
    ] {
        relay.clock.advance(Duration::from_secs(after));
        relay.observe(&observables).await;
        assert_eq!(counts(), expected, "{after}");
    }
}

#[tokio::test]
async fn more_than_twenty_values_take_several_concurrent_requests() {
    let relay = TestRelay::warm().await;
    let observables: Value =
        (1..=41).map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")})).collect();
    let answer = relay.actions(&observables).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 41 * 3);
    assert_eq!((relay.calls("/api/indicators").len(), relay.sandbox.calls().len()), (3, 3));
    assert_eq!(relay.sandbox.peak_concurrency(), 3);
}

#[tokio::test]
async fn respond_takes_one_step() {
    let relay = TestRelay::warm().await;
    relay
        .actions(&many(&[
            ("ms_machine_id", sample::LAPTOP),
            ("ms_machine_id", sample::SERVER),
            ("ip", sample::ADDRESS),
            ("domain", sample::DOMAIN),
        ]))
        .await;
    assert_eq!((relay.sandbox.calls().len(), relay.sandbox.peak_concurrency()), (5, 5));
}

#[tokio::test]
async fn refer_deliberate_and_version_send_no_request() {
    let relay = TestRelay::open().await;
    for path in ["/refer/observables", "/deliberate/observables", "/version"] {
        relay.ask(path, &one("ip", sample::ADDRESS)).await;
    }
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test]
async fn s02_callers_do_not_share_cache_entries() {
    let relay = TestRelay::open().await;
    let observables = one("sha256", sample::SCRIPT_HOST_SHA256);
    for _ in 0..3 {
        for tenant in [&tenant::CONTOSO, &tenant::FABRIKAM] {
            let answer = relay.observe_for(&app::DEFENDER, tenant, &observables).await;
            let pages: Vec<_> =
                sightings(&answer).iter().filter_map(|it| it["source_uri"].as_str()).collect();
            assert!(!pages.is_empty() && pages.iter().all(|page| page.ends_with(tenant.id)));
        }
    }
    let profile = format!("/api/files/{}", sample::SCRIPT_HOST_SHA256);
    assert_eq!(relay.calls(&profile).len(), 2);
    let machines = relay.calls("/api/machines");
    assert_eq!(machines.len(), 2);
    // The same application with another secret is another caller.
    let mut other = claims(&app::DEFENDER, &tenant::CONTOSO);
    other["client_secret"] = "wrong".into();
    let answer = relay.ask_with(other, OBSERVE, &observables).await;
    assert_eq!(codes(&answer)[0], ("fatal", "authorization error"));
}
