//! The checker over the documents of `fixtures/ctim`, whose names say what it has to find.
//!
//! `good/<kind>--<case>` has no finding, `warn/<kind>--<rule>--<case>` that warning and no error,
//! `bad/<kind>--<rule>--<case>` that error.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Map, Value, json};
use testkit::ctim::{
    Entity, Expectation, Finding, Route, Severity, assert_valid, check, check_entity, check_text,
};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/ctim")
}

/// The documents of a folder by their names without `.json`.
fn documents(folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(fixtures().join(folder)).unwrap();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    entries.map(|entry| read(entry.unwrap().path())).collect()
}

fn findings(name: &str, text: &str) -> Vec<Finding> {
    let (kind, rest) = name.split_once("--").unwrap();
    if let Some(entity) = Entity::ALL.into_iter().find(|entity| entity.name() == kind) {
        return check_entity(entity, &serde_json::from_str(text).unwrap());
    }
    let body: Value =
        serde_json::from_str(&fs::read_to_string(fixtures().join("asked.json")).unwrap()).unwrap();
    let expected = match rest.split("--").next() {
        Some("limit") => Expectation::default().at_most(2),
        Some("not-asked") => Expectation::about(&body),
        _ => Expectation::default(),
    };
    check_text(kind.parse().unwrap(), text, &expected)
}

fn rule(name: &str) -> &str {
    name.split("--").nth(1).unwrap()
}

#[test]
fn good_documents_give_no_finding() {
    let documents = documents("good");
    assert_eq!(documents.len(), 25);
    for (name, text) in documents {
        assert_eq!(findings(&name, &text), [], "{name}");
    }
}

#[test]
fn suspicious_documents_give_their_warning_and_no_error() {
    let documents = documents("warn");
    assert_eq!(documents.len(), 24);
    for (name, text) in documents {
        let found = findings(&name, &text);
        assert!(found.iter().any(|finding| finding.rule == rule(&name)), "{name}: {found:?}");
        assert!(
            found.iter().all(|finding| finding.severity != Severity::Error),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn bad_documents_give_their_error() {
    let documents = documents("bad");
    assert_eq!(documents.len(), 159);
    for (name, text) in documents {
        let found = findings(&name, &text);
        let named =
            |finding: &Finding| finding.rule == rule(&name) && finding.severity == Severity::Error;
        assert!(found.iter().any(named), "{name}: {found:?}");
    }
}

/// Every finding, also those beside the one in the name, with its place.
#[test]
fn the_findings_are_the_known_ones() {
    let mut all = Map::new();
    for folder in ["bad", "warn"] {
        for (name, text) in documents(folder) {
            let line = |f: Finding| format!("{:?} [{}] {}", f.severity, f.rule, f.path);
            let mut lines: Vec<_> = findings(&name, &text).into_iter().map(line).collect();
            lines.sort();
            all.insert(format!("{folder}/{name}"), lines.into());
        }
    }
    testkit::golden!("ctim-findings").assert_answer(&Value::Object(all));
}

fn invalid(answer: &Value) -> String {
    let fails = || assert_valid(Route::Observe, answer, &Expectation::default());
    *std::panic::catch_unwind(fails).unwrap_err().downcast::<String>().unwrap()
}

#[test]
fn assertions_are_strict_but_accept_kept_relation_names() {
    let read = |name: &str| -> Value {
        serde_json::from_str(&documents("warn")[&format!("observe--{name}")]).unwrap()
    };
    assert_valid(Route::Observe, &read("relation-vocab--file-name-of"), &Expectation::default());
    let message = invalid(&read("relation-vocab--wrong-case"));
    assert!(message.contains("did you mean Resolved_To?"), "{message}");
    let message = invalid(&json!({"data": {}, "extra": 1}));
    assert_eq!(
        message,
        "the answer of observe is not valid CTIM:\n  \
         Error [unknown-key] $.extra: the key is not defined here"
    );
}

#[test]
fn limits_count_per_observable() {
    let sighting = |number: usize, value: &str| {
        json!({
            "type": "sighting",
            "id": format!("transient:sighting-00000000-0000-4000-8000-{number:012}"),
            "schema_version": "1.3.29",
            "confidence": "High",
            "count": 1,
            "observed_time": {"start_time": "2026-11-20T10:00:00Z"},
            "observables": [{"type": "domain", "value": value}],
        })
    };
    let docs: Vec<_> = ["a.example", "a.example", "b.example", "b.example"]
        .iter()
        .enumerate()
        .map(|(number, value)| sighting(number, value))
        .collect();
    let answer = json!({"data": {"sightings": {"count": 4, "docs": docs}}});
    let expected = Expectation::about(&json!([
        {"type": "domain", "value": "a.example"},
        {"type": "domain", "value": "b.example"},
    ]));
    assert_valid(Route::Observe, &answer, &expected.clone().at_most(2));
    let rules: Vec<_> =
        check(Route::Observe, &answer, &expected.at_most(1)).into_iter().map(|f| f.text).collect();
    assert_eq!(
        rules,
        [
            "2 entities for domain a.example, 1 allowed",
            "2 entities for domain b.example, 1 allowed"
        ]
    );
}
