//! TLP of entities, docs/relays/misp.md#tlp.

use serde_json::{Value, json};

use super::entities::answer_to;
use crate::test_relay::responses::attribute;

/// The TLP of sighting and judgement, and that of the indicator.
async fn tlp(of_attribute: &[&str], of_event: &[&str]) -> (Value, Value) {
    let tags = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Value>();
    let attribute = attribute(json!({"Tag": tags(of_attribute), "Event": {"Tag": tags(of_event)}}));
    let answer = answer_to(&[attribute]).await;
    let tlp = |collection| answer.only(collection).get("tlp").cloned().unwrap_or_default();
    assert_eq!(tlp("sightings"), tlp("judgements"));
    (tlp("sightings"), tlp("indicators"))
}

#[tokio::test(start_paused = true)]
async fn every_tlp_tag_has_its_word() {
    for (tag, word) in [
        ("tlp:red", json!("red")),
        ("tlp:amber", json!("amber")),
        ("tlp:amber+strict", json!("amber")),
        ("tlp:green", json!("green")),
        ("tlp:white", json!("white")),
        ("tlp:clear", json!("white")),
        ("TLP:Red", json!("red")),
        ("tlp:ex:chr", json!(null)),
        ("tlp:", json!(null)),
        ("red", json!(null)),
        ("tlp red", json!(null)),
    ] {
        assert_eq!(tlp(&[], &[tag]).await, (word.clone(), word), "{tag}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_most_restrictive_tlp_wins_wherever_it_stands() {
    let check = async |of_attribute: &[&str], of_event: &[&str], shown: [Value; 2]| {
        assert_eq!(
            tlp(of_attribute, of_event).await,
            shown.into(),
            "{of_attribute:?} {of_event:?}"
        );
    };
    check(&[], &["osint", "tlp:white", "tlp:amber"], [json!("amber"), json!("amber")]).await;
    check(&["tlp:red"], &["tlp:green"], [json!("red"), json!("green")]).await;
    check(&["tlp:white"], &["tlp:green"], [json!("green"), json!("green")]).await;
    check(&["tlp:clear"], &[], [json!("white"), json!(null)]).await;
    check(&["osint"], &["tlp:unknown"], [json!(null), json!(null)]).await;
}

#[tokio::test(start_paused = true)]
async fn the_strictest_attribute_of_an_event_counts() {
    let tagged = |id, name: &str| attribute(json!({"id": id, "Tag": [{"name": name}]}));
    let attributes = [tagged(1, "tlp:green"), tagged(2, "tlp:red"), tagged(3, "tlp:white")];
    let answer = answer_to(&attributes).await;
    assert_eq!(answer.only("sightings")["tlp"], "red");
}
