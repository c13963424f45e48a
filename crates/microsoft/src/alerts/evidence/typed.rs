//! Reads evidence, whose members depend on its type, in one pass: OData writes the type first.

use std::{fmt, vec};

use relay_core::lenient::Parsed;
use serde::{
    Deserialize,
    de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Evidence, Word, details};

/// The members that evidence of every type has.
#[derive(Debug, Default)]
struct Head {
    verdict: Parsed<Word>,
    remediation: Parsed<Word>,
    detection: Parsed<Word>,
}

impl Head {
    fn member(&mut self, name: &str) -> Option<&mut Parsed<Word>> {
        match name {
            "verdict" => Some(&mut self.verdict),
            "remediationStatus" => Some(&mut self.remediation),
            "detectionStatus" => Some(&mut self.detection),
            _ => None,
        }
    }
}

/// The type, or a member that stands before it.
#[derive(Deserialize)]
#[serde(field_identifier)]
enum FirstMember {
    #[serde(rename = "@odata.type")]
    Type,
    Other(String),
}

/// Reads one piece of evidence.
pub(super) struct EvidenceVisitor;

impl<'de> Visitor<'de> for EvidenceVisitor {
    type Value = Evidence;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("evidence")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Evidence, A::Error> {
        let mut kind = "";
        let mut early = Vec::new();
        while let Some(name) = members.next_key()? {
            match name {
                FirstMember::Type => {
                    kind = members.next_value::<&RawValue>()?.get().trim_matches('"');
                    break;
                }
                FirstMember::Other(name) => early.push((name, members.next_value()?)),
            }
        }
        let mut head = Head::default();
        let others =
            OtherMembers { early: early.into_iter(), later: members, head: &mut head, value: None };
        let details = details(kind.rsplit('.').next().unwrap_or_default(), others)?;
        let Head { verdict, remediation, detection } = head;
        Ok(Evidence { verdict, remediation, detection, details })
    }
}

/// The members beside the type and the head, which is filled on the way.
struct OtherMembers<'h, 'de, A> {
    /// Those that stood before the type.
    early: vec::IntoIter<(String, &'de RawValue)>,
    later: A,
    head: &'h mut Head,
    /// The value of the early member whose name was read last.
    value: Option<&'de RawValue>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for OtherMembers<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        mut seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        for (name, value) in self.early.by_ref() {
            match self.head.member(&name) {
                Some(member) => {
                    *member = serde_json::from_str(value.get()).map_err(A::Error::custom)?
                }
                None => {
                    self.value = Some(value);
                    return seed.deserialize(name.into_deserializer()).map(Some);
                }
            }
        }
        loop {
            match self.later.next_key_seed(Name { seed, head: self.head })? {
                None => return Ok(None),
                Some(Member::Other(name)) => return Ok(Some(name)),
                Some(Member::OfHead(member, same)) => {
                    *member = self.later.next_value()?;
                    seed = same;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some(value) => {
                let mut value = serde_json::Deserializer::from_str(value.get());
                seed.deserialize(&mut value).map_err(A::Error::custom)
            }
            None => self.later.next_value_seed(seed),
        }
    }
}

/// A member by its name: one of the head, with the seed that it did not need, or another.
enum Member<'h, K, N> {
    OfHead(&'h mut Parsed<Word>, K),
    Other(N),
}

/// Reads the name of a member.
struct Name<'h, K> {
    seed: K,
    head: &'h mut Head,
}

impl<'h, 'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<'h, K> {
    type Value = Member<'h, K, K::Value>;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'h, 'de, K: DeserializeSeed<'de>> Visitor<'de> for Name<'h, K> {
    type Value = Member<'h, K, K::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        match self.head.member(name) {
            Some(member) => Ok(Member::OfHead(member, self.seed)),
            None => self.seed.deserialize(name.into_deserializer()).map(Member::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use relay_core::lenient::List;

    use super::*;
    use crate::alerts::evidence::EvidenceDetails;

    fn read(json: &str) -> List<Evidence> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_type_may_stand_anywhere() {
        let address = r#""ipAddress": "203.0.113.80", "verdict": "malicious""#;
        let kind = r##""@odata.type": "#microsoft.graph.security.ipEvidence""##;
        for json in [
            format!("[{{{kind}, {address}}}]"),
            format!("[{{{address}, {kind}}}]"),
            format!(r#"[{{"ipAddress": "203.0.113.80", {kind}, "verdict": "malicious"}}]"#),
            format!(
                r#"[{{"verdict": "malicious", {kind}, "ipAddress": "203.0.113.80", "x": [{{}}]}}]"#
            ),
        ] {
            let evidence = &read(&json)[0];
            assert!(evidence.has_address(Ipv4Addr::new(203, 0, 113, 80).into()), "{json}");
            assert_eq!(*evidence.verdict, Some(Word::Malicious), "{json}");
        }
    }

    #[test]
    fn evidence_of_no_known_type_has_its_head() {
        for json in [
            r#"[{"verdict": "malicious"}]"#,
            r#"[{"@odata.type": 7, "a": {}, "verdict": "malicious"}]"#,
        ] {
            let evidence = &read(json)[0];
            assert_eq!(*evidence.verdict, Some(Word::Malicious), "{json}");
            assert!(matches!(evidence.details, EvidenceDetails::Other));
        }
        assert!(read(r#"[7, null, "x", []]"#).is_empty());
    }
}
