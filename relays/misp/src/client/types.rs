//! MISP's responses, docs/relays/misp.md#lenient-reading.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use relay_core::lenient::{self, Flag, Integer, List, Object, ObjectOrList, Text};
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
    /// Whether it is meant for detection; without it, it is context.
    pub(crate) to_ids: Flag,
    /// ISO 8601 with microseconds.
    pub(crate) first_seen: Text,
    pub(crate) last_seen: Text,
    #[serde(rename = "Event")]
    pub(crate) event: Object<Event>,
    #[serde(rename = "Tag")]
    pub(crate) tags: List<Tag>,
    /// The tags, where the attribute came with its MISP object.
    #[serde(rename = "AttributeTag")]
    pub(crate) object_tags: List<AttributeTag>,
    /// The warning lists that the value is on, where they were asked for.
    pub(crate) warnings: List<WarningListHit>,
    /// What users reported of it, where it was asked for.
    #[serde(rename = "Sighting")]
    pub(crate) sightings: List<ReportedSighting>,
}

/// A tag of an attribute that came with its MISP object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AttributeTag {
    #[serde(rename = "Tag")]
    pub(crate) tag: Object<Tag>,
}

/// A warning list that holds the value of an attribute.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WarningListHit {
    pub(crate) warninglist_name: Text,
}

/// A sighting that a user of MISP reported.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReportedSighting {
    /// 0 seen, 1 false positive, 2 expiration.
    #[serde(rename = "type")]
    pub(crate) sighting_type: Integer,
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

/// An attribute that equals every other with its id, event and value: ids alone do not suffice where
/// they are missing.
#[derive(Debug, Clone)]
pub(crate) struct Identity(pub(crate) Arc<Attribute>);

impl Identity {
    fn parts(&self) -> (&Integer, &Text, &Text, Option<&str>) {
        let Attribute { id, event_id, value, event, .. } = &*self.0;
        (id, event_id, value, event.as_ref().and_then(|event| event.uuid.as_deref()))
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    /// Few attributes with the same id or value differ in the rest.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.0.id, &self.0.value).hash(hasher);
    }
}

impl Attribute {
    /// Returns the names of its tags.
    pub(crate) fn tag_names(&self) -> impl Iterator<Item = &str> {
        let of_object = self.object_tags.iter().filter_map(|one| one.tag.as_ref());
        self.tags.iter().chain(of_object).filter_map(|tag| tag.name.as_deref())
    }

    /// Returns the two parts around the first `|` of a composite value.
    pub(crate) fn parts(&self) -> Option<(&str, &str)> {
        let attribute_type = self.attribute_type.as_deref()?;
        // The one composite type without the sign in its name.
        let is_composite = attribute_type.contains('|') || attribute_type == "malware-sample";
        self.value.as_deref().filter(|_| is_composite)?.split_once('|')
    }
}

/// The response to `POST /objects/restSearch`: `{"response": [{"Object": {"Attribute": […]}}]}`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FoundObjects {
    response: List<FoundObject>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FoundObject {
    #[serde(rename = "Object")]
    object: Object<MispObject>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MispObject {
    #[serde(rename = "Attribute")]
    attributes: List<Attribute>,
}

impl FoundObjects {
    /// Returns the attributes of all objects.
    pub(super) fn into_attributes(self) -> impl Iterator<Item = Attribute> {
        let objects = self.response.into_iter().filter_map(|found| found.object.into_inner());
        objects.flat_map(|object| object.attributes)
    }
}

/// The attributes of a search's response: `{"response": {"Attribute": […]}}`, or a list of such
/// objects from old servers.
pub(super) struct FoundAttributes(pub(super) Vec<Attribute>);

#[derive(Deserialize)]
struct SearchResponse<'a> {
    #[serde(borrow)]
    response: ObjectOrList<AttributeList, Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct AttributeList {
    #[serde(rename = "Attribute", deserialize_with = "listed")]
    attributes: Vec<Attribute>,
}

impl<'de> Deserialize<'de> for FoundAttributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lists = match object::<_, SearchResponse<'_>>(deserializer)?.response {
            ObjectOrList::Object(list) => return Ok(Self(list.attributes)),
            ObjectOrList::List(lists) => lists,
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
    let list = lenient::objects(deserializer, Some)?;
    list.ok_or_else(|| D::Error::custom("the attributes are not a list"))
}

/// Reads a struct from an object only: serde would also fill it from a list, member by member.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    let object = Object::deserialize(deserializer)?.into_inner();
    object.ok_or_else(|| D::Error::custom("not the expected object"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
    fn attributes_are_told_apart_by_id_event_and_value() {
        let identity = |json: &str| Identity(Arc::new(serde_json::from_str(json).unwrap()));
        let attributes = [
            r#"{"id": 1, "event_id": 7, "value": "a"}"#,
            r#"{"id": 2, "event_id": 7, "value": "a"}"#,
            r#"{"id": 1, "event_id": 8, "value": "a"}"#,
            r#"{"id": 1, "event_id": 7, "value": "b"}"#,
            r#"{"id": 1, "event_id": 7, "value": "a", "Event": {"uuid": "e"}}"#,
            r#"{"value": "a"}"#,
            r#"{"id": "1", "event_id": "7", "value": "a", "comment": "read once more"}"#,
        ];
        let distinct: HashSet<_> = attributes.into_iter().map(identity).collect();
        assert_eq!(distinct.len(), attributes.len() - 1);
    }

    #[test]
    fn only_composite_types_have_parts() {
        let attribute = |attribute_type: &str, value: &str| Attribute {
            attribute_type: attribute_type.into(),
            value: value.into(),
            ..Attribute::default()
        };
        let check = |attribute_type, value, parts| {
            assert_eq!(attribute(attribute_type, value).parts(), parts, "{value}");
        };
        check("ip-dst|port", "203.0.113.7|443", Some(("203.0.113.7", "443")));
        check("malware-sample", "a.exe|ab", Some(("a.exe", "ab")));
        check("url", "http://x/?a|b", None);
    }
}
