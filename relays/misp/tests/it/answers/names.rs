//! Ids, links, producers and tags of entities, docs/relays/misp.md#entities.

use relay_core::Namespace;
use serde_json::{Value, json};

use super::entities::{answer_of, answer_to, with_event};
use crate::test_relay::{
    MispAnswer,
    responses::{EVENT, attribute, serve},
    start_before, start_sandbox,
};

#[tokio::test(start_paused = true)]
async fn the_producer_is_the_creator_or_misp() {
    for (creator, producer) in [
        (json!({"name": "CERT-EX"}), "CERT-EX"),
        (json!({"name": ""}), "MISP"),
        (json!({"name": null}), "MISP"),
        (json!({}), "MISP"),
        (json!(null), "MISP"),
        (json!("CERT-EX"), "MISP"),
        (json!([]), "MISP"),
    ] {
        let answer = answer_to(&[with_event(json!({"Orgc": creator}))]).await;
        assert_eq!(answer.only("indicators")["producer"], producer, "{creator}");
    }
}

#[tokio::test(start_paused = true)]
async fn entities_name_their_source_event_and_link() {
    let sandbox = start_sandbox().await;
    let answer = answer_of(&sandbox, &[attribute(json!({}))]).await;
    let link = format!("{}/events/view/{EVENT}", sandbox.url());
    for collection in ["judgements", "sightings", "indicators"] {
        let doc = answer.only(collection);
        assert_eq!(doc["source"], "MISP");
        assert_eq!(doc["schema_version"], "1.3.29");
        assert_eq!(doc["source_uri"], link);
        assert_eq!(doc["external_ids"], json!([EVENT]));
        let reference = json!([{"source_name": "MISP", "external_id": EVENT, "url": link}]);
        assert_eq!(doc["external_references"], reference);
    }
    let judgement = answer.only("judgements");
    assert_eq!((&judgement["confidence"], &judgement["priority"]), (&json!("Medium"), &json!(85)));
    assert_eq!(answer.only("indicators")["confidence"], "High");
}

#[tokio::test(start_paused = true)]
async fn ids_are_made_of_event_type_and_value_as_sent() {
    let misp = Namespace::of("misp");
    let sandbox = start_sandbox().await;
    serve(&sandbox, &[attribute(json!({"Event": {"uuid": EVENT.to_uppercase()}}))], &[]);
    let relay = start_before(&sandbox).await;
    let answer = relay.observe([("domain", "BAD.example")]).await;
    let sighting = misp.sighting(&[EVENT], "domain", "BAD.example").to_string();
    let judgement = misp.judgement(&[EVENT], "domain", "BAD.example").to_string();
    let indicator = format!("transient:indicator-{EVENT}");
    assert_eq!(answer.only("sightings")["id"], *sighting);
    assert_eq!(answer.only("judgements")["id"], *judgement);
    assert_eq!(answer.only("indicators")["id"], *indicator);
    let edges = answer.docs("relationships").iter().map(|edge| {
        ["relationship_type", "source_ref", "target_ref"].map(|name| edge[name].as_str().unwrap())
    });
    let expected = [["sighting-of", &sighting, &indicator], ["element-of", &judgement, &indicator]];
    assert_eq!(edges.collect::<Vec<_>>(), expected);
    assert_eq!(relay.observe([("domain", "BAD.example")]).await, answer);
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_uuid_is_named_by_host_and_id() {
    let sandbox = start_sandbox().await;
    let answer = answer_of(&sandbox, &[with_event(json!({"uuid": null}))]).await;
    let id = Namespace::of("misp").indicator(&[sandbox.url(), "7"]).to_string();
    assert_eq!(answer.only("indicators")["id"], *id);
    assert_eq!(answer.events(), ["7"]);
    assert_eq!(answer.only("sightings")["source_uri"], format!("{}/events/view/7", sandbox.url()));
}

#[tokio::test(start_paused = true)]
async fn i14_a_malformed_event_uuid_stays_one_segment_of_the_link() {
    let sandbox = start_sandbox().await;
    let answer = answer_of(&sandbox, &[with_event(json!({"uuid": "../../x?y#z"}))]).await;
    let link = format!("{}/events/view/..%2F..%2Fx%3Fy%23z", sandbox.url());
    assert_eq!(answer.only("sightings")["source_uri"], link);
    let answer = answer_of(&sandbox, &[with_event(json!({"uuid": "x".repeat(3000)}))]).await;
    assert_eq!(answer.only("sightings").get("source_uri"), None);
}

#[tokio::test(start_paused = true)]
async fn tags_are_the_events_each_once() {
    let tag = |name: Value| json!({"id": "3", "name": name});
    let names =
        [json!("a"), json!("b"), json!("a"), json!(""), json!(null), json!("x".repeat(3000))];
    let tags: Vec<_> = names.into_iter().map(tag).chain([json!("no tag"), json!(null)]).collect();
    let own = json!([{"name": "own"}, {"name": "a", "inherited": 1}]);
    let answer = answer_to(&[attribute(json!({"Tag": own, "Event": {"Tag": tags}}))]).await;
    assert_eq!(answer.only("indicators")["tags"], json!(["a", "b", "x".repeat(1024)]));
    for none in [json!([]), json!(null), json!({}), json!([{"name": ""}])] {
        let answer = answer_to(&[with_event(json!({"Tag": none}))]).await;
        assert_eq!(answer.only("indicators").get("tags"), None);
    }
}
