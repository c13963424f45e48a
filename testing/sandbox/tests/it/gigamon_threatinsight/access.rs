//! Keys, accounts, and families that do not serve everybody.

use sandbox::gigamon_threatinsight::{
    DAY_WINDOWS_KEY, DETECTIONS_BASE, DETECTIONS_ONLY_KEY, KEY, NO_DEVICES_KEY, NO_EVENTS_KEY,
    REVOKED_KEY, SECOND_KEY,
};
use serde_json::json;

use super::{code, detections, devices, get_with, query, start};
use crate::client;

#[tokio::test]
async fn a_wrong_key_is_refused_by_every_family() {
    let sandbox = start().await;
    for key in [REVOKED_KEY, "unknown", ""] {
        let entities = json!([{"ip": "10.20.30.47", "event_time": "2026-03-02T08:00:00Z"}]);
        for response in [
            get_with(key, &sandbox, "/detections", &[]).await,
            get_with(key, &sandbox, "/events", &[("detection_uuid", "x")]).await,
            query(key, &sandbox, &json!({"query": "ip = '203.0.113.77'"})).await,
            devices(key, &sandbox, entities.clone()).await,
        ] {
            assert_eq!(response.status, 401);
            assert_eq!(code(&response), "client.invalid_authentication");
        }
    }
}

#[tokio::test]
async fn the_scheme_is_ibtoken() {
    let sandbox = start().await;
    let url = format!("{}{DETECTIONS_BASE}/detections", sandbox.url());
    assert_eq!(client::get(&url, &[]).await.status, 401);
    for (value, status) in
        [(format!("IBToken {KEY}"), 200), (format!("Bearer {KEY}"), 401), (KEY.to_owned(), 401)]
    {
        assert_eq!(client::get(&url, &[("authorization", &value)]).await.status, status, "{value}");
    }
}

#[tokio::test]
async fn families_can_be_switched_off() {
    let sandbox = start().await;
    let entities = json!([{"ip": "10.20.30.47", "event_time": "2026-03-02T08:00:00Z"}]);
    for (key, events_status, devices_status) in [
        (KEY, 200, 200),
        (DAY_WINDOWS_KEY, 400, 200),
        (NO_EVENTS_KEY, 404, 200),
        (NO_DEVICES_KEY, 200, 410),
        (DETECTIONS_ONLY_KEY, 410, 404),
    ] {
        assert_eq!(detections(key, &sandbox, "203.0.113.77").await["total_count"], 1, "{key}");
        let events = query(key, &sandbox, &json!({"query": "ip = '203.0.113.77'"})).await;
        assert_eq!(events.status, events_status, "{key}");
        let devices = devices(key, &sandbox, entities.clone()).await;
        assert_eq!(devices.status, devices_status, "{key}");
        for response in
            [events, devices].iter().filter(|one| [404, 410].contains(&one.status.as_u16()))
        {
            assert_eq!(code(response), "client.not_found");
        }
    }
}

#[tokio::test]
async fn accounts_see_their_own_data() {
    let sandbox = start().await;
    let first = detections(KEY, &sandbox, "203.0.113.77").await;
    let second = detections(SECOND_KEY, &sandbox, "203.0.113.77").await;
    assert_eq!((&first["total_count"], &second["total_count"]), (&json!(1), &json!(1)));
    for field in ["uuid", "rule_uuid", "account_uuid", "device_ip"] {
        assert_ne!(first["detections"][0][field], second["detections"][0][field]);
    }
    let body = json!({"query": "ip = '203.0.113.77'"});
    let events = query(SECOND_KEY, &sandbox, &body).await.json();
    assert_eq!(events["total"], 2);
    assert!(events["events"].as_array().unwrap().iter().all(|one| one["customer_id"] == "sec"));
}

#[tokio::test]
async fn other_paths_answer_404() {
    let sandbox = start().await;
    let response = get_with(KEY, &sandbox, "/sensors", &[]).await;
    assert_eq!((response.status.as_u16(), code(&response).as_str()), (404, "client.not_found"));
}
