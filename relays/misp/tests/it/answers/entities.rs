//! Entities of events and their attributes, docs/relays/misp.md#mapping.

use std::sync::Arc;

use sandbox::Sandbox;
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{
    MispAnswer,
    responses::{attribute, serve},
    start, start_before, start_sandbox,
};

pub(super) const OBSERVABLES: &[(&str, &str)] = &[("domain", "bad.example")];

/// The answer about `bad.example` when MISP finds these attributes.
pub(super) async fn answer_to(attributes: &[Value]) -> Answer {
    answer_of(&start_sandbox().await, attributes).await
}

pub(super) async fn answer_of(sandbox: &Arc<Sandbox>, attributes: &[Value]) -> Answer {
    serve(sandbox, attributes, &[]);
    start_before(sandbox).await.observe(OBSERVABLES).await
}

/// An attribute of another event, whose UUID ends like this.
fn of_event(end: u32, event: Value) -> Value {
    let mut attribute = attribute(json!({"Event": event}));
    attribute["Event"]["uuid"] = uuid(end).into();
    attribute
}

fn uuid(end: u32) -> String {
    format!("00000000-0000-4000-8000-{end:012}")
}

/// An attribute whose event has these members changed.
pub(super) fn with_event(event: Value) -> Value {
    attribute(json!({"Event": event}))
}

