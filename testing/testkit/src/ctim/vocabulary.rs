//! The open vocabularies: any text is legal, the suggested one is expected.

use std::sync::LazyLock;

use serde_json::Value;

use super::{
    finding::{Findings, Severity, quoted},
    place::Place,
    schema::COMMON,
};

/// Relation names that no suggested name replaces without telling something else.
/// Source: mapping tables of the relays.
const KEPT_RELATIONS: [&str; 6] =
    ["File_Name_Of", "File_Path_Of", "Queried_For", "Sent_From", "Hosted_On", "SAN_DNS_For"];

/// A list of suggested texts.
#[derive(Clone, Copy)]
pub(super) enum Vocabulary {
    Relations,
    Sensors,
    Resolutions,
    RelationshipTypes,
}

impl Vocabulary {
    fn rule(self) -> &'static str {
        match self {
            Self::Relations => "relation-vocab",
            Self::Sensors => "sensor-vocab",
            Self::Resolutions => "resolution-vocab",
            Self::RelationshipTypes => "relationship-vocab",
        }
    }

    /// The suggested texts, from the schemas' building block of that name.
    fn suggestions(self) -> impl Iterator<Item = &'static str> {
        static BLOCKS: LazyLock<Value> =
            LazyLock::new(|| serde_json::from_str(COMMON).expect("the crate's schemas are JSON"));
        let block = match self {
            Self::Relations => "relationNames",
            Self::Sensors => "sensorNames",
            Self::Resolutions => "resolutionNames",
            Self::RelationshipTypes => "relationshipTypeNames",
        };
        BLOCKS["$defs"][block]["enum"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// Complains about a text outside the vocabulary; what is no text is the schema's business.
    pub(super) fn check(self, value: Option<&Value>, place: &Place, findings: &mut Findings) {
        let Some(text) = value.and_then(Value::as_str) else { return };
        if self.suggestions().any(|suggested| suggested == text) {
            return;
        }
        let kept = matches!(self, Self::Relations) && KEPT_RELATIONS.contains(&text);
        let severity = if kept { Severity::Accepted } else { Severity::Warning };
        let near = self.suggestions().find(|suggested| suggested.eq_ignore_ascii_case(text));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let text = format!("{} is not in the suggested vocabulary{hint}", quoted(&text.into()));
        findings.add(severity, self.rule(), place, text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Findings, KEPT_RELATIONS, Place, Severity, Vocabulary};

    fn severities(vocabulary: Vocabulary, text: &str) -> Vec<Severity> {
        let mut findings = Findings::default();
        vocabulary.check(Some(&json!(text)), &Place::root(), &mut findings);
        findings.into_vec().into_iter().map(|finding| finding.severity).collect()
    }

    #[test]
    fn every_vocabulary_knows_its_own() {
        for (vocabulary, text) in [
            (Vocabulary::Relations, "Resolved_To"),
            (Vocabulary::Sensors, "network.ids"),
            (Vocabulary::Resolutions, "blocked"),
            (Vocabulary::RelationshipTypes, "sighting-of"),
        ] {
            assert_eq!(severities(vocabulary, text), []);
            assert_eq!(severities(vocabulary, "own"), [Severity::Warning]);
        }
    }

    #[test]
    fn kept_relation_names_are_accepted_as_relations_only() {
        for name in KEPT_RELATIONS {
            assert_eq!(severities(Vocabulary::Relations, name), [Severity::Accepted]);
            assert_eq!(severities(Vocabulary::Sensors, name), [Severity::Warning]);
        }
    }
}
