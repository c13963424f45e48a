//! `GET /detections` and `GET /events`.

use std::collections::BTreeSet;

use sandbox::gigamon_threatinsight::KEY;
use serde_json::{Value, json};

use super::{code, detections, get, start};

/// The numbers that the invented uuids begin with, sorted; a documented one has none.
fn numbers(uuids: impl Iterator<Item = impl AsRef<str>>) -> Vec<u32> {
    let number = |uuid: &str| uuid.get(1..8).and_then(|digits| digits.parse().ok());
    let mut numbers: Vec<_> = uuids.map(|uuid| number(uuid.as_ref()).unwrap_or(0)).collect();
    numbers.sort_unstable();
    numbers
}

fn uuids<'a>(list: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    list.as_array().into_iter().flatten().map(move |one| one[field].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_value_finds_its_detections_and_their_rules() {
    let sandbox = start().await;
    for (value, detection_numbers, rule_numbers) in [
        ("203.0.113.77", &[0][..], &[0][..]),
        ("c2.bad.example", &[2, 3, 4], &[2, 3]),
        ("c2-backup.bad.example", &[3], &[2]),
        ("C2.BAD.EXAMPLE", &[2, 3, 4], &[2, 3]),
        ("1a2b3c4d5e6f70819203a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9", &[5], &[6]),
        ("6b1f0e9d8c7b6a594837261504f3e2d1", &[5, 6], &[6]),
        ("198.51.100.23", &[7, 8, 9, 10], &[2, 4, 5]),
        ("2001:db8:ffff::77", &[12], &[8]),
        ("10.20.30.50", &[13], &[7]),
        ("198.51.100.24", &[14], &[3]),
        ("198.51.100.64", &[15, 16, 17], &[2]),
        ("203.0.113.250", &[], &[]),
    ] {
        let response = detections(KEY, &sandbox, value).await;
        assert_eq!(numbers(uuids(&response["detections"], "uuid")), detection_numbers, "{value}");
        assert_eq!(numbers(uuids(&response["rules"], "uuid")), rule_numbers, "{value}");
        assert_eq!(response["total_count"], detection_numbers.len());
        assert_eq!(response["result_count"], detection_numbers.len());
    }
}

#[tokio::test]
async fn include_decides_about_indicators_and_rules() {
    let sandbox = start().await;
    for (include, has_indicators, has_rules) in [
        (&[][..], false, false),
        (&["indicators"], true, false),
        (&["rules"], false, true),
        (&["rules", "indicators"], true, true),
    ] {
        let mut parameters = vec![("indicator_value", "203.0.113.77")];
        parameters.extend(include.iter().map(|part| ("include", *part)));
        let response = get(&sandbox, "/detections", &parameters).await.json();
        assert_eq!(response["detections"][0].get("indicators").is_some(), has_indicators);
        assert_eq!(response.get("rules").is_some(), has_rules);
    }
}

#[tokio::test]
async fn the_status_is_optional() {
    let sandbox = start().await;
    for (status, total) in [(None, 5), (Some("active"), 4), (Some("resolved"), 1)] {
        let mut parameters = vec![("indicator_value", "198.51.100.23")];
        parameters.extend(status.map(|status| ("status", status)));
        let response = get(&sandbox, "/detections", &parameters).await.json();
        assert_eq!(response["total_count"], total, "{status:?}");
    }
}

#[tokio::test]
async fn detections_are_sorted_and_cut() {
    let sandbox = start().await;
    let last_seen = async |order, limit, offset| {
        let parameters = [
            ("indicator_value", "c2.bad.example"),
            ("sort_by", "last_seen"),
            ("sort_order", order),
            ("limit", limit),
            ("offset", offset),
        ];
        let response = get(&sandbox, "/detections", &parameters).await.json();
        assert_eq!(response["total_count"], 3);
        assert_eq!(response["sort_by"], "last_seen");
        assert_eq!(
            (response["limit"].to_string(), response["offset"].to_string()),
            (limit.to_owned(), offset.to_owned())
        );
        uuids(&response["detections"], "last_seen").map(str::to_owned).collect::<Vec<_>>()
    };
    let ascending = last_seen("asc", "100", "0").await;
    assert!(ascending.is_sorted());
    let newest = last_seen("desc", "1", "0").await;
    assert_eq!(newest, ascending[2..]);
    assert_eq!(last_seen("asc", "2", "1").await, ascending[1..]);
    assert!(last_seen("asc", "2", "3").await.is_empty());
}

