//! The message of an error response in JSON, where products and gateways usually put it.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// The members that hold a message, or an object or list with one: the first that is there counts.
const NAMES: [&str; 8] = [
    "message",
    "Message",
    "error_description",
    "detail",
    "errorMessage",
    "error",
    "errors",
    "title",
];
/// The longest document that is searched; error responses are a few hundred bytes.
const MAX_BYTES: usize = 64 * 1024;
/// How many objects and lists may stand around a message.
const MAX_DEPTH: usize = 4;

/// Returns the message of a JSON document; a blank one is none.
pub(super) fn in_json(json: &str) -> Option<String> {
    (json.len() <= MAX_BYTES).then(|| message(json, MAX_DEPTH))?
}

fn message(json: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok().filter(|text: &String| !text.trim().is_empty()),
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            items.iter().find_map(|item| message(item.get(), depth))
        }
        b'{' => {
            let members: HashMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            NAMES.iter().find_map(|name| message(members.get(*name)?.get(), depth))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_in_every_usual_place() {
        let check = |json: &str, expected: Option<&str>| {
            assert_eq!(in_json(json).as_deref(), expected, "{json}");
        };
        check(r#"{"message": "Forbidden"}"#, Some("Forbidden"));
        check(r#"{"Message": "Forbidden", "code": 7}"#, Some("Forbidden"));
        check(r#"{"timestamp": "x", "status": 404, "error": "Not Found"}"#, Some("Not Found"));
        check(r#"{"error": {"code": "a", "message": "No such table"}}"#, Some("No such table"));
        check(r#"{"error": {"code": "a", "message": ""}, "title": "Bad"}"#, Some("Bad"));
        check(r#"{"error": "invalid_client", "error_description": "Unknown"}"#, Some("Unknown"));
        check(r#"{"errors": [{"detail": "Too long"}, {"detail": "x"}]}"#, Some("Too long"));
        check(r#"{"errors": ["Too long"]}"#, Some("Too long"));
        check(r#"[{}, "Too long"]"#, Some("Too long"));
        check(r#"{"message": null, "Message": "a", "detail": "b"}"#, Some("a"));
        for none in
            ["{}", "[]", "{", "[", r#"{"message": " "}"#, r#"{"errors": {"a": 1}}"#, "[[1]]", "7"]
        {
            check(none, None);
        }
    }
}
