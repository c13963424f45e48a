//! How many requests follow each other: docs/relays/defender-atp.md#order-of-requests.

use std::time::Duration;

use sandbox::defender_atp::sample;
use serde_json::{Value, json};

use super::LONG;
use crate::test_relay::{OBSERVE, TestRelay, alert_ids, many, one};

/// What the devices of alerts and the incidents beside them take.
const DETAILS: [&str; 3] = ["adapters", "incidents", "machines"];

#[tokio::test(start_paused = true)]
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
        assert_eq!(relay.steps(&[2, 3]), [&first[..], &DETAILS]);
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2]), [first]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_by_another_hash_takes_three_steps_and_fewer_with_cached_hash_and_devices() {
    for (kind, value, sha1) in [
        ("sha256", sample::UPDATER_SHA256, sample::UPDATER_SHA1),
        ("md5", sample::SCRIPT_HOST_MD5, sample::SCRIPT_HOST_SHA1),
    ] {
        let relay = TestRelay::warm().await;
        relay.observe(&one(kind, value)).await;
        let steps = relay.steps(&[2, 2, 3]);
        assert_eq!(steps, [&["events", "profile"][..], &["events", "file alerts"], &DETAILS]);
        // One query searches by both hashes now.
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2]), [["events", "file alerts"]]);
        relay.clock.advance(Duration::from_secs(15 * 60));
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2, 3]), [&["events", "file alerts"][..], &DETAILS]);

        let relay = TestRelay::warm().await;
        relay.observe(&one("sha1", sha1)).await;
        relay.sandbox.forget_calls();
        relay.observe(&one(kind, value)).await;
        assert_eq!(relay.steps(&[2, 2]), [["events", "profile"], ["events", "file alerts"]]);
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_searched_by_sha1_where_the_table_lacks_the_given_hash() {
    let relay = TestRelay::warm().await;
    let answer = relay.observe(&one("sha256", sample::SCRIPT_HOST_SHA256)).await;
    assert_eq!(
        relay.steps(&[2, 2, 3]),
        [&["events", "profile"][..], &["events", "file alerts"], &DETAILS]
    );
    assert_eq!(alert_ids(&answer).iter().filter(|id| **id == "-").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn requests_for_mixed_observables_overlap() {
    let relay = TestRelay::warm().await;
    let observables = many(&[("ip", sample::ADDRESS), ("sha256", sample::UPDATER_SHA256)]);
    relay.observe(&observables).await;
    assert_eq!(
        relay.steps(&[3, 5, 2]),
        [
            &["events", "ip alerts", "profile"][..],
            &["adapters", "events", "file alerts", "incidents", "machines"],
            &["adapters", "machines"],
        ]
    );
    // The file's devices are those of the address, which are cached.
    let relay = TestRelay::warm().await;
    let observables = many(&[("ip", sample::ADDRESS), ("sha1", sample::UPDATER_SHA1)]);
    relay.observe(&observables).await;
    relay.sandbox.forget_calls();
    relay.observe(&many(&[("domain", sample::DOMAIN), ("sha256", sample::UPDATER_SHA256)])).await;
    assert_eq!(relay.steps(&[3, 2]).concat().len(), 5);
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
#[tokio::test(start_paused = true)]
async fn ten_and_fifty_observables_take_three_steps() {
    for size in [10, 50] {
        let relay = TestRelay::warm().await;
        let answer = relay.observe(&mixed_observables(size)).await;
        assert_eq!(
            (answer.errors(), relay.sandbox.peak_concurrency()),
            (vec![], (size + 1).min(16))
        );
        // One list or profile for each observable and one hunt; the alerts of the one file that
        // is known and a hunt for it, beside devices; devices that only those alerts name.
        let steps = relay.steps(&[size + 1, 5, 2]);
        assert_eq!(steps[0].iter().filter(|word| **word == "events").count(), 1);
        assert_eq!(steps[1], ["adapters", "events", "file alerts", "incidents", "machines"]);
        assert_eq!(steps[2], ["adapters", "machines"]);
    }
}

#[tokio::test(start_paused = true)]
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
        relay.steps(&[5, 3]),
        [&["events", "file alerts", "ip alerts", "profile", "profile"][..], &DETAILS]
    );
    let of = |kind: &str| {
        answer.docs("sightings").iter().filter(|it| it["observables"][0]["type"] == kind).count()
    };
    assert_eq!((of("sha1"), of("sha256"), of("md5")), (7, 7, 7));
    assert_eq!((of("ip"), of("ipv6")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn the_two_logins_run_concurrently() {
    let relay = TestRelay::open().await;
    relay.sandbox.delay(LONG);
    relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!(
        relay.steps(&[2, 2, 3]),
        [&["token", "token"][..], &["events", "ip alerts"], &DETAILS]
    );
}

#[tokio::test(start_paused = true)]
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
    assert_eq!((relay.sandbox.calls().len(), relay.sandbox.peak_concurrency()), (6, 6));
}
