//! Responses with fields replaced or removed at random give valid CTIM or an error.

use proptest::prelude::*;
use sandbox::{
    Fault, Times,
    gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE},
};
use serde_json::{Value, json};
use testkit::{
    ctim::Route,
    mutation::{self, Change, assert_valid, mutate},
};
use tokio::runtime::Builder;

use crate::test_relay::{OBSERVE, SERVER, TestRelay, one};

/// The responses of the product about [`SERVER`], each with the base and path it belongs to.
const RESPONSES: [(&str, &str, &str); 4] = [
    (DETECTIONS_BASE, "/detections", include_str!("../golden/product/detections.json")),
    (DETECTIONS_BASE, "/events", include_str!("../golden/product/detection_events.json")),
    (EVENTS_BASE, "/query", include_str!("../golden/product/events.json")),
    (ENTITY_BASE, "/entity", include_str!("../golden/product/leases.json")),
];

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let list: Vec<_> = (0..2000).map(|n| json!({"ip": n.to_string(), "md5": "m"})).collect();
    let values = [
        json!("high"),
        json!("dns"),
        json!("http"),
        json!("`:`://[x"),
        json!("2026-03-01T12:19:31.000+0200"),
        json!(list),
    ];
    mutation::changes(&values, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn n09_f6_mutated_responses_give_valid_answers(
        changes in changes(),
        mutated in 0..RESPONSES.len(),
        observable in prop::sample::select(vec![("ip", SERVER), ("domain", "c2.bad.example")]),
    ) {
        let observables = one(observable.0, observable.1);
        let answer = Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let relay = TestRelay::start().await;
            for (index, (base, path, response)) in RESPONSES.into_iter().enumerate() {
                let response: Value = serde_json::from_str(response).unwrap();
                let response =
                    if index == mutated { mutate(response, &changes) } else { response };
                let path = format!("{base}{path}");
                relay.sandbox.fault(path.as_str(), Fault::json(200, &response), Times::Always);
            }
            relay.ask(OBSERVE, &observables).await
        });
        assert_valid(Route::Observe, &observables, &answer)?;
    }
}
