//! `POST /entity/tracking/bulk/get/ip`.

use jiff::{SignedDuration, Timestamp};
use sandbox::{Sandbox, gigamon_threatinsight::KEY};
use serde_json::{Value, json};

use super::{code, devices, query, start};

/// When the newest event of a search happened.
async fn newest(sandbox: &Sandbox, text: &str) -> Timestamp {
    let response = query(KEY, sandbox, &json!({"query": text, "limit": 1})).await.json();
    let time = response["events"][0]["timestamp"].as_str().expect("the search finds an event");
    time.parse().expect("the event has a time")
}

/// The leases of an address at a time.
async fn leases(sandbox: &Sandbox, ip: &str, time: Timestamp) -> Vec<Value> {
    let entities = json!([{"ip": ip, "event_time": time.to_string()}]);
    let response = devices(KEY, sandbox, entities).await;
    assert_eq!(response.status, 200);
    let response = &response.json()["entity_tracking_bulk_response"];
    assert_eq!(response["pdns"], json!([]));
    response["dhcp"].as_array().expect("a list of leases").clone()
}

#[tokio::test]
async fn the_lease_of_the_time_is_found() {
    let sandbox = start().await;
    let time = newest(&sandbox, "answers.ip = '203.0.113.77'").await;
    let names = async |ip, time| {
        let leases = leases(&sandbox, ip, time).await;
        leases.iter().map(|lease| lease["hostname"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names("10.20.30.47", time).await, ["\"fin-lt-07\""]);
    let before = time - SignedDuration::from_hours(24 * 7);
    assert_eq!(names("10.20.30.47", before).await, ["\"old-owner\""]);
    assert_eq!(names("10.20.30.48", time).await, ["\"stranger\"", "\"hr-lt-11\""]);
    assert_eq!(names("10.20.30.49", time).await, ["null"]);
    assert_eq!(names("2001:0DB8:1::0047", time).await, ["\"fin-lt-07\""]);
    let later = time + SignedDuration::from_hours(24 * 365);
    assert_eq!(names("10.20.30.50", later).await, ["\"scan-01\""], "a lease without an end");
    assert!(names("10.20.30.1", time).await.is_empty());
}

#[tokio::test]
async fn many_addresses_are_asked_for_at_once() {
    let sandbox = start().await;
    let time = newest(&sandbox, "answers.ip = '203.0.113.77'").await.to_string();
    let entity = |ip: String| json!({"ip": ip, "event_time": time});
    let entities =
        |count: u32| (0..count).map(|n| entity(format!("10.20.30.{}", n % 256))).collect();
    let response = devices(KEY, &sandbox, entities(500)).await;
    let response = &response.json()["entity_tracking_bulk_response"];
    assert_eq!(response["dhcp"].as_array().unwrap().len(), 6, "each lease once");
    assert_eq!(devices(KEY, &sandbox, entities(501)).await.status, 400);
}

#[tokio::test]
async fn refuses_invalid_bodies() {
    let sandbox = start().await;
    for entities in [
        json!([]),
        json!(null),
        json!([{"ip": "10.20.30.47"}]),
        json!([{"ip": "fin-lt-07", "event_time": "2026-03-02T08:00:00Z"}]),
        json!([{"ip": "10.20.30.47", "event_time": "now"}]),
    ] {
        let response = devices(KEY, &sandbox, entities.clone()).await;
        assert_eq!(
            (response.status.as_u16(), code(&response).as_str()),
            (400, "client.invalid_body"),
            "{entities}"
        );
    }
}
