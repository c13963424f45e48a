//! Which process of an alert's evidence started which:
//! docs/relays/defender-atp.md#relations-of-an-alert.

use std::collections::HashMap;

use relay_core::{
    Observable, Time,
    ctim::{RelationName::ParentOf, Relations},
    lenient::Text,
};

use super::{
    AlertEvidence,
    observables::{best_hash, file_name, hashes},
};

/// Adds which process started which. A process's parent is the entry with its number; numbers are
/// reused, so the times of creation have to agree where both are known.
pub fn add_parents(relations: &mut Relations, evidence: &[AlertEvidence]) {
    let mut by_number: HashMap<i64, Vec<&AlertEvidence>> = HashMap::new();
    for entry in evidence {
        if let Some(number) = *entry.process_id {
            by_number.entry(number).or_default().push(entry);
        }
    }
    for child in evidence {
        let Some(number) = *child.parent_process_id else { continue };
        let known = by_number.get(&number).map(Vec::as_slice).unwrap_or_default();
        let parents: Vec<_> = known.iter().filter(|parent| is_parent(parent, child)).collect();
        for parent in &parents {
            relations.add(process(parent), ParentOf, process(child));
        }
        if parents.is_empty() {
            let parent = file_name(child.parent_process_file_name.as_deref());
            relations.add(parent, ParentOf, process(child));
        }
    }
}

fn is_parent(parent: &AlertEvidence, child: &AlertEvidence) -> bool {
    let time = |text: &Text| text.as_deref().and_then(Time::parse);
    match (time(&parent.process_creation_time), time(&child.parent_process_creation_time)) {
        (Some(created), Some(expected)) => created == expected,
        _ => true,
    }
}

/// A process by its file: the best hash, else the name.
fn process(entry: &AlertEvidence) -> Option<Observable> {
    let hashes = hashes(&entry.sha1, &entry.sha256, &entry.md5);
    best_hash(&hashes).or_else(|| file_name(entry.file_name.as_deref()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CHILD: &str = "8f219e9cb0eb53f16947ccf25ec84d8dbc74254770f58904dba41ecccc3fc162";
    const PARENT: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";

    /// The relations of these entries, by values.
    fn of_evidence(evidence: Value) -> Vec<String> {
        let alert = json!({"evidence": evidence}).to_string();
        let alert: super::super::Alert = serde_json::from_str(&alert).unwrap();
        let mut relations = Relations::from_origin("Scanner");
        add_parents(&mut relations, &alert.evidence);
        let relations = serde_json::to_value(relations).unwrap();
        let value = |end: &Value| end["value"].as_str().unwrap().to_owned();
        let text = |it: &Value| {
            let relation = it["relation"].as_str().unwrap();
            format!("{} {relation} {}", value(&it["source"]), value(&it["related"]))
        };
        relations.as_array().unwrap().iter().map(text).collect()
    }

    #[test]
    fn parents_are_found_by_number_and_time() {
        let parent =
            |time: Value| json!({"sha1": PARENT, "processId": 7, "processCreationTime": time});
        let child = |time: Value| {
            json!({
                "sha256": CHILD,
                "processId": 8,
                "parentProcessId": 7,
                "parentProcessCreationTime": time,
                "parentProcessFileName": "explorer.exe",
            })
        };
        let (one, same, other) =
            ("2026-10-30T05:50:00Z", "2026-10-30T05:50:00.000Z", "2026-10-30T05:51:00Z");
        let by_hash = [format!("{PARENT} Parent_Of {CHILD}")];
        let by_name = [format!("explorer.exe Parent_Of {CHILD}")];
        for (created, expected, found) in [
            (json!(one), json!(same), &by_hash),
            (json!(one), json!(null), &by_hash),
            (json!(null), json!(one), &by_hash),
            (json!(one), json!(other), &by_name),
        ] {
            assert_eq!(of_evidence(json!([child(expected), parent(created)])), *found);
        }
        assert_eq!(of_evidence(json!([child(json!(one))])), by_name);
    }

    #[test]
    fn processes_without_hashes_go_by_name() {
        let family = json!([
            {"fileName": "zsh", "processId": 7},
            {"fileName": "Updater", "processId": 8, "parentProcessId": 7},
            {"fileName": "Updater", "processId": 9, "parentProcessId": 1},
        ]);
        assert_eq!(of_evidence(family), ["zsh Parent_Of Updater"]);
    }
}