#[tokio::test]
async fn refuses_invalid_parameters() {
    let sandbox = start().await;
    for parameter in [
        ("status", "open"),
        ("include", "everything"),
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "many"),
        ("offset", "-1"),
        ("sort_by", "colour"),
        ("sort_order", "up"),
    ] {
        let response = get(&sandbox, "/detections", &[parameter]).await;
        assert_eq!(
            (response.status.as_u16(), code(&response).as_str()),
            (400, "client.invalid_parameter"),
            "{parameter:?}"
        );
    }
    let response = get(&sandbox, "/events", &[]).await;
    assert_eq!(
        (response.status.as_u16(), code(&response).as_str()),
        (400, "client.missing_parameter")
    );
}

#[tokio::test]
async fn rules_have_words_of_the_table_and_others() {
    let response = get(&start().await, "/detections", &[("include", "rules")]).await.json();
    let words = |field: &str| {
        let rules = response["rules"].as_array().unwrap().iter();
        rules.map(|rule| rule[field].to_string()).collect::<BTreeSet<_>>()
    };
    let all = ["\"high\"", "\"low\"", "\"moderate\"", "\"unknown\"", "null"].map(str::to_owned);
    assert_eq!(words("severity"), BTreeSet::from(all.clone()));
    assert_eq!(words("confidence"), BTreeSet::from(all));
}

#[tokio::test]
async fn a_detection_has_events_under_its_rule() {
    let sandbox = start().await;
    let all = get(&sandbox, "/detections", &[]).await.json();
    for detection in all["detections"].as_array().unwrap() {
        let uuid = detection["uuid"].as_str().unwrap();
        let response = get(&sandbox, "/events", &[("detection_uuid", uuid)]).await.json();
        let events = response["events"].as_array().unwrap();
        assert_eq!(response["total_count"], events.len());
        let has_none = [11, 16, 17].contains(&numbers([uuid].into_iter())[0]);
        assert_eq!(events.is_empty(), has_none, "{uuid}");
        assert!(events.iter().all(|one| one["rule_uuid"] == detection["rule_uuid"]));
        assert!(events.iter().all(|one| one["event"]["event_type"].is_string()));
    }
}

#[tokio::test]
async fn one_event_may_belong_to_several_detections() {
    let sandbox = start().await;
    let found = detections(KEY, &sandbox, "c2.bad.example").await;
    for uuid in uuids(&found["detections"], "uuid") {
        let response = get(&sandbox, "/events", &[("detection_uuid", uuid)]).await.json();
        let shared = json!("4a7e3b21-8d66-11ea-8d1f-1b2c3d4e5f60");
        let mut events = response["events"].as_array().unwrap().iter();
        assert!(events.any(|one| one["event"]["uuid"] == shared), "{uuid}");
    }
}

#[tokio::test]
async fn events_of_a_detection_are_cut_and_an_unknown_detection_has_none() {
    let sandbox = start().await;
    let found = detections(KEY, &sandbox, "198.51.100.23").await;
    let uuid =
        uuids(&found["detections"], "uuid").find(|uuid| uuid.starts_with("d0000008")).unwrap();
    let parameters = [("detection_uuid", uuid), ("limit", "3"), ("offset", "2")];
    let response = get(&sandbox, "/events", &parameters).await.json();
    assert_eq!((&response["total_count"], &response["result_count"]), (&json!(4), &json!(2)));

    let response = get(&sandbox, "/events", &[("detection_uuid", "none")]).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["events"], json!([]));
}
