//! `POST /query`.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sandbox::{
    Sandbox,
    gigamon_threatinsight::{DAY_WINDOWS_KEY, KEY},
};
use serde_json::{Value, json};

use super::{NOW, code, query, start};

fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

fn days_ago(days: i64) -> String {
    (now() - SignedDuration::from_hours(24 * days)).to_string()
}

/// A search over the last days, newest first.
async fn found(sandbox: &Sandbox, text: &str, days: i64) -> Vec<Value> {
    let body = json!({
        "query": text, "start_date": days_ago(days), "end_date": now().to_string(), "limit": 1000,
        "order_by": "timestamp", "order": "desc",
    });
    let response = query(KEY, sandbox, &body).await;
    assert_eq!(response.status, 200, "{text}: {:?}", response.body);
    response.json()["events"].as_array().expect("a list of events").clone()
}

#[tokio::test]
async fn the_last_week_holds_the_data_on_any_day() {
    let sandbox = start().await;
    assert_eq!(found(&sandbox, "ip = '203.0.113.77'", 7).await.len(), 2);
    assert_eq!(found(&sandbox, "domain = 'fresh.example'", 1).await.len(), 1);
    let old = "event_type = 'flow' AND total_pkts = 5 AND dst.ip = '198.51.100.23'";
    let (week, month) = (found(&sandbox, old, 7).await, found(&sandbox, old, 30).await);
    assert_eq!(month.len(), week.len() + 1);
}

#[tokio::test]
async fn every_type_of_observable_is_found() {
    let sandbox = start().await;
    for (text, kinds) in [
        ("ip = '198.51.100.24'", &["suricata"][..]),
        ("ip = '10.20.30.50'", &["observation"]),
        ("ip = '198.51.100.26'", &["flow"]),
        ("ip = '2001:db8:ffff::77'", &["dns", "flow", "http"]),
        ("domain = 'c2.bad.example'", &["dns", "ssl"]),
        ("domain = 'c2-backup.bad.example'", &["ssl"]),
        ("domain = 'portal.bad.example'", &["x509"]),
        ("domain = 'files.bad.example'", &["http"]),
        ("md5 = '6b1f0e9d8c7b6a594837261504f3e2d1'", &["http", "pe", "smb_file"]),
        ("sha1 = 'c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7'", &["http", "pe", "smb_file"]),
        (
            "sha256 = '1a2b3c4d5e6f70819203a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9'",
            &["http", "pe", "smb_file"],
        ),
        ("uuid = 'e0000013-8d66-11ea-8d1f-1b2c3d4e5f60'", &["ssh"]),
        ("ip = '203.0.113.250'", &[]),
    ] {
        let events = found(&sandbox, text, 7).await;
        let found: BTreeSet<_> =
            events.iter().filter_map(|one| one["event_type"].as_str()).collect();
        assert_eq!(found, kinds.iter().copied().collect(), "{text}");
    }
}

#[tokio::test]
async fn every_kind_of_event_and_every_test_account_occurs() {
    let sandbox = start().await;
    let events = found(&sandbox, "event_type != null", 30).await;
    let all = |field: &str| -> BTreeSet<_> {
        events.iter().filter_map(|one| one[field].as_str()).collect()
    };
    let kinds = "dns flow ftp http kerberos observation pe smb_file smtp ssh ssl suricata x509";
    assert_eq!(all("event_type"), kinds.split(' ').collect());
    for test_account in [
        "dmo",
        "chg",
        "6bc3d2f1-af77-4236-a9db-17dacd06e4d9",
        "f6f6f836-8bcd-4f5d-bd61-68d303c4f634",
    ] {
        assert!(all("customer_id").contains(test_account));
    }
}

