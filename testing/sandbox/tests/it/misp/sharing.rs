//! Who sees an event and its attributes: the own organisation, all, or the members of a sharing group.

use jiff::Timestamp;
use sandbox::{
    Sandbox,
    misp::{self, Installation},
};
use serde_json::{Value, json};

use super::{SEARCH, post};

const SHARING_GROUP: u64 = 4;
const INHERITED: u64 = 5;

fn event(id: u64, distribution: u64, attributes: &Value) -> Value {
    json!({"id": id, "uuid": format!("5eed0000-0000-4000-8000-{id:012}"), "info": "An event",
        "date": "2026-09-01", "threat_level_id": 1, "analysis": 2, "timestamp": 0, "publish_timestamp": 0,
        "distribution": distribution, "sharing_group_id": 7, "orgc_id": 1, "org_id": 1,
        "objects": [{"id": id, "distribution": 0}], "attributes": attributes})
}

fn attribute(id: u64, distribution: u64, object: u64) -> Value {
    json!({"id": id, "uuid": format!("5eed0001-0000-4000-8000-{id:012}"), "type": "domain",
        "category": "Network activity", "value": format!("a{id}.example"), "timestamp": 0,
        "distribution": distribution, "sharing_group_id": 7, "object_id": object})
}

/// The ids of the attributes that the user of this key finds.
async fn found(members: &Value, key: &str) -> Vec<Value> {
    let content = json!({
        "organisations": {}, "tags": {}, "sharing_groups": {"7": members},
        "events": [
            event(1, 1, &json!([attribute(11, INHERITED, 0), attribute(12, 0, 0),
                attribute(13, SHARING_GROUP, 0), attribute(14, INHERITED, 1)])),
            event(2, 0, &json!([attribute(21, INHERITED, 0)])),
            event(3, SHARING_GROUP, &json!([attribute(31, INHERITED, 0), attribute(32, 0, 0)])),
        ],
    });
    let installation =
        Installation::holding(&content.to_string()).expect("the content of an installation");
    let sandbox =
        Sandbox::start_misp(installation, Timestamp::UNIX_EPOCH).await.expect("a free port");
    let response = post(&sandbox, SEARCH, key, &json!({"returnFormat": "json"})).await.json();
    let rows = response["response"]["Attribute"].as_array().expect("a list of attributes");
    rows.iter().map(|row| row["id"].clone()).collect()
}

#[tokio::test]
async fn the_own_organisation_and_the_administrator_see_everything() {
    for key in [misp::API_KEY, misp::ADMIN_KEY] {
        assert_eq!(found(&json!([]), key).await, ["11", "12", "13", "14", "21", "31", "32"]);
    }
}

#[tokio::test]
async fn others_see_what_is_distributed_to_them() {
    assert_eq!(found(&json!([]), misp::PARTNER_KEY).await, ["11"]);
    assert_eq!(found(&json!([2]), misp::PARTNER_KEY).await, ["11", "13", "31"]);
}
