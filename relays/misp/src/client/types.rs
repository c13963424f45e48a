//! MISP's responses, docs/relays/misp.md#lenient-reading.

use relay_core::lenient;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny},
};
use serde_json::value::RawValue;

/// The response to `GET /servers/getVersion`.
#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) version: Option<String>,
}

/// The response to `POST /sightings/add`: the last sighting that was added, or a message why none was.
#[derive(Deserialize)]
pub(super) struct AddedSighting {
    #[serde(rename = "Sighting", default, deserialize_with = "lenient::object")]
    pub(super) sighting: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) message: Option<String>,
}

/// An attribute with the head of its event. Source: MISP OpenAPI, "Attribute".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attribute {
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) id: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) event_id: Option<String>,
    /// The MISP object that it is part of; `0` for none.
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) object_id: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) category: Option<String>,
    /// MISP's type, such as `ip-dst|port`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) attribute_type: Option<String>,
    /// Two parts around `|` for composite types.
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
    /// A day, such as `2026-02-28`.
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

impl Event {
    /// Returns the names of the event's own tags.
    pub(crate) fn tag_names(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().filter_map(|tag| tag.name.as_deref())
    }
}

/// The organisation that created an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Organisation {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
}

/// A tag of an attribute or event, such as `tlp:green`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tag {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
}

impl Attribute {
    /// Returns the value, and both parts of a composite one.
    pub(crate) fn values(&self) -> Vec<&str> {
        let parts = self.parts().map(|(first, second)| [first, second]);
        self.value.as_deref().into_iter().chain(parts.into_iter().flatten()).collect()
    }

    /// Returns the two parts around the first `|` of a composite value.
    pub(crate) fn parts(&self) -> Option<(&str, &str)> {
        let attribute_type = self.attribute_type.as_deref()?;
        // The one composite type without the sign in its name.
        let is_composite = attribute_type.contains('|') || attribute_type == "malware-sample";
        self.value.as_deref().filter(|_| is_composite)?.split_once('|')
    }
}

/// The attributes of a search's response: `{"response": {"Attribute": […]}}`, or a list of such
/// objects from old servers.
pub(super) struct FoundAttributes(pub(super) Vec<Attribute>);

#[derive(Deserialize)]
struct SearchResponse<'a> {
    #[serde(borrow)]
    response: &'a RawValue,
}

#[derive(Deserialize)]
struct AttributeList {
    #[serde(rename = "Attribute", deserialize_with = "listed")]
    attributes: Vec<Attribute>,
}

impl<'de> Deserialize<'de> for FoundAttributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let SearchResponse { response } = object(deserializer)?;
        let lists: Vec<&RawValue> = if response.get().starts_with('[') {
            serde_json::from_str(response.get()).map_err(D::Error::custom)?
        } else {
            vec![response]
        };
        let mut attributes = Vec::new();
        for list in lists {
            let list = &mut serde_json::Deserializer::from_str(list.get());
            let list: AttributeList = object(list).map_err(D::Error::custom)?;
            attributes.extend(list.attributes);
        }
        Ok(Self(attributes))
    }
}

/// Skips malformed items, but fails without a list, which must not pass for "nothing found".
fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Attribute>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if !raw.starts_with('[') {
        return Err(D::Error::custom("the attributes are not a list"));
    }
    lenient::objects(&mut serde_json::Deserializer::from_str(raw)).map_err(D::Error::custom)
}

/// Reads a struct from an object only: serde would also fill it from a list, member by member.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    lenient::object(deserializer)?.ok_or_else(|| D::Error::custom("not the expected object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Option<usize> {
        serde_json::from_str::<FoundAttributes>(json).ok().map(|found| found.0.len())
    }

    #[test]
    fn responses_of_new_and_old_servers_are_read() {
        assert_eq!(
            found(r#"{"response": {"Attribute": [{"id": "1"}, null, {"id": 2}]}}"#),
            Some(2)
        );
        assert_eq!(found(r#"{"response": [{"Attribute": [{}]}, {"Attribute": [{}]}]}"#), Some(2));
        assert_eq!(found(r#"{"response": []}"#), Some(0));
        for malformed in [
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
            assert_eq!(found(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn only_composite_types_have_parts() {
        let attribute = |attribute_type: &str, value: &str| Attribute {
            attribute_type: Some(attribute_type.to_owned()),
            value: Some(value.to_owned()),
            ..Attribute::default()
        };
        assert_eq!(
            attribute("ip-dst|port", "203.0.113.7|443").values(),
            ["203.0.113.7|443", "203.0.113.7", "443"]
        );
        assert_eq!(attribute("malware-sample", "a.exe|ab").values().len(), 3);
        assert_eq!(attribute("url", "http://x/?a|b").values(), ["http://x/?a|b"]);
    }
}