#[tokio::test(start_paused = true)]
async fn the_threat_level_decides_disposition_and_severity() {
    for (level, disposition, name, severity) in [
        (json!("1"), 2, "Malicious", "High"),
        (json!(1), 2, "Malicious", "High"),
        (json!("2"), 3, "Suspicious", "Medium"),
        (json!("3"), 4, "Common", "Low"),
        (json!(4), 5, "Unknown", "Unknown"),
        (json!("9"), 5, "Unknown", "Unknown"),
        (json!(0), 5, "Unknown", "Unknown"),
        (json!("High"), 5, "Unknown", "Unknown"),
        (json!(null), 5, "Unknown", "Unknown"),
        (json!([1]), 5, "Unknown", "Unknown"),
    ] {
        let answer = answer_to(&[with_event(json!({"threat_level_id": level}))]).await;
        for collection in ["verdicts", "judgements"] {
            let doc = answer.only(collection);
            assert_eq!(
                (&doc["disposition"], &doc["disposition_name"]),
                (&json!(disposition), &json!(name))
            );
        }
        for collection in ["judgements", "sightings", "indicators"] {
            assert_eq!(answer.only(collection)["severity"], severity, "{level}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_sorted_by_level_then_newest_then_uuid_and_cut() {
    let event = |end, level: Value, timestamp: Value| {
        of_event(end, json!({"threat_level_id": level, "timestamp": timestamp}))
    };
    let attributes = [
        event(1, json!("4"), json!("1772453599")),
        event(2, json!("7"), json!("1772453599")),
        event(3, json!("2"), json!("1772453520")),
        event(4, json!("1"), json!("1772453520")),
        event(5, json!("1"), json!(1772453521)),
        event(6, json!(1), json!("1772453520")),
        event(7, json!("3"), json!(null)),
        event(8, json!("1"), json!(null)),
    ];
    let sandbox = start_sandbox().await;
    let answer = answer_of(&sandbox, &attributes).await;
    assert_eq!(answer.events(), [5, 4, 6, 8, 3, 7, 1, 2].map(uuid));
    let few = start_before(&sandbox).await.with_claim("CTR_ENTITIES_LIMIT", 2);
    let answer = few.observe(OBSERVABLES).await;
    assert_eq!(answer.events(), [5, 4].map(uuid));
    assert_eq!(answer.only("verdicts")["disposition_name"], "Malicious");
}

#[tokio::test(start_paused = true)]
async fn the_verdict_is_the_worst_events_and_names_its_judgement() {
    let attributes = [of_event(1, json!({"threat_level_id": "3"})), of_event(2, json!({}))];
    let answer = answer_to(&attributes).await;
    let worst = &answer.docs("judgements")[0];
    assert_eq!(worst["external_ids"], json!([uuid(2)]));
    assert_eq!(answer.only("verdicts")["judgement_id"], worst["id"]);
}

#[tokio::test(start_paused = true)]
async fn attributes_of_one_event_make_one_sighting() {
    let attributes = [
        attribute(
            json!({"id": "3", "timestamp": "1772366400", "category": "Older", "comment": "older"}),
        ),
        attribute(
            json!({"id": "2", "timestamp": "1772366401", "category": "Second", "comment": "second"}),
        ),
        attribute(
            json!({"id": "1", "timestamp": "1772366401", "category": "Newest", "comment": "newest"}),
        ),
    ];
    let answer = answer_to(&attributes).await;
    let sighting = answer.only("sightings");
    assert_eq!(sighting["description"], "Category: Newest\nComment: newest");
    assert_eq!(answer.only("indicators")["short_description"], "Category: Newest");
    assert_eq!((&sighting["count"], &sighting["confidence"]), (&json!(1), &json!("High")));
    assert_eq!(sighting["observables"], json!([{"type": "domain", "value": "bad.example"}]));
}

#[tokio::test(start_paused = true)]
async fn a_description_says_what_there_is() {
    for (changes, expected) in [
        (json!({"category": "Other", "comment": "why"}), json!("Category: Other\nComment: why")),
        (json!({"category": "Other", "comment": ""}), json!("Category: Other")),
        (json!({"category": "Other", "comment": null}), json!("Category: Other")),
        (json!({"category": null, "comment": "why"}), json!("Comment: why")),
        (json!({"category": "", "comment": []}), json!(null)),
    ] {
        let answer = answer_to(&[attribute(changes)]).await;
        let sighting = answer.only("sightings").get("description").cloned();
        assert_eq!(sighting.unwrap_or_default(), expected);
    }
    let answer = answer_to(&[attribute(json!({"comment": "x".repeat(9000)}))]).await;
    assert_eq!(answer.only("sightings")["description"].as_str().unwrap().len(), 5000);
}

#[tokio::test(start_paused = true)]
async fn verdicts_are_valid_for_a_week_and_those_of_hashes_until_2525() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    for (kind, digits, end) in [
        ("domain", 0, "2026-03-10T10:00:00Z"),
        ("md5", 32, "2525-01-01T00:00:00.000Z"),
        ("sha1", 40, "2525-01-01T00:00:00.000Z"),
        ("sha256", 64, "2525-01-01T00:00:00.000Z"),
    ] {
        let value = if digits > 0 { "ab".repeat(digits / 2) } else { "bad.example".to_owned() };
        serve(sandbox, &[attribute(json!({"type": kind, "value": value}))], &[]);
        let answer = relay.observe([(kind, &value)]).await;
        let span = json!({"start_time": "2026-03-03T10:00:00Z", "end_time": end});
        assert_eq!(answer.only("verdicts")["valid_time"], span);
        assert_eq!(answer.only("judgements")["valid_time"], span);
        let answer = relay.deliberate([(kind, &value)]).await;
        assert_eq!(answer.only("verdicts")["valid_time"], span);
    }
}

#[tokio::test(start_paused = true)]
async fn the_observed_time_spans_the_times_of_the_attributes() {
    let stamp = |seconds: i64| json!(seconds.to_string());
    let span = |start: &str, end: &str| json!({"start_time": start, "end_time": end});
    for (attributes, expected) in [
        (vec![attribute(json!({}))], span("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z")),
        (
            vec![
                attribute(json!({"id": "2", "timestamp": stamp(1772366500)})),
                attribute(json!({})),
            ],
            span("2026-03-01T12:00:00Z", "2026-03-01T12:01:40Z"),
        ),
        (
            vec![attribute(json!({"first_seen": "2026-02-27T08:00:00.123456+01:00"}))],
            span("2026-02-27T07:00:00.123Z", "2026-03-01T12:00:00Z"),
        ),
        (
            vec![attribute(json!({"last_seen": "2026-03-02T00:00:00.000000+00:00"}))],
            span("2026-03-01T12:00:00Z", "2026-03-02T00:00:00.000Z"),
        ),
        (
            // The end lies before the start, so they change places.
            vec![attribute(json!({"last_seen": "2026-02-01T00:00:00+00:00"}))],
            span("2026-02-01T00:00:00.000Z", "2026-03-01T12:00:00Z"),
        ),
        (
            vec![attribute(json!({"timestamp": 0, "first_seen": "2026-02-27T08:00:00Z"}))],
            span("2026-02-27T08:00:00.000Z", "2026-02-27T08:00:00.000Z"),
        ),
    ] {
        assert_eq!(answer_to(&attributes).await.only("sightings")["observed_time"], expected);
    }
    for timestamp in [json!("0"), json!(-5), json!("soon"), json!(null), json!(1e300)] {
        let answer =
            answer_to(&[attribute(json!({"timestamp": timestamp, "first_seen": "soon"}))]).await;
        let day = span("2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z");
        assert_eq!(answer.only("sightings")["observed_time"], day, "{timestamp}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_date_has_an_open_indicator() {
    for date in [json!(null), json!(""), json!("2026-02-30"), json!("last week"), json!([])] {
        let answer = answer_to(&[with_event(json!({"date": date}))]).await;
        assert_eq!(answer.only("indicators")["valid_time"], json!({}), "{date}");
    }
    let answer = answer_to(&[attribute(json!({}))]).await;
    let since = json!({"start_time": "2026-02-28T00:00:00Z"});
    assert_eq!(answer.only("indicators")["valid_time"], since);
}

#[tokio::test(start_paused = true)]
async fn event_timestamps_are_seconds_as_text_or_number() {
    let shown = async |timestamp: Value| {
        let answer = answer_to(&[with_event(json!({"timestamp": timestamp}))]).await;
        let stamps =
            ["sightings", "indicators"].map(|all| answer.only(all).get("timestamp").cloned());
        assert_eq!(stamps[0], stamps[1]);
        stamps[0].clone()
    };
    assert_eq!(shown(json!("1772453520")).await, Some(json!("2026-03-02T12:12:00Z")));
    assert_eq!(shown(json!(1772453520)).await, Some(json!("2026-03-02T12:12:00Z")));
    for malformed in
        [json!("0"), json!(0), json!(-1), json!("x"), json!(null), json!(99_999_999_999_999i64)]
    {
        assert_eq!(shown(malformed).await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn titles_come_from_the_events_info_and_are_cut() {
    let long = "ä😀".repeat(2000);
    let answer = answer_to(&[with_event(json!({"info": long}))]).await;
    let units = |text: &Value| text.as_str().unwrap().encode_utf16().count();
    let sighting = answer.only("sightings");
    assert!((1023..=1024).contains(&units(&sighting["title"])));
    assert!(sighting["short_description"].as_str().unwrap().starts_with("Listed "), "{sighting}");
    assert!((1023..=1024).contains(&units(&answer.only("judgements")["reason"])));
    assert!((1023..=1024).contains(&units(&answer.only("indicators")["title"])));

    for info in [json!(null), json!(""), json!({})] {
        let answer = answer_to(&[with_event(json!({"info": info}))]).await;
        for (collection, member) in
            [("sightings", "title"), ("judgements", "reason"), ("indicators", "title")]
        {
            let title = answer.only(collection)[member].as_str().unwrap();
            assert!(title.starts_with("MISP event "), "{collection} {member}: {title}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_observables_of_one_event_share_an_indicator_made_for_the_first() {
    let sandbox = start_sandbox().await;
    let attributes = [
        attribute(json!({"category": "Of the name"})),
        attribute(json!({"type": "ip-dst", "value": "203.0.113.7", "category": "Of the address"})),
    ];
    serve(&sandbox, &attributes, &[]);
    let observables = [("ip", "203.0.113.7"), ("domain", "bad.example")];
    let answer = start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(answer.only("indicators")["short_description"], "Category: Of the address");
    assert_eq!(answer.docs("sightings").len(), 2);
    assert_eq!(answer.docs("judgements").len(), 2);
    assert_eq!(answer.docs("relationships").len(), 4);
}
