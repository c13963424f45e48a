//! Faults of the Python relays that no other test covers, row by row of
//! docs/relays/gigamon-threatinsight.md#differences-from-the-python-originals.

use sandbox::{
    Fault, Times,
    gigamon_threatinsight::{DETECTIONS_BASE, EVENTS_BASE, KEY},
};
use serde_json::{Value, json};

use crate::test_relay::{OBSERVE, SERVER, TestRelay, counts, one};

#[tokio::test(start_paused = true)]
async fn a_value_is_never_a_query() {
    let relay = TestRelay::start().await;
    for value in [
        "x' OR domain != '",
        "bad.example' OR 'a' = 'a",
        "203.0.113.77' OR ip = '0.0.0.0/0",
        "a\\' OR event_type = 'http",
        "domain = 'c2.bad.example'",
    ] {
        for kind in ["ip", "ipv6", "domain", "md5", "sha1", "sha256"] {
            assert_eq!(relay.ask(OBSERVE, &one(kind, value)).await, json!({"data": {}}));
        }
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn limit_flag_and_region_of_one_token_do_not_reach_the_next_call() {
    let relay = TestRelay::start().await;
    let observables = one("ip", "198.51.100.23");
    let before = relay.ask(OBSERVE, &observables).await;
    let claims = json!({
        "key": KEY, "CTR_ENTITIES_LIMIT": 1, "GTI_ALLOW_TEST_ACCOUNTS": true, "GTI_REGION": "eu",
    });
    let other = relay.with_claims(claims).ask(OBSERVE, &observables).await;
    assert_eq!(other.docs("sightings").len(), 1);
    assert_eq!(relay.ask(OBSERVE, &observables).await, before);
}

#[tokio::test(start_paused = true)]
async fn optional_claims_may_be_null_or_missing() {
    let relay = TestRelay::start().await;
    for claims in [
        json!({"key": KEY}),
        json!({"key": KEY, "CTR_ENTITIES_LIMIT": null, "GTI_ALLOW_TEST_ACCOUNTS": null}),
        json!({"key": KEY, "CTR_ENTITIES_LIMIT": "many", "GTI_ALLOW_TEST_ACCOUNTS": []}),
    ] {
        let answer = relay.with_claims(claims).ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 3));
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_a_deleted_rule_have_no_detection() {
    let relay = TestRelay::start().with(&[("GTI_EVENTS_URL", "off")]).await;
    let answer = relay.ask(OBSERVE, &one("md5", "6b1f0e9d8c7b6a594837261504f3e2d1")).await;
    let is_program = |doc: &&Value| doc["title"].as_str().unwrap().starts_with("Program file ");
    let program = answer.docs("sightings").iter().find(is_program).unwrap();
    assert_eq!(program.get("severity"), None);
    assert_eq!(program["external_ids"].as_array().unwrap().len(), 1);
    assert_eq!((answer.docs("indicators").len(), answer.docs("relationships").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn ids_are_the_same_in_any_order_and_unique() {
    let [sha1, md5] = [
        ("sha1", "c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7"),
        ("md5", "6b1f0e9d8c7b6a594837261504f3e2d1"),
    ];
    let forth = TestRelay::start().await.observe([sha1, md5]).await;
    let back = TestRelay::start().await.observe([md5, sha1]).await;
    // One rule matches both.
    assert_eq!(forth.docs("indicators").len(), 1);
    assert_eq!(forth.ids().len(), forth.all_docs().count());
    assert_eq!(forth.ids(), back.ids());
}

#[tokio::test(start_paused = true)]
async fn error_responses_without_json_are_reported() {
    for code in [400, 401, 403, 404, 418, 429, 500, 503] {
        let relay = TestRelay::start().await;
        let headers = vec![("Retry-After".to_owned(), "0".to_owned())];
        let body = "<html><body>Gateway</body></html>".to_owned();
        for path in [DETECTIONS_BASE, EVENTS_BASE] {
            let page = Fault::Status { code, headers: headers.clone(), body: body.clone() };
            relay.sandbox.fault(path, page, Times::Always);
        }
        let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
        assert!(!answer.errors().is_empty() && !answer.to_string().contains('<'), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn sensors_are_ctim_words_and_tables_have_no_gaps_and_no_nulls() {
    let relay = TestRelay::start().await;
    let answer = relay.ask(OBSERVE, &one("ip", "198.51.100.23")).await;
    for doc in answer.docs("sightings") {
        assert_eq!(doc["sensor"], "network.sensor");
        if let Some(table) = doc.get("data") {
            let (columns, row) = (table["columns"].as_array().unwrap(), &table["rows"][0]);
            assert_eq!(table["row_count"], 1);
            assert_eq!(columns.len(), row.as_array().unwrap().len());
            assert!(row.as_array().unwrap().iter().all(|cell| !cell.is_null()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_observable_requested_twice_is_searched_for_once() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "domain", "value": "C2.Bad.Example"},
        {"type": "DOMAIN", "value": "c2.bad.example."},
    ]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!((counts(&relay)[0], counts(&relay)[2]), (1, 1));
    let first = &answer.docs("sightings")[0]["observables"][0];
    assert_eq!(*first, json!({"type": "domain", "value": "C2.Bad.Example"}));
}