#[tokio::test]
async fn the_start_of_the_window_is_in_it_and_the_end_is_not() {
    let sandbox = start().await;
    let text = "domain = 'fresh.example'";
    let time = found(&sandbox, text, 7).await[0]["timestamp"].as_str().unwrap().to_owned();
    let moment: Timestamp = time.parse().unwrap();
    let later = (moment + SignedDuration::from_millis(1)).to_string();
    let earlier = (moment - SignedDuration::from_millis(1)).to_string();
    for (start_date, end_date, total) in
        [(&time, &later, 1), (&earlier, &time, 0), (&later, &days_ago(0), 0), (&time, &time, 0)]
    {
        let body = json!({"query": text, "start_date": start_date, "end_date": end_date});
        assert_eq!(query(KEY, &sandbox, &body).await.json()["total"], total);
    }
    assert_eq!(query(KEY, &sandbox, &json!({"query": text})).await.json()["total"], 1);
}

#[tokio::test]
async fn events_are_ordered_and_cut() {
    let sandbox = start().await;
    let uuids = async |order: &str, limit: usize, offset: usize| {
        let text = "src.ip = '10.20.30.47'";
        let body = json!({"query": text, "order": order, "limit": limit, "offset": offset});
        let response = query(KEY, &sandbox, &body).await.json();
        assert_eq!(
            (&response["order"], &response["order_by"]),
            (&json!(order), &json!("timestamp"))
        );
        assert_eq!((&response["limit"], &response["offset"]), (&json!(limit), &json!(offset)));
        assert_eq!(response["query"], text);
        let events = response["events"].as_array().unwrap().clone();
        assert_eq!(response["result_count"], events.len());
        events.iter().map(|one| one["uuid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let newest_first = uuids("desc", 10_000, 0).await;
    assert!(newest_first.len() > 10);
    assert_eq!(uuids("desc", 3, 0).await, newest_first[..3]);
    assert_eq!(uuids("desc", 3, 2).await, newest_first[2..5]);
    let oldest = uuids("asc", 1, 0).await;
    assert_eq!(oldest[..], newest_first[newest_first.len() - 1..]);
}

#[tokio::test]
async fn an_account_may_be_limited_to_windows_of_a_day() {
    let sandbox = start().await;
    let search = async |start_date: Option<String>| {
        let mut body = json!({"query": "domain = 'fresh.example'", "end_date": now().to_string()});
        if let Some(start_date) = start_date {
            body["start_date"] = start_date.into();
        }
        query(DAY_WINDOWS_KEY, &sandbox, &body).await
    };
    for start_date in [None, Some(days_ago(2)), Some(days_ago(7))] {
        let response = search(start_date).await;
        assert_eq!(
            (response.status.as_u16(), code(&response).as_str()),
            (400, "client.invalid_date_range")
        );
    }
    let recent = (now() - SignedDuration::from_hours(23)).to_string();
    assert_eq!(search(Some(recent)).await.json()["total"], 1);
}

#[tokio::test]
async fn a_pasted_value_widens_the_search_as_it_would_there() {
    let events = found(&start().await, "domain = 'x' OR ip = '203.0.113.77'", 7).await;
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn refuses_invalid_searches() {
    let sandbox = start().await;
    for (body, expected) in [
        (json!({"query": "203.0.113.77"}), "client.invalid_query"),
        (json!({"query": "ip = '203.0.113.77"}), "client.invalid_query"),
        (json!({"query": "colour = 'red'"}), "client.invalid_query"),
        (json!({"query": ""}), "client.invalid_query"),
        (json!({}), "client.invalid_body"),
        (json!([]), "client.invalid_body"),
        (json!({"query": "rcode = 0", "limit": 0}), "client.invalid_body"),
        (json!({"query": "rcode = 0", "limit": 10_001}), "client.invalid_body"),
        (json!({"query": "rcode = 0", "order": "up"}), "client.invalid_body"),
        (json!({"query": "rcode = 0", "order_by": "uuid"}), "client.invalid_body"),
        (json!({"query": "rcode = 0", "start_date": "yesterday"}), "client.invalid_body"),
    ] {
        let response = query(KEY, &sandbox, &body).await;
        assert_eq!((response.status.as_u16(), code(&response).as_str()), (400, expected), "{body}");
    }
}
