//! How a row looks: context, tags, and the values whose JSON type varies.

use std::{collections::HashSet, net::IpAddr};

use sandbox::misp::sample;
use serde_json::{Value, json};

use super::{search, start, values};

/// The rows of one value with everything that a relay asks for.
fn question(value: &str) -> Value {
    json!({"returnFormat": "json", "value": {"OR": [value]}, "includeContext": 1, "includeEventTags": 1, "limit": 500, "page": 1})
}

fn tags(holder: &Value) -> Vec<(&str, bool)> {
    let tags = holder["Tag"].as_array().expect("a list of tags");
    tags.iter()
        .map(|tag| (tag["name"].as_str().expect("a tag name"), tag["inherited"] == 1))
        .collect()
}

#[tokio::test]
async fn the_rows_of_the_worked_example() {
    let sandbox = start().await;
    let loader = json!({
        "id": "91022", "event_id": "1483", "object_id": "0", "object_relation": null,
        "category": "Network activity", "type": "domain", "to_ids": true,
        "uuid": "c0ffee00-1111-4222-8333-444455556666", "timestamp": "1772366400",
        "distribution": "5", "sharing_group_id": "0", "comment": "C2 of the loader",
        "deleted": false, "disable_correlation": false, "first_seen": null, "last_seen": null,
        "value": "bad.example",
        "Event": {
            "id": "1483", "orgc_id": "2", "org_id": "1", "date": "2026-02-28",
            "threat_level_id": "1", "info": "Loader campaign, February 2026", "published": true,
            "uuid": "5e7b1c34-6d0c-4a7e-9f0a-1c2d3e4f5a6b", "analysis": "2",
            "timestamp": "1772453520", "distribution": "1", "publish_timestamp": "1772453600",
            "sharing_group_id": "0", "extends_uuid": "",
            "Tag": [{"local": false, "id": "3", "name": "tlp:green", "colour": "#339900", "numerical_value": null}],
            "Orgc": {"id": "2", "name": "CERT-EX", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f", "local": true},
        },
        "Tag": [{"id": "3", "name": "tlp:green", "colour": "#339900", "numerical_value": null, "inherited": 1}],
    });
    let scanner = json!({
        "id": "91031", "event_id": "1490", "object_id": "77", "object_relation": "ip-dst",
        "category": "Network activity", "type": "ip-dst|port", "to_ids": true,
        "uuid": "0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9", "timestamp": "1772400000",
        "distribution": "5", "sharing_group_id": "0", "comment": "", "deleted": false,
        "disable_correlation": false, "first_seen": "2026-02-27T08:00:00.000000+00:00",
        "last_seen": "2026-03-01T20:15:00.000000+00:00", "value": "203.0.113.77|443",
        "Event": {
            "id": "1490", "orgc_id": "1", "org_id": "1", "date": "2026-03-01",
            "threat_level_id": "3", "info": "Scanner list", "published": true,
            "uuid": "7d9e0f1a-2b3c-4d5e-8f90-a1b2c3d4e5f6", "analysis": "0",
            "timestamp": "1772400001", "distribution": "0", "publish_timestamp": "0",
            "sharing_group_id": "0", "extends_uuid": "", "Tag": [],
            "Orgc": {"id": "1", "name": "ORGNAME", "uuid": "1f2e3d4c-5b6a-4798-8a9b-0c1d2e3f4a5b", "local": true},
        },
        "Object": {"id": "77", "distribution": "5", "sharing_group_id": "0"},
    });
    let both = json!({"returnFormat": "json", "value": {"OR": ["bad.example", "203.0.113.77"]},
        "includeContext": 1, "includeEventTags": 1, "limit": 500, "page": 1});
    assert_eq!(search(&sandbox, both).await, [loader, scanner]);
}

#[tokio::test]
async fn the_neighbour_of_the_worked_example() {
    let sandbox = start().await;
    let ask = json!({"returnFormat": "json", "eventid": ["1483"], "limit": 5000, "page": 1,
        "type": ["url", "domain", "filename|sha256", "malware-sample", "email", "filename"]});
    let found = search(&sandbox, ask).await;
    assert_eq!(found[0]["value"], "bad.example");
    assert_eq!(
        found[1..],
        [json!({
            "id": "91023", "event_id": "1483", "object_id": "0", "object_relation": null,
            "category": "Payload delivery", "type": "filename|sha256", "to_ids": true,
            "uuid": "9b8a7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d", "timestamp": "1772366410",
            "distribution": "5", "sharing_group_id": "0", "comment": "", "deleted": false,
            "disable_correlation": false, "first_seen": null, "last_seen": null,
            "value": "drop.exe|9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6",
            "Event": {"id": "1483", "info": "Loader campaign, February 2026", "org_id": "1", "orgc_id": "2",
                "uuid": "5e7b1c34-6d0c-4a7e-9f0a-1c2d3e4f5a6b", "distribution": "1", "publish_timestamp": "1772453600"},
        })]
    );
}

#[tokio::test]
async fn own_tags_come_before_inherited_ones() {
    let sandbox = start().await;
    let rows = search(&sandbox, question(sample::RANSOMWARE_DOMAIN)).await;
    let category = "malware_classification:malware-category=\"Ransomware\"";
    assert_eq!(
        tags(&rows[0]),
        [
            ("kill-chain:Command and Control", false),
            ("tlp:red", false),
            (category, true),
            ("tlp:amber+strict", true),
        ]
    );
    assert_eq!(tags(&rows[0]["Event"]), [(category, false), ("tlp:amber+strict", false)]);

    let without = json!({"value": sample::RANSOMWARE_DOMAIN, "includeContext": true});
    assert_eq!(tags(&search(&sandbox, without).await[0]).len(), 2);
}

#[tokio::test]
async fn an_event_without_known_creator_and_tags() {
    let sandbox = start().await;
    let row = &search(&sandbox, question(sample::LONG_TITLE_DOMAIN)).await[0];
    let header = row["Event"].as_object().unwrap();
    assert!(!header.contains_key("Orgc") && header["Tag"] == json!([]) && row.get("Tag").is_none());
    assert!(header["info"].as_str().unwrap().chars().count() > 1024);
}

#[tokio::test]
async fn titles_keep_their_script() {
    let sandbox = start().await;
    let rows = search(&sandbox, question(sample::PHISHING_DOMAIN)).await;
    assert!(rows[0]["Event"]["info"].as_str().unwrap().starts_with("Фишинг-набор"));
}

#[tokio::test]
async fn every_sample_value_is_found() {
    let sandbox = start().await;
    for value in [
        sample::LOADER_DOMAIN,
        sample::SCANNER_ADDRESS,
        sample::SCANNER_ADDRESS_V6,
        sample::RANSOMWARE_DOMAIN,
        sample::RANSOMWARE_ADDRESS,
        sample::RANSOMWARE_HOST,
        sample::RANSOMWARE_SHA256,
        sample::RANSOMWARE_MD5,
        sample::LOCKER_SHA256,
        sample::RANSOMWARE_MUTEX,
        sample::RANSOMWARE_EMAIL,
        sample::PHISHING_DOMAIN,
        sample::PHISHING_URL,
        sample::PHISHING_PANEL_URL,
        sample::PHISHING_URI,
        sample::LOOKALIKE_DOMAIN,
        sample::LONG_TITLE_DOMAIN,
        sample::ODD_LEVEL_DOMAIN,
        sample::WORM_DOMAIN,
        sample::SINKHOLE_ADDRESS,
        sample::URL_WITH_AMPERSANDS,
        sample::FILE_NAME_WITH_BANG,
        sample::FILE_NAME_WITH_PERCENT,
    ] {
        assert!(!search(&sandbox, question(value)).await.is_empty(), "{value}");
    }
    for (value, events) in
        [(sample::RANSOMWARE_ADDRESS, 2), (sample::PHISHING_DOMAIN, 2), (sample::LOCKER_SHA256, 2)]
    {
        let rows = search(&sandbox, question(value)).await;
        let distinct: HashSet<_> =
            rows.iter().map(|row| row["Event"]["uuid"].to_string()).collect();
        assert_eq!(distinct.len(), events, "{value}");
    }
    let slash = format!("{}/", sample::PHISHING_URL);
    assert_eq!(
        values(&sandbox, json!({"value": {"OR": [sample::PHISHING_URL, slash]}})).await.len(),
        2
    );
}

#[tokio::test]
async fn ids_are_unique_and_addresses_are_documentation_ranges() {
    let sandbox = start().await;
    let rows = search(&sandbox, json!({"includeContext": 1})).await;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let ids: HashSet<_> = rows.iter().map(|row| text(&row["id"])).collect();
    let uuids: HashSet<_> = rows.iter().map(|row| text(&row["uuid"])).collect();
    assert_eq!((ids.len(), uuids.len()), (rows.len(), rows.len()));

    let halves = rows.iter().flat_map(|row| row["value"].as_str().unwrap().split('|'));
    let documentation = ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];
    for address in halves.filter(|half| half.parse::<IpAddr>().is_ok()) {
        assert!(documentation.iter().any(|range| address.starts_with(range)), "{address}");
    }
}
