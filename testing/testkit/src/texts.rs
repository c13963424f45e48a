//! What makes an answer readable: titles, no text twice, no empty cells, actions that name their target.

use std::collections::HashMap;

use serde_json::Value;

/// The members of an entity, a link or an action that people read.
const TEXTS: [&str; 4] = ["title", "short_description", "description", "reason"];

/// Fails unless people can read the answer.
///
/// # Panics
///
/// When a title is missing, a text is blank or repeats another one, a cell is empty, or two actions on
/// different observables have the same title.
#[track_caller]
pub fn assert_readable(answer: &Value) {
    let data = &answer["data"];
    let collections = data.as_object().into_iter().flatten();
    for doc in collections.flat_map(|(_, collection)| list(&collection["docs"])) {
        let needs_title = matches!(doc["type"].as_str(), Some("sighting" | "indicator"));
        assert!(!needs_title || doc["title"].is_string(), "no title: {doc}");
        assert_texts(doc);
        assert_table(&doc["data"]);
    }
    let mut targets = HashMap::new();
    for item in list(data) {
        assert!(item["title"].is_string() && item["description"].is_string(), "{item}");
        assert_texts(item);
        let params = &item["query-params"];
        if let Some(value) = params["observable_value"].as_str() {
            let title = (item["title"].as_str(), params["observable_type"].as_str());
            let target = targets.entry(title).or_insert(value);
            assert_eq!(*target, value, "the title does not name the target: {item}");
        }
    }
}

#[track_caller]
fn assert_texts(doc: &Value) {
    let mut seen: Vec<String> = Vec::new();
    for text in TEXTS.iter().filter_map(|name| doc[*name].as_str()) {
        let text = text.trim().to_lowercase();
        assert!(!text.is_empty(), "a blank text: {doc}");
        assert!(!seen.contains(&text), "a text that repeats another one: {doc}");
        seen.push(text);
    }
}

#[track_caller]
fn assert_table(table: &Value) {
    for column in list(&table["columns"]) {
        let name = column["name"].as_str().unwrap_or_default();
        let is_plain = name.starts_with(char::is_alphanumeric) && !name.contains('_');
        assert!(is_plain, "a column that is not in plain words: {name:?}");
    }
    for cell in list(&table["rows"]).flat_map(list) {
        let is_blank = cell.as_str().is_some_and(|text| text.trim().is_empty());
        assert!(!is_blank && !cell.is_null(), "an empty cell: {table}");
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_readable(json: &Value) -> bool {
        std::panic::catch_unwind(|| assert_readable(json)).is_ok()
    }

    fn sighting(further: &Value) -> Value {
        let mut doc = json!({"type": "sighting", "title": "File a.exe created"});
        let further = further.as_object().cloned().unwrap_or_default();
        doc.as_object_mut().unwrap().extend(further);
        json!({"data": {"sightings": {"count": 1, "docs": [doc]}}})
    }

    #[test]
    fn every_rule_can_be_broken() {
        let table = |name: &str, cell: Value| {
            sighting(&json!({"data": {"columns": [{"name": name}], "rows": [[cell]]}}))
        };
        assert!(is_readable(&sighting(&json!({"description": "It was there."}))));
        assert!(is_readable(&table("Query type", json!(1))));
        for broken in [
            sighting(&json!({"title": null})),
            sighting(&json!({"title": " "})),
            sighting(&json!({"description": " file A.exe created"})),
            sighting(&json!({"short_description": ""})),
            table("• method", json!("GET")),
            table("status_code", json!(1)),
            table(" ", json!(1)),
            table("Status", json!(" ")),
            table("Status", json!(null)),
        ] {
            assert!(!is_readable(&broken), "{broken}");
        }
    }

    #[test]
    fn actions_name_their_target() {
        let action = |title: &str, value: &str| {
            let params = json!({"observable_type": "ip", "observable_value": value});
            json!({"title": title, "description": "Does it", "query-params": params})
        };
        let actions = |one, other| json!({"data": [one, other]});
        assert!(is_readable(&actions(action("Scan a", "a"), action("Scan b", "b"))));
        assert!(is_readable(&actions(action("Scan a", "a"), action("Scan a", "a"))));
        assert!(!is_readable(&actions(action("Scan", "a"), action("Scan", "b"))));
        assert!(!is_readable(&json!({"data": [{"title": "a"}]})));
    }
}
