//! A field of a query, and where its values stand in an event. A field that is not given in full
//! means every field that ends with it. Source: FortiNDR Cloud user guide, "Field reference".

use serde_json::Value;

/// Keys under which an event may hold a plain value, and the full field that it is.
const SHORT_FORMS: [(&str, &[&str]); 5] = [
    ("src_ip", &["src", "ip"]),
    ("dst_ip", &["dst", "ip"]),
    ("dest_ip", &["dst", "ip"]),
    ("san_dns", &["san_dns", "domain"]),
    ("server_name_indication", &["server_name_indication", "domain"]),
];

/// `path` or `event_type:path`.
#[derive(Debug)]
pub(super) struct Field {
    event_type: Option<String>,
    path: Vec<String>,
}

impl Field {
    /// Reads `path` or `event_type:path`.
    pub(super) fn read(name: &str) -> Self {
        let (event_type, path) = match name.split_once(':') {
            Some((event_type, path)) => (Some(event_type.to_owned()), path),
            None => (None, name),
        };
        Self { event_type, path: path.split('.').map(str::to_owned).collect() }
    }

    /// As it is written in a query.
    pub(super) fn name(&self) -> String {
        let event_type = self.event_type.as_ref().map(|one| format!("{one}:")).unwrap_or_default();
        event_type + &self.path.join(".")
    }

    /// Whether the event has such a field, be it null.
    pub(super) fn exists_in(&self, event: &Value) -> bool {
        !self.leaves(event).is_empty()
    }

    /// The values that are not null, from all fields that end with this one.
    pub(super) fn values<'a>(&self, event: &'a Value) -> Vec<&'a Value> {
        let mut values = self.leaves(event);
        values.retain(|value| !value.is_null());
        values
    }

    /// The values of all fields that end with this one, also null.
    fn leaves<'a>(&self, event: &'a Value) -> Vec<&'a Value> {
        let mut leaves = Vec::new();
        if self.event_type.as_ref().is_none_or(|expected| event["event_type"] == *expected) {
            self.collect(event, &mut Vec::new(), &mut leaves);
        }
        leaves
    }

    fn collect<'a>(&self, value: &'a Value, path: &mut Vec<&'a str>, leaves: &mut Vec<&'a Value>) {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    path.push(name);
                    self.collect(inner, path, leaves);
                    path.pop();
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, path, leaves)),
            leaf if self.is_end_of(&full(path)) => leaves.push(leaf),
            _ => {}
        }
    }

    fn is_end_of(&self, path: &[&str]) -> bool {
        path.len() >= self.path.len() && path[path.len() - self.path.len()..] == *self.path
    }
}

/// The path of a plain value with its short form written out.
fn full<'a>(path: &[&'a str]) -> Vec<&'a str> {
    match path.split_last() {
        None => Vec::new(),
        Some((last, before)) => {
            let short_form = SHORT_FORMS.iter().find(|(name, _)| name == last);
            let end = short_form.map_or(std::slice::from_ref(last), |(_, full)| full);
            [before, end].concat()
        }
    }
}
