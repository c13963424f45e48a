//! Transient ids: `transient:<type>-<uuid>`, the same for the same question on any day.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde::{Serialize, Serializer};
use uuid::{Builder, Uuid, fmt::Hyphenated};

use super::document::PLAIN;

/// The longest text of an id, that of a relationship's.
const MAX_TEXT_BYTES: usize = "transient:relationship-".len() + Hyphenated::LENGTH;

/// The type of an entity, and the collection that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EntityType {
    Indicator,
    Judgement,
    Relationship,
    Sighting,
}

impl EntityType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Indicator => "indicator",
            Self::Judgement => "judgement",
            Self::Relationship => "relationship",
            Self::Sighting => "sighting",
        }
    }
}

/// The id of one entity of an answer. Printed as `transient:<type>-<lower-case uuid>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    kind: EntityType,
    uuid: Uuid,
}

impl Id {
    /// Returns the id of an indicator that the product identifies by a UUID; `None` for any other
    /// text.
    #[must_use]
    pub fn indicator_of_uuid(text: &str) -> Option<Self> {
        // The braced, URN and undashed spellings that `Uuid` also reads are not the product's.
        let uuid = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()?;
        Some(Self { kind: EntityType::Indicator, uuid })
    }

    /// Returns the entity type: `sighting`, `indicator`, `judgement` or `relationship`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.as_str()
    }

    /// Returns the text, which is written into a buffer: an id is printed often, and mostly for a moment.
    fn text<'a>(&self, buffer: &'a mut [u8; MAX_TEXT_BYTES]) -> &'a str {
        let mut digits = Uuid::encode_buffer();
        let digits = self.uuid.hyphenated().encode_lower(&mut digits);
        let mut end = 0;
        for part in ["transient:", self.kind(), "-", digits] {
            buffer[end..end + part.len()].copy_from_slice(part.as_bytes());
            end += part.len();
        }
        str::from_utf8(&buffer[..end]).unwrap_or_default()
    }
}

impl Hash for Id {
    /// The UUID alone tells ids apart.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.uuid.as_u128());
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; MAX_TEXT_BYTES]))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(PLAIN, self.text(&mut [0; MAX_TEXT_BYTES]))
    }
}

/// Makes one relay's ids: UUID version 5 over parts joined by `|`, in the relay's own namespace.
#[derive(Debug, Clone, Copy)]
pub struct Namespace(Uuid);

impl Namespace {
    /// Returns the X.500 namespace itself, for products whose earlier relays used it.
    pub const X500: Self = Self(Uuid::NAMESPACE_X500);

    /// Returns the namespace of the relay with this folder name.
    #[must_use]
    pub fn of(slug: &str) -> Self {
        Self(Self::X500.uuid([slug]))
    }

    /// Returns a sighting's id, made of the product's ids and of type and value of the observable
    /// as asked.
    #[must_use]
    pub fn sighting(&self, product_ids: &[&str], kind: &str, value: &str) -> Id {
        self.id(EntityType::Sighting, product_ids, &[kind, value])
    }

    /// Returns a judgement's id, made of the product's ids and of type and value of the observable
    /// as asked.
    #[must_use]
    pub fn judgement(&self, product_ids: &[&str], kind: &str, value: &str) -> Id {
        self.id(EntityType::Judgement, product_ids, &[kind, value])
    }

    /// Returns an indicator's id, made of the product's ids. One indicator has one id, whichever
    /// observable leads to it.
    #[must_use]
    pub fn indicator(&self, product_ids: &[&str]) -> Id {
        self.id(EntityType::Indicator, product_ids, &[])
    }

    /// Returns an indicator's id, made of the name alone, without the leading part `indicator`.
    #[must_use]
    pub fn indicator_of_name(&self, name: &str) -> Id {
        Id { kind: EntityType::Indicator, uuid: self.uuid([name]) }
    }

    pub(super) fn relationship(&self, kind: &str, source: Id, target: Id) -> Id {
        let mut buffers = [[0; MAX_TEXT_BYTES]; 2];
        let [first, second] = &mut buffers;
        self.id(EntityType::Relationship, &[kind], &[source.text(first), target.text(second)])
    }

    fn id(&self, kind: EntityType, first: &[&str], then: &[&str]) -> Id {
        let parts =
            [kind.as_str()].into_iter().chain(first.iter().copied()).chain(then.iter().copied());
        Id { kind, uuid: self.uuid(parts) }
    }

    /// Returns the UUID of version 5 over parts joined by `|` (RFC 9562 §5.5).
    fn uuid<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Uuid {
        let mut name = Vec::with_capacity(256);
        name.extend_from_slice(self.0.as_bytes());
        for (place, part) in parts.into_iter().enumerate() {
            name.extend_from_slice(if place == 0 { b"" } else { b"|" });
            name.extend_from_slice(part.as_bytes());
        }
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &name);
        // A hash is longer than a UUID.
        let bytes = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Builder::from_sha1_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "5e7b1c34-6d0c-4a7e-9f0a-1c2d3e4f5a6b";

    #[test]
    fn a_namespace_is_made_of_the_relays_folder_name() {
        assert_eq!(Namespace::of("misp").0.to_string(), "eb90c33b-e68d-5430-96a2-d42719e78106");
    }

    #[test]
    fn ids_are_the_specified_ones() {
        let misp = Namespace::of("misp");
        let sighting = misp.sighting(&[EVENT], "domain", "Bad.example");
        let indicator = Id::indicator_of_uuid(EVENT).unwrap();
        assert_eq!(sighting.to_string(), "transient:sighting-9de78220-803f-5c3f-b9ef-60444c89192d");
        assert_eq!(
            misp.relationship("sighting-of", sighting, indicator).to_string(),
            "transient:relationship-f1f287a8-80f7-5040-9260-f6fb3e328115"
        );
    }

    #[test]
    fn only_the_plain_form_of_a_uuid_names_an_indicator() {
        assert_eq!(
            Id::indicator_of_uuid(&EVENT.to_uppercase()).unwrap().to_string(),
            format!("transient:indicator-{EVENT}")
        );
        for text in [
            "",
            "1483",
            "{5e7b1c34-6d0c-4a7e-9f0a-1c2d3e4f5a6b}",
            "5e7b1c346d0c4a7e9f0a1c2d3e4f5a6b",
        ] {
            assert_eq!(Id::indicator_of_uuid(text), None, "{text}");
        }
    }
}
