//! Fills the lists of a response with one item over and over.

use bytes::Bytes;
use serde_json::Value;

use crate::fault::Repeated;

/// Stands in the place of a list. No product sends it.
const MARK: &str = "\u{f8ff}";

impl Repeated {
    /// Returns the body with filled lists; `None` for one that is no JSON or has no such list.
    pub(super) fn fill(&self, body: &[u8]) -> Option<Bytes> {
        let mut json: Value = serde_json::from_slice(body).ok()?;
        let mut items = Vec::new();
        take_items(&mut json, self.depth, &mut items);
        let each = self.bytes.checked_div(items.len())?;
        let mut filled = String::with_capacity(self.bytes + body.len());
        let json = json.to_string();
        let mark = Value::from(MARK).to_string();
        let mut parts = json.split(&mark);
        filled.push_str(parts.next().unwrap_or_default());
        for (own, after) in items.iter().zip(parts) {
            self.push_list(&mut filled, own, each);
            filled.push_str(after);
        }
        Some(filled.into())
    }

    fn push_list(&self, text: &mut String, own: &str, bytes: usize) {
        let item = self.item.as_deref().unwrap_or(own);
        text.push('[');
        text.push_str(item);
        for _ in 1..bytes / (item.len() + 1) {
            text.push(',');
            text.push_str(item);
        }
        text.push(']');
    }
}

/// Puts marks in the place of the lists at this depth, and keeps the first item of each.
fn take_items(json: &mut Value, depth: usize, items: &mut Vec<String>) {
    match json {
        Value::Array(list) if depth == 0 => {
            let own = list.first().map_or_else(|| "{}".to_owned(), Value::to_string);
            *json = MARK.into();
            items.push(own);
        }
        Value::Array(list) => list.iter_mut().for_each(|one| take_items(one, depth - 1, items)),
        Value::Object(members) => {
            members.values_mut().for_each(|one| take_items(one, depth, items));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(depth: usize, item: Option<&str>, bytes: usize, body: &str, expected: Option<&str>) {
        let repeated = Repeated { depth, item: item.map(str::to_owned), bytes };
        let filled = repeated.fill(body.as_bytes());
        assert_eq!(filled.as_deref(), expected.map(str::as_bytes), "{body}");
    }

    #[test]
    fn the_lists_of_one_depth_are_filled_together() {
        let body = r#"{"a":[{"b":[1,2],"c":"x"},{"b":[]}],"d":7}"#;
        check(0, Some("{}"), 9, body, Some(r#"{"a":[{},{},{}],"d":7}"#));
        let nested = r#"{"a":[{"b":[1,1],"c":"x"},{"b":[{}]}],"d":7}"#;
        check(1, None, 8, body, Some(nested));
        check(0, Some("7"), 1, "[]", Some("[7]"));
    }

    #[test]
    fn what_has_no_list_stays() {
        for body in ["", "{}", r#"{"a":"x"}"#, "<html>"] {
            check(0, None, 9, body, None);
        }
        check(1, None, 9, "[1]", None);
    }
}
