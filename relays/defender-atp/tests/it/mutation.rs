//! Whatever Microsoft sends: answers with parts replaced and removed at random give valid CTIM or
//! a clear error.

use proptest::prelude::*;
use sandbox::{Fault, Times, When, defender_atp::sample};
use serde_json::{Value, json};
use testkit::{
    ctim::{self, Expectation, Route},
    mutation::{self, Change, assert_valid, mutate},
};
use tokio::runtime::Runtime;

use crate::test_relay::{HUNT, OBSERVE, RESPOND, TestRelay, many};

const ALERTS: &str = include_str!("../golden/worked-example/alerts.json");
const MACHINES: &str = include_str!("../golden/worked-example/machines.json");
const EVENTS: &str = include_str!("../golden/worked-example/events.json");
const ADAPTERS: &str = include_str!("../golden/worked-example/adapters.json");
const PROFILE: &str = include_str!("../golden/worked-example/profile.json");

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let own = [
        json!(900),
        json!(" "),
        json!("://"),
        json!("http://[::1]/x"),
        json!("https://x.example/ \u{7f}"),
        json!("2001:db8::1%eth0"),
        json!("203.0.113.80"),
        json!("2026-10-30T06:12:01.1234567Z"),
        json!("[{\"IPAddress\":"),
    ];
    mutation::changes(&own, 0..6)
}

fn changed(text: &str, changes: &[Change]) -> Value {
    mutate(serde_json::from_str(text).unwrap(), changes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn n09_f6_mutated_answers_give_valid_sightings(
        alerts in changes(),
        machines in changes(),
        events in changes(),
        adapters in changes(),
        profile in changes(),
    ) {
        let observables = many(&[("sha256", sample::SCRIPT_HOST_SHA256), ("sha1", sample::SCRIPT_HOST_SHA1)]);
        let answer = Runtime::new().unwrap().block_on(async {
            let relay = TestRelay::open().await;
            let sends = |when: When, answer: Value| {
                relay.sandbox.fault(when, Fault::json(200, &answer), Times::Always);
            };
            sends(When::path("/api/files").mentioning("/alerts"), changed(ALERTS, &alerts));
            sends(When::path("/api/files"), changed(PROFILE, &profile));
            sends(When::path("/api/alerts"), changed(ALERTS, &alerts));
            sends(When::path("/api/machines"), changed(MACHINES, &machines));
            sends(When::path(HUNT).mentioning("let hits"), changed(EVENTS, &events));
            sends(When::path(HUNT), changed(ADAPTERS, &adapters));
            relay.ask(OBSERVE, &observables).await
        });
        ctim::assert_valid(Route::Observe, &answer, &Expectation::about(&observables));
        assert_valid(Route::Observe, &observables, &answer)?;
    }

    #[test]
    fn n09_f6_mutated_answers_give_valid_actions(
        available in changes(),
        history in changes(),
        indicators in changes(),
    ) {
        let observables = many(&[("ms_machine_id", sample::LAPTOP), ("ip", sample::ADDRESS)]);
        let available = changed(r#"{"value": [{"action": "FullIsolation", "isAvailable": true}]}"#, &available);
        let history = changed(
            r#"{"value": [{"id": "1", "type": "Isolate", "status": "Succeeded", "creationDateTimeUtc": "2026-10-30T08:00:00Z"}]}"#,
            &history,
        );
        let indicators = changed(
            r#"{"value": [{"id": "995", "indicatorValue": "203.0.113.80", "indicatorType": "IpAddress", "action": "Block", "title": "t"}]}"#,
            &indicators,
        );
        let answer = Runtime::new().unwrap().block_on(async {
            let relay = TestRelay::open().await;
            for (path, answer) in
                [("/api/machines/", available), ("/api/machineactions", history), ("/api/indicators", indicators)]
            {
                relay.sandbox.fault(path, Fault::json(200, &answer), Times::Always);
            }
            relay.ask(RESPOND, &observables).await
        });
        ctim::assert_valid(Route::Respond, &answer, &Expectation::about(&observables));
        assert_valid(Route::Respond, &observables, &answer)?;
    }
}
