//! The documented calls and their answers, at the present for which the data was written.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE, KEY, RECORDED_AT, router};

const SHA256: &str = "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6";

async fn answer(method: Method, path: String, body: Value) -> Value {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("IBToken {KEY}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let answer = router(RECORDED_AT.parse().unwrap()).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn detections_of_an_address() {
    let path = format!(
        "{DETECTIONS_BASE}/detections?indicator_value=203.0.113.77&status=active\
         &include=indicators&include=rules&limit=100&sort_by=last_seen&sort_order=desc"
    );
    let expected = json!({"total_count": 1, "result_count": 1, "offset": 0, "limit": 100, "sort_by": "last_seen", "detections": [
      {"uuid": "5c4b3a29-1807-4f6e-9d5c-4b3a29180716", "rule_uuid": "8a1f7a0e-6b2c-4d3e-9f40-51627384a5b6", "account_uuid": "0d9c8b7a-6f5e-4d3c-8b2a-190817263544",
       "device_ip": "10.20.30.47", "sensor_id": "cst1", "status": "active", "muted": false, "muted_device_uuid": null, "event_count": 1,
       "first_seen": "2026-03-02T08:00:11.412Z", "last_seen": "2026-03-02T08:00:11.412Z", "created": "2026-03-02T08:02:40.001Z", "updated": "2026-03-02T08:02:40.001Z",
       "indicators": [{"field": "dst.ip", "values": ["203.0.113.77"]}]}],
     "rules": [{"uuid": "8a1f7a0e-6b2c-4d3e-9f40-51627384a5b6", "account_uuid": "0d9c8b7a-6f5e-4d3c-8b2a-190817263544", "name": "Executable Download over HTTP",
       "category": "Attack:Installation", "description": "Detects an executable that a host fetched over plain HTTP.", "severity": "moderate", "confidence": "low",
       "enabled": true, "query_signature": "http:files.mime_type = 'application/x-dosexec'", "created": "2025-11-04T21:39:41.696Z", "updated": "2025-11-04T21:39:41.696Z"}]});
    assert_eq!(answer(Method::GET, path, Value::Null).await, expected);
}

#[tokio::test]
async fn events_of_the_detection() {
    let uuid = "5c4b3a29-1807-4f6e-9d5c-4b3a29180716";
    let path = format!("{DETECTIONS_BASE}/events?detection_uuid={uuid}&limit=100");
    let expected = json!({"total_count": 1, "result_count": 1, "offset": 0, "limit": 100, "events": [
      {"rule_uuid": "8a1f7a0e-6b2c-4d3e-9f40-51627384a5b6", "event": {
        "uuid": "3f6d2a10-7c55-11ea-9c0e-0a1b2c3d4e5f", "event_type": "http", "customer_id": "cst", "sensor_id": "cst1", "timestamp": "2026-03-02T08:00:11.412Z",
        "flow_id": "CkR2Nq3l1QFJ7y", "src": {"ip": "10.20.30.47", "port": 51544, "internal": true}, "dst": {"ip": "203.0.113.77", "port": 80, "internal": false},
        "method": "GET", "host": {"domain": "c2.bad.example", "ip": null}, "uri": {"uri": "/drop.php", "host": null, "path": "/drop.php", "scheme": null},
        "user_agent": "FileReceiver", "status_code": 200, "status_msg": "OK",
        "files": [{"name": null, "mime_type": "application/x-dosexec", "bytes": 48128, "md5": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "sha1": null, "sha256": SHA256}]}}]});
    assert_eq!(answer(Method::GET, path, Value::Null).await, expected);
}

#[tokio::test]
async fn events_of_the_last_week() {
    let body = json!({"query": "ip = '203.0.113.77'", "start_date": "2026-02-24T10:00:00.000Z", "end_date": "2026-03-03T10:00:00.000Z", "limit": 100, "order_by": "timestamp", "order": "desc"});
    let expected = json!({"result_count": 2, "total": 2, "offset": 0, "limit": 100, "order_by": "timestamp", "order": "desc", "query": "ip = '203.0.113.77'", "events": [
      {"uuid": "4a7e3b21-8d66-11ea-8d1f-1b2c3d4e5f60", "event_type": "dns", "customer_id": "cst", "sensor_id": "cst1", "timestamp": "2026-03-02T08:00:10.900Z",
       "src": {"ip": "10.20.30.47", "port": 60111, "internal": true}, "dst": {"ip": "10.20.30.1", "port": 53, "internal": true}, "query": {"domain": "c2.bad.example"},
       "qtype": 1, "qtype_name": "A", "rcode": 0, "rcode_name": "NOERROR", "rejected": false, "answers": [{"ip": "203.0.113.77"}], "ttls": [300]},
      {"uuid": "5b8f4c32-9e77-11ea-9e20-2c3d4e5f6071", "event_type": "flow", "customer_id": "cst", "sensor_id": "cst1", "timestamp": "2026-03-01T22:14:05.000Z",
       "src": {"ip": "10.20.30.47", "port": 51560, "internal": true}, "dst": {"ip": "203.0.113.77", "port": 443, "internal": false}, "flow_state": "SF", "proto": "tcp",
       "service": "ssl", "total_pkts": 42, "src_ip_bytes": 2201, "dst_ip_bytes": 9120}]});
    assert_eq!(answer(Method::POST, format!("{EVENTS_BASE}/query"), body).await, expected);
}

#[tokio::test]
async fn devices_of_the_events() {
    let path = format!("{ENTITY_BASE}/entity/tracking/bulk/get/ip");
    let body = json!({"entities": [{"ip": "10.20.30.47", "event_time": "2026-03-02T08:00:11.412Z"}, {"ip": "10.20.30.1", "event_time": "2026-03-02T08:00:10.900Z"}]});
    let expected = json!({"entity_tracking_bulk_response": {"pdns": [], "dhcp": [
      {"account_code": "cst", "sensor_id": "cst1", "ip": "10.20.30.47", "mac": "00:50:56:a1:b2:c3", "hostname": "fin-lt-07", "lease_start": "2026-03-01T06:00:00Z", "lease_end": "2026-03-08T06:00:00Z"}]}});
    assert_eq!(answer(Method::POST, path, body).await, expected);
}
