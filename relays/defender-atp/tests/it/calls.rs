//! The requests to Microsoft: their form, their number, their order:
//! docs/relays/defender-atp.md#requests.

mod backends;
mod budget;
mod caches;
mod hunting;
mod incidents;
mod retired;
mod steps;
mod stops;

use std::time::Duration;

use sandbox::{
    Call,
    defender_atp::sample,
    identity::{app, tenant},
};

use crate::test_relay::{HUNT, TOKEN, TestRelay, line, many, one};

/// Long enough that calls which may run side by side meet.
const LONG: Duration = Duration::from_secs(1);
const BATCH: &str = "/v1.0/$batch";
/// A file that nobody has seen.
const UNSEEN: &str = "00000000000000000000000000000000000000ff";

/// What a call asks for, in a word.
fn word(call: &Call) -> &'static str {
    let body = String::from_utf8_lossy(&call.body);
    match call.path.as_str() {
        path if path.ends_with(TOKEN) => "token",
        HUNT if body.contains("let hits") => "events",
        HUNT => "adapters",
        BATCH if body.contains("/security/incidents/") => "incidents",
        BATCH => "batch",
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
#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn each_request_is_sent_as_documented() {
    let relay = TestRelay::warm().await;
    relay.observe(&one("md5", sample::SCRIPT_HOST_MD5)).await;
    let calls = relay.sandbox.calls();
    let lines: std::collections::BTreeSet<_> = calls.iter().map(line).collect();
    let expected = [
        format!("GET /api/files/{}", sample::SCRIPT_HOST_MD5),
        format!("GET /api/files/{}/alerts?$top=1000", sample::SCRIPT_HOST_SHA1),
        format!(
            "GET /api/machines?$filter=id eq '{}' or id eq '{}' or id eq '{}'",
            sample::FORGOTTEN_DEVICE,
            sample::RESTRICTED_SERVER,
            sample::WORKSTATION
        ),
        format!("POST {HUNT}"),
        format!("POST {BATCH}"),
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn refer_and_version_send_no_request() {
    let relay = TestRelay::open().await;
    for path in ["/refer/observables", "/version"] {
        relay.ask(path, &one("ip", sample::ADDRESS)).await;
    }
    assert!(relay.sandbox.calls().is_empty());
}
