//! Whatever Microsoft sends: answers with parts replaced and removed at random give valid CTIM or
//! a clear error.

use proptest::{prelude::*, sample::Index};
use relay_sandbox::{Fault, Times, When, defender_atp::sample};
use relay_testkit::ctim::{self, Asked, Route, Severity};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::desk::{Desk, HUNT, OBSERVE, RESPOND, contoso, many};

const ALERTS: &str = include_str!("../golden/worked-example/alerts.json");
const MACHINES: &str = include_str!("../golden/worked-example/machines.json");
const EVENTS: &str = include_str!("../golden/worked-example/events.json");
const ADAPTERS: &str = include_str!("../golden/worked-example/adapters.json");
const PROFILE: &str = include_str!("../golden/worked-example/profile.json");

/// What may stand where something else is expected; none removes the member.
fn odd() -> impl Strategy<Value = Option<Value>> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let fixed: Vec<_> = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(900),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!(" "),
        json!("\u{0}\u{202e}\n"),
        json!("://"),
        json!("http://[::1]/x"),
        json!("https://x.example/ \u{7f}"),
        json!("2001:db8::1%eth0"),
        json!("203.0.113.80"),
        json!("2026-10-30T06:12:01.1234567Z"),
        json!("9999-12-31T23:59:59Z"),
        json!("[{\"IPAddress\":"),
        json!([]),
        json!({}),
        json!([null, 1, "x", [], {}]),
        json!("long \u{1F600} ".repeat(1000)),
        deep,
    ]
    .into_iter()
    .map(Some)
    .chain([None])
    .collect();
    prop_oneof![4 => prop::sample::select(fixed), 1 => any::<String>().prop_map(|text| Some(text.into()))]
}

/// The places of all members and items, as JSON pointers, outer ones first.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let inner: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(name, it)| (name.clone(), it)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, it)| (n.to_string(), it)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        all.push(place.clone());
        places(value, &place, all);
    }
}

fn mutate(text: &str, changes: &[(Index, Option<Value>)]) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    for (index, odd) in changes {
        let mut all = Vec::new();
        places(&value, "", &mut all);
        if all.is_empty() {
            break;
        }
        let place = index.get(&all);
        let (parent, name) = place.rsplit_once('/').unwrap();
        match (value.pointer_mut(parent).unwrap(), odd) {
            (Value::Object(members), None) => drop(members.remove(name)),
            (parent, odd) => *parent.pointer_mut(&format!("/{name}")).unwrap() = odd.clone().into(),
        }
    }
    value
}

fn changes() -> impl Strategy<Value = Vec<(Index, Option<Value>)>> {
    prop::collection::vec((any::<Index>(), odd()), 0..6)
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
        let wanted = many(&[("sha256", sample::SCRIPT_HOST_SHA256), ("sha1", sample::SCRIPT_HOST_SHA1)]);
        let answer = Runtime::new().unwrap().block_on(async {
            let desk = Desk::open().await;
            let sends = |when: When, answer: Value| {
                desk.sandbox.fault(when, Fault::json(200, &answer), Times::Always);
            };
            sends(When::path("/api/files").mentioning("/alerts"), mutate(ALERTS, &alerts));
            sends(When::path("/api/files"), mutate(PROFILE, &profile));
            sends(When::path("/api/alerts"), mutate(ALERTS, &alerts));
            sends(When::path("/api/machines"), mutate(MACHINES, &machines));
            sends(When::path(HUNT).mentioning("let hits"), mutate(EVENTS, &events));
            sends(When::path(HUNT), mutate(ADAPTERS, &adapters));
            desk.ask(contoso(), OBSERVE, &wanted).await
        });
        let wrong: Vec<_> = ctim::check(Route::Observe, &answer, &Asked::about(&wanted))
            .into_iter()
            .filter(|finding| finding.severity != Severity::Accepted)
            .collect();
        prop_assert_eq!(wrong, []);
        prop_assert!(!answer.to_string().contains("failed unexpectedly"), "{}", answer);
    }

    #[test]
    fn n09_f6_mutated_answers_give_valid_actions(
        available in changes(),
        history in changes(),
        indicators in changes(),
    ) {
        let wanted = many(&[("ms_machine_id", sample::LAPTOP), ("ip", sample::ADDRESS)]);
        let available = mutate(r#"{"value": [{"action": "FullIsolation", "isAvailable": true}]}"#, &available);
        let history = mutate(
            r#"{"value": [{"id": "1", "type": "Isolate", "status": "Succeeded", "creationDateTimeUtc": "2026-10-30T08:00:00Z"}]}"#,
            &history,
        );
        let indicators = mutate(
            r#"{"value": [{"id": "995", "indicatorValue": "203.0.113.80", "indicatorType": "IpAddress", "action": "Block", "title": "t"}]}"#,
            &indicators,
        );
        let answer = Runtime::new().unwrap().block_on(async {
            let desk = Desk::open().await;
            for (path, answer) in
                [("/api/machines/", available), ("/api/machineactions", history), ("/api/indicators", indicators)]
            {
                desk.sandbox.fault(path, Fault::json(200, &answer), Times::Always);
            }
            desk.ask(contoso(), RESPOND, &wanted).await
        });
        let wrong: Vec<_> = ctim::check(Route::Respond, &answer, &Asked::about(&wanted))
            .into_iter()
            .filter(|finding| finding.severity != Severity::Accepted)
            .collect();
        prop_assert_eq!(wrong, []);
        prop_assert!(!answer.to_string().contains("failed unexpectedly"), "{}", answer);
    }
}
