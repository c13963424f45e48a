//! MISP's responses, docs/relays/misp.md#lenient-reading.

use relay_core::lenient::{Integer, List, Object, Text};
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
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AddedSighting {
    #[serde(rename = "Sighting")]
    pub(super) sighting: Object<IgnoredAny>,
    pub(super) message: Text,
}

/// An attribute with the head of its event. Source: MISP OpenAPI, "Attribute".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attribute {
    pub(crate) id: Integer,
    pub(crate) event_id: Text,
    /// The MISP object that it is part of; `0` for none.
    pub(crate) object_id: Integer,
    pub(crate) category: Text,
    /// MISP's type, such as `ip-dst|port`.
    #[serde(rename = "type")]
    pub(crate) attribute_type: Text,
    /// Two parts around `|` for composite types.
    pub(crate) value: Text,
    /// Unix seconds.
    pub(crate) timestamp: Integer,
    pub(crate) comment: Text,
    /// ISO 8601 with microseconds.
    pub(crate) first_seen: Text,
    pub(crate) last_seen: Text,
    #[serde(rename = "Event")]
    pub(crate) event: Object<Event>,
    #[serde(rename = "Tag")]
    pub(crate) tags: List<Tag>,
}

/// The head of an event. Source: MISP OpenAPI, "Event".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    pub(crate) id: Text,
    pub(crate) uuid: Text,
    /// The event's title.
    pub(crate) info: Text,
    /// A day, such as `2026-02-28`.
    pub(crate) date: Text,
    /// 1 High, 2 Medium, 3 Low, 4 Undefined.
    pub(crate) threat_level_id: Integer,
    /// Unix seconds.
    pub(crate) timestamp: Integer,
    #[serde(rename = "Orgc")]
    pub(crate) creator: Object<Organisation>,
    #[serde(rename = "Tag")]
    pub(crate) tags: List<Tag>,
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
    pub(crate) name: Text,
}

/// A tag of an attribute or event, such as `tlp:green`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tag {
    pub(crate) name: Text,
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
    let list = List::deserialize(&mut serde_json::Deserializer::from_str(raw));
    list.map(List::into_inner).map_err(D::Error::custom)
}

/// Reads a struct from an object only: serde would also fill it from a list, member by member.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    let object = Object::deserialize(deserializer)?.into_inner();
    object.ok_or_else(|| D::Error::custom("not the expected object"))
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
            attribute_type: attribute_type.into(),
            value: value.into(),
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
