//! Verdicts of `MISP_VERDICTS=careful` and `threat-level`, docs/relays/misp.md#verdicts.

use sandbox::{Fault, Times, When};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{
    MispRelay,
    responses::{SEARCH, attribute, for_matches},
    start_sandbox,
};

/// What a search for worth adds to the attribute of `attribute`.
enum Worth {
    Warnings(&'static str),
    /// Reports of a false positive, and sightings.
    Reports(usize, usize),
    Nothing,
}

async fn answer(
    mode: &str,
    observable: (&str, &str),
    attributes: &[Value],
    worth: &Worth,
) -> Answer {
    let sandbox = start_sandbox().await;
    let found =
        |attributes: &Value| Fault::json(200, &json!({"response": {"Attribute": attributes}}));
    let with_worth: Value = attributes.iter().map(|attribute| worth.added_to(attribute)).collect();
    let for_worth = When::path(SEARCH).mentioning("includeWarninglistHits");
    sandbox.fault(for_worth, found(&with_worth), Times::Always);
    sandbox.fault(for_matches(), found(&json!(attributes)), Times::Always);
    let settings = [("MISP_VERDICTS", mode), ("MISP_RELATIONS_LIMIT", "0")];
    let relay = MispRelay::start().before(&sandbox).with(&settings).await;
    relay.observe([observable]).await
}

impl Worth {
    fn added_to(&self, attribute: &Value) -> Value {
        let mut attribute = attribute.clone();
        match self {
            Self::Warnings(name) => {
                attribute["warnings"] = json!([{"warninglist_name": name, "match": "x"}]);
            }
            Self::Reports(false_positives, seen) => {
                let reports = |kind: &str, count| vec![json!({"type": kind}); count];
                attribute["Sighting"] =
                    json!([reports("1", *false_positives), reports("0", *seen)].concat());
            }
            Self::Nothing => {}
        }
        attribute
    }
}

fn disposition(answer: &Answer) -> &str {
    answer.only("verdicts")["disposition_name"].as_str().unwrap()
}

const DOMAIN: (&str, &str) = ("domain", "bad.example");

#[tokio::test(start_paused = true)]
async fn each_reason_against_a_bad_verdict_is_told_and_keeps_sighting_and_indicator() {
    let md5 = "ab".repeat(16);
    let hash = ("md5", md5.as_str());
    let of_hash = |kind: &str| attribute(json!({"type": kind, "value": md5}));
    let url = ("url", "https://blog.example/post");
    for (observable, attribute, worth, reason) in [
        (
            DOMAIN,
            attribute(json!({})),
            Worth::Warnings("Known good names"),
            "The value is on MISP's warning list \"Known good names\".",
        ),
        (
            DOMAIN,
            attribute(json!({"to_ids": false})),
            Worth::Nothing,
            "MISP holds the value as context, not for detection (to_ids is false).",
        ),
        (
            DOMAIN,
            attribute(json!({"to_ids": "0"})),
            Worth::Nothing,
            "MISP holds the value as context, not for detection (to_ids is false).",
        ),
        (
            url,
            attribute(json!({"type": "link", "value": url.1})),
            Worth::Nothing,
            "MISP holds the value as a link to a report.",
        ),
        (
            hash,
            of_hash("ja3-fingerprint-md5"),
            Worth::Nothing,
            "MISP holds the value as ja3-fingerprint-md5, which is no hash of a file.",
        ),
        (
            hash,
            of_hash("imphash"),
            Worth::Nothing,
            "MISP holds the value as imphash, which is no hash of a file.",
        ),
        (
            DOMAIN,
            attribute(json!({})),
            Worth::Reports(3, 1),
            "In MISP the value has more reports of a false positive (3) than sightings (1).",
        ),
    ] {
        let rows = [attribute];
        let careful = answer("careful", observable, &rows, &worth).await;
        assert_eq!(disposition(&careful), "Unknown", "{reason}");
        assert_eq!(careful.only("judgements")["reason"], reason);
        let description = careful.only("sightings")["description"].as_str().unwrap();
        assert!(description.ends_with(reason), "{description}");
        assert_eq!(careful.only("indicators")["title"], "An event");
        let by_level = answer("threat-level", observable, &rows, &worth).await;
        assert_eq!(disposition(&by_level), "Malicious", "{reason}");
        assert_eq!(by_level.only("judgements")["reason"], "An event");
    }
}

#[tokio::test(start_paused = true)]
async fn what_speaks_for_an_attribute_leaves_the_verdict_bad() {
    let hash = "cd".repeat(32);
    let file = |kind: &str| attribute(json!({"type": kind, "value": format!("a.exe|{hash}")}));
    for (observable, attribute, worth) in [
        (DOMAIN, attribute(json!({"to_ids": true})), Worth::Nothing),
        (DOMAIN, attribute(json!({"to_ids": null})), Worth::Nothing),
        (DOMAIN, attribute(json!({})), Worth::Reports(1, 1)),
        (DOMAIN, attribute(json!({})), Worth::Reports(0, 0)),
        (("sha256", hash.as_str()), file("filename|sha256"), Worth::Nothing),
    ] {
        let answer = answer("careful", observable, &[attribute], &worth).await;
        assert_eq!(disposition(&answer), "Malicious");
        assert_eq!(answer.only("judgements")["reason"], "An event");
    }
}

#[tokio::test(start_paused = true)]
async fn one_attribute_without_objection_is_enough() {
    let context = attribute(json!({"id": "1", "to_ids": false}));
    let detection = attribute(json!({"id": "2", "type": "hostname"}));
    let answer = answer("careful", DOMAIN, &[context, detection], &Worth::Nothing).await;
    assert_eq!(disposition(&answer), "Malicious");
}

#[tokio::test(start_paused = true)]
async fn a_lower_event_without_objection_decides() {
    let context = attribute(json!({"to_ids": false}));
    let medium = attribute(json!({"id": "2", "event_id": "8",
        "Event": {"id": "8", "uuid": "1a2b3c4d-2222-4333-8444-5e5f5a5b5c5e", "threat_level_id": "2"}}));
    let answer = answer("careful", DOMAIN, &[context, medium], &Worth::Nothing).await;
    assert_eq!(answer.docs("verdicts")[0]["disposition_name"], "Suspicious");
    assert_eq!(answer.docs("judgements")[0]["disposition_name"], "Suspicious");
    assert_eq!(answer.docs("judgements")[1]["disposition_name"], "Unknown");
}

#[tokio::test(start_paused = true)]
async fn an_event_of_low_level_is_common_whatever_is_said_about_it() {
    let low = attribute(json!({"to_ids": false, "Event": {"threat_level_id": "3"}}));
    let answer = answer("careful", DOMAIN, &[low], &Worth::Nothing).await;
    assert_eq!(disposition(&answer), "Common");
}
