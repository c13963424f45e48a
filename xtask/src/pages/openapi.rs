//! `openapi.yaml`: the schemas of answers, which stand once, in JSON, beside the checker that uses them.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value};

use super::GeneratedFile;
use crate::Outcome;

const DOCUMENT: &str = "openapi.yaml";
const SCHEMAS: &str = "testing/testkit/schemas";

/// The last line that is written by hand.
const BEGIN: &str = "    # From here on written by `cargo xtask pages --write`.\n";

/// Members that say something about a file, not about a value.
const ABOUT_FILES: [&str; 4] = ["$schema", "$id", "$comment", "$defs"];

/// Returns the document with all schemas, so that it needs no other file.
///
/// # Errors
///
/// A file that cannot be read.
pub(super) fn document(root: &Path) -> Outcome<GeneratedFile> {
    let written = fs::read_to_string(root.join(DOCUMENT))?;
    let (by_hand, _) = written.split_once(BEGIN).ok_or("openapi.yaml has lost its mark")?;
    let mut content = by_hand.to_owned() + BEGIN;
    for (name, schema) in components(&root.join(SCHEMAS))? {
        if by_hand.contains(&format!("\n    {name}:\n")) {
            return Err(format!("openapi.yaml has two schemas {name}").into());
        }
        content += &format!("    {name}:");
        write_value(&mut content, &schema, 6);
    }
    Ok(GeneratedFile { path: DOCUMENT.into(), content })
}

/// Every schema of the folder by its name in the document.
fn components(folder: &Path) -> Outcome<BTreeMap<String, Value>> {
    let mut components = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let schema: Value = serde_json::from_slice(&fs::read(&path)?)?;
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            components.insert(component_name(name), component(definition, &file));
        }
        if schema["type"].is_string() {
            components.insert(component_name(&file), component(&schema, &file));
        }
    }
    Ok(components)
}

/// `sighting.schema.json` and `relaySightingId` are `Sighting` and `RelaySightingId`; answers of routes are `HealthAnswer`.
fn component_name(name: &str) -> String {
    const ROUTES: [&str; 7] =
        ["health", "observe", "deliberate", "refer", "respond", "trigger", "version"];
    let name = name.split('.').next().unwrap_or(name);
    let (first, rest) = name.split_at(1);
    let answer = if ROUTES.contains(&name) { "Answer" } else { "" };
    format!("{}{rest}{answer}", first.to_uppercase())
}

/// A schema of `file` as a component: references point into the document.
fn component(schema: &Value, file: &str) -> Value {
    match schema {
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| !ABOUT_FILES.contains(&name.as_str()));
            let of = |(name, value): (&String, &Value)| {
                let reference = value.as_str().filter(|_| name == "$ref");
                let value =
                    reference.map_or_else(|| component(value, file), |to| pointer(to, file));
                (name.clone(), value)
            };
            Value::Object(members.map(of).collect())
        }
        Value::Array(items) => items.iter().map(|item| component(item, file)).collect(),
        other => other.clone(),
    }
}

fn pointer(reference: &str, file: &str) -> Value {
    let (target, definition) = reference.split_once('#').unwrap_or((reference, ""));
    let target = if target.is_empty() { file } else { target };
    let name = definition.strip_prefix("/$defs/").unwrap_or(target);
    format!("#/components/schemas/{}", component_name(name)).into()
}

/// Writes a value in block style after its name or dash, to the end of the line. Texts are quoted as in JSON, which YAML reads.
fn write_value(content: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            content.push('\n');
            write_members(content, members, indent);
        }
        Value::Array(items) if items.iter().any(|item| item.is_object()) => {
            content.push('\n');
            for item in items {
                *content += &format!("{:indent$}-", "");
                write_value(content, item, indent + 2);
            }
        }
        other => *content += &format!(" {other}\n"),
    }
}

fn write_members(content: &mut String, members: &Map<String, Value>, indent: usize) {
    let sorted: BTreeMap<_, _> = members.iter().collect();
    for (name, value) in sorted {
        *content += &format!("{:indent$}{}:", "", key(name));
        write_value(content, value, indent + 2);
    }
}

/// A member's name, quoted where YAML would not take it for a text.
fn key(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "$_".contains(letter);
    if name.chars().all(is_plain) { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_between_files_become_references_within_the_document() {
        let schema = json!({"items": {"$ref": "common.schema.json#/$defs/relayRef"}, "not": {"$ref": "#/$defs/error"},
            "allOf": [{"$ref": "sighting.schema.json"}], "$id": "here.schema.json"});
        let expected = json!({"items": {"$ref": "#/components/schemas/RelayRef"}, "not": {"$ref": "#/components/schemas/Error"},
            "allOf": [{"$ref": "#/components/schemas/Sighting"}]});
        assert_eq!(component(&schema, "here.schema.json"), expected);
        assert_eq!(component_name("health"), "HealthAnswer");
    }

    #[test]
    fn values_are_written_as_blocks() {
        let mut content = "Name:".to_owned();
        let value = json!({"enum": ["a", "b"], "allOf": [{"type": "string"}, {"minLength": 1}]});
        write_value(&mut content, &value, 2);
        assert_eq!(
            content,
            "Name:\n  allOf:\n    -\n      type: \"string\"\n    -\n      minLength: 1\n  enum: [\"a\",\"b\"]\n"
        );
    }
}
