//! What MISP answers to a search: attributes, each with the head of its event.
//!
//! Members that 2.4 sends as texts and 2.5 as numbers are read alike; null and odd ones are absent.

use relay_core::lenient;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

/// An attribute. Source: MISP OpenAPI, "Attribute".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Row {
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) id: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) event_id: Option<String>,
    /// The MISP object it is part of; `0` for none.
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) object_id: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) category: Option<String>,
    /// MISP's own type, such as `ip-dst|port`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
    /// Composite types hold two halves around `|`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) value: Option<String>,
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) timestamp: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) comment: Option<String>,
    /// ISO 8601 with microseconds.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) first_seen: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) last_seen: Option<String>,
    #[serde(rename = "Event", deserialize_with = "lenient::object")]
    pub(crate) event: Option<Event>,
    #[serde(rename = "Tag", deserialize_with = "lenient::objects")]
    pub(crate) tags: Vec<Tag>,
}

/// The head of an event. Source: MISP OpenAPI, "Event".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) uuid: Option<String>,
    /// The event's title.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) info: Option<String>,
    /// A day.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) date: Option<String>,
    /// 1 High, 2 Medium, 3 Low, 4 Undefined.
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) threat_level_id: Option<i64>,
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) timestamp: Option<i64>,
    #[serde(rename = "Orgc", deserialize_with = "lenient::object")]
    pub(crate) creator: Option<Organisation>,
    #[serde(rename = "Tag", deserialize_with = "lenient::objects")]
    pub(crate) tags: Vec<Tag>,
}

/// Who made an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Organisation {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
}

/// A label.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tag {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
}

impl Row {
    /// The value, and both halves of a composite one.
    pub(crate) fn values(&self) -> Vec<&str> {
        let Some(value) = self.value.as_deref() else { return Vec::new() };
        let halves = self.halves();
        std::iter::once(value)
            .chain(halves.into_iter().flat_map(|(one, other)| [one, other]))
            .collect()
    }

    /// The two halves around the first `|` of a composite value.
    pub(crate) fn halves(&self) -> Option<(&str, &str)> {
        let kind = self.kind.as_deref()?;
        let composite = kind.contains('|') || kind == "malware-sample";
        self.value.as_deref().filter(|_| composite)?.split_once('|')
    }
}

/// A search's answer: `{"response": {"Attribute": […]}}`, or a list of such on old servers.
pub(super) struct Rows(pub(super) Vec<Row>);

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    response: &'a RawValue,
}

#[derive(Deserialize)]
struct Attributes {
    #[serde(rename = "Attribute", deserialize_with = "listed")]
    rows: Vec<Row>,
}

/// An odd row costs itself only; but no list at all must not pass for "nothing found".
fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Row>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if !raw.starts_with('[') {
        return Err(D::Error::custom("the attributes are no list"));
    }
    lenient::objects(&mut serde_json::Deserializer::from_str(raw)).map_err(D::Error::custom)
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Answer { response } = object(deserializer)?;
        let parts: Vec<&RawValue> = if response.get().starts_with('[') {
            serde_json::from_str(response.get()).map_err(D::Error::custom)?
        } else {
            vec![response]
        };
        let mut rows = Vec::new();
        for part in parts {
            let part = &mut serde_json::Deserializer::from_str(part.get());
            rows.extend(object::<_, Attributes>(part).map_err(D::Error::custom)?.rows);
        }
        Ok(Self(rows))
    }
}

/// Only an object fills a struct: serde would also take a list for one, member by member.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    lenient::object(deserializer)?.ok_or_else(|| D::Error::custom("not the object expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Option<usize> {
        serde_json::from_str::<Rows>(json).ok().map(|rows| rows.0.len())
    }

    #[test]
    fn answers_of_new_and_old_servers_are_read() {
        assert_eq!(rows(r#"{"response": {"Attribute": [{"id": "1"}, null, {"id": 2}]}}"#), Some(2));
        assert_eq!(rows(r#"{"response": [{"Attribute": [{}]}, {"Attribute": [{}]}]}"#), Some(2));
        assert_eq!(rows(r#"{"response": []}"#), Some(0));
        for odd in [
            "[]",
            "{}",
            r#"{"response": null}"#,
            r#"{"response": {}}"#,
            r#"{"response": {"Attribute": null}}"#,
            r#"{"response": {"Attribute": {"id": "1"}}}"#,
            r#"{"response": [{"Event": {}}]}"#,
            r#"{"errors": "x"}"#,
            "[[]]",
            r#"{"response": [[]]}"#,
        ] {
            assert_eq!(rows(odd), None, "{odd}");
        }
    }

    #[test]
    fn only_composite_types_have_halves() {
        let row = |kind: &str, value: &str| Row {
            kind: Some(kind.to_owned()),
            value: Some(value.to_owned()),
            ..Row::default()
        };
        assert_eq!(
            row("ip-dst|port", "203.0.113.7|443").values(),
            ["203.0.113.7|443", "203.0.113.7", "443"]
        );
        assert_eq!(row("malware-sample", "a.exe|ab").values().len(), 3);
        assert_eq!(row("url", "http://x/?a|b").values(), ["http://x/?a|b"]);
    }
}
