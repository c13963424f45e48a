//! What is not requested again: docs/relays/defender-atp.md#caches.

use std::time::Duration;

use futures::future::join_all;
use sandbox::{
    defender_atp::sample,
    identity::{app, tenant},
};

use crate::test_relay::{OBSERVE, TOKEN, TestRelay, claims, one};

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn cold_calls_at_the_same_time_log_in_once_and_list_devices_once() {
    let alone = TestRelay::open().await;
    let observables = one("sha256", sample::UPDATER_SHA256);
    alone.observe(&observables).await.assert_no_errors();
    let counts = |relay: &TestRelay| {
        let logins = relay.calls_where(|call| call.path.ends_with(TOKEN));
        [logins.len(), relay.calls("/api/machines").len()]
    };
    let relay = TestRelay::open().await;
    for answer in join_all((0..5).map(|_| relay.observe(&observables))).await {
        answer.assert_no_errors();
    }
    assert_eq!(counts(&relay), counts(&alone));
}

#[tokio::test(start_paused = true)]
async fn s02_callers_do_not_share_cache_entries() {
    let relay = TestRelay::open().await;
    let observables = one("sha256", sample::SCRIPT_HOST_SHA256);
    for _ in 0..3 {
        for tenant in [&tenant::CONTOSO, &tenant::FABRIKAM] {
            let answer = relay.observe_for(&app::DEFENDER, tenant, &observables).await;
            let pages: Vec<_> = answer
                .docs("sightings")
                .iter()
                .filter_map(|it| it["source_uri"].as_str())
                .collect();
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
    assert_eq!(answer.errors()[0], ("fatal", "authorization error"));
}
