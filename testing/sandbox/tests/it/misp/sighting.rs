//! Sightings: what is added, what is answered, what stays.

use sandbox::{Sandbox, misp, misp::sample};
use serde_json::{Value, json};

use super::{post, search, start};
use crate::client;

async fn add(sandbox: &Sandbox, body: Value) -> Value {
    let response = post(sandbox, "/sightings/add", misp::API_KEY, &body).await;
    assert_eq!(response.status, 200);
    response.json()
}

/// The types of the sightings at each attribute with this value.
async fn kept(sandbox: &Sandbox, value: &str) -> Vec<Vec<String>> {
    let rows = search(sandbox, json!({"value": {"OR": [value]}, "includeSightings": 1})).await;
    let types = |row: &Value| {
        let sightings = row["Sighting"].as_array().expect("a list of sightings");
        sightings
            .iter()
            .map(|sighting| sighting["type"].as_str().expect("a type").to_owned())
            .collect()
    };
    rows.iter().map(types).collect()
}

#[tokio::test]
async fn the_record_is_answered_and_stays() {
    let sandbox = start().await;
    let mut response =
        add(&sandbox, json!({"values": ["Bad.example"], "type": "1", "source": "Cisco XDR"})).await;
    let time = response["Sighting"]["date_sighting"].take();
    assert!(time.as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(
        response,
        json!({"Sighting": {
            "id": "402", "attribute_id": "91022", "event_id": "1483", "org_id": "1", "date_sighting": null,
            "uuid": "2c3d4e5f-6071-4283-94a5-000000000192", "source": "Cisco XDR", "type": "1",
        }})
    );
    assert_eq!(kept(&sandbox, sample::LOADER_DOMAIN).await, [["1"]]);
    assert_eq!(add(&sandbox, json!({"value": "bad.example"})).await["Sighting"]["id"], "403");
    assert_eq!(kept(&sandbox, sample::LOADER_DOMAIN).await, [vec!["1", "0"]]);

    let rows = search(&sandbox, json!({"value": sample::LOADER_DOMAIN})).await;
    assert!(rows[0].get("Sighting").is_none(), "only if asked for");
    assert_eq!(kept(&start().await, sample::LOADER_DOMAIN).await, [Vec::<String>::new()]);
}

#[tokio::test]
async fn every_attribute_with_the_value_is_sighted_and_the_last_is_answered() {
    let sandbox = start().await;
    let response = add(&sandbox, json!({"values": [sample::RANSOMWARE_ADDRESS], "type": 0})).await;
    assert_eq!(response["Sighting"]["event_id"], "1547");
    assert_eq!(kept(&sandbox, sample::RANSOMWARE_ADDRESS).await, [["0"], ["0"], ["0"]]);
}

#[tokio::test]
async fn an_expiration_replaces_the_earlier_one() {
    let sandbox = start().await;
    for kind in ["2", "0", "2"] {
        add(&sandbox, json!({"values": [sample::LOADER_DOMAIN], "type": kind})).await;
    }
    assert_eq!(kept(&sandbox, sample::LOADER_DOMAIN).await, [vec!["0", "2"]]);
}

#[tokio::test]
async fn failures_are_answered_with_200_and_a_message() {
    let sandbox = start().await;
    let none =
        "Could not add the Sighting. Reason: No valid attributes found that match the criteria.";
    for value in [sample::UNKNOWN_DOMAIN, "%.example", "bad_example", "!bad.example"] {
        assert_eq!(
            add(&sandbox, json!({"values": [value]})).await,
            json!({"message": none}),
            "{value}"
        );
    }
    let no_value = "Could not add the Sighting. Reason: No valid attributes found.";
    assert_eq!(add(&sandbox, json!({"type": "1"})).await, json!({"message": no_value}));
    let response = add(&sandbox, json!({"values": [sample::LOADER_DOMAIN], "type": "3"})).await;
    assert!(response["message"].as_str().unwrap().contains("Invalid type"));
    assert_eq!(kept(&sandbox, sample::LOADER_DOMAIN).await, [Vec::<String>::new()]);
}

#[tokio::test]
async fn attributes_are_meant_by_id_or_by_a_value_that_the_database_calls_equal() {
    let sandbox = start().await;
    add(&sandbox, json!({"id": "91032|91033", "type": "1"})).await;
    assert_eq!(kept(&sandbox, "203.0.113.78").await, [["1"]]);
    assert_eq!(kept(&sandbox, "203.0.113.79").await, [["1"]]);
    assert_eq!(
        add(&sandbox, json!({"id": "91025"})).await["Sighting"]["attribute_id"],
        "91025",
        "deleted"
    );
    let list = post(&sandbox, "/sightings/add", misp::API_KEY, &json!({"id": ["91032"]})).await;
    assert_eq!(list.status, 500);

    let everything = search(&sandbox, json!({})).await.len();
    let script = [
        ("authorization", misp::API_KEY),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-requested-with", "XMLHttpRequest"),
    ];
    let url = format!("{}/sightings/add", sandbox.url());
    for weightless in [json!({"values": ["\u{200b}"]}), json!({"value": ""})] {
        let response = client::post(&url, &script, &weightless).await.json();
        let success = response["success"].as_str().unwrap();
        let added: usize = success.split(' ').next().unwrap().parse().unwrap();
        assert!(added > 1000 && added < everything, "every value without a second half: {success}");
    }
}
