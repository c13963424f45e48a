//! Indicators: a pattern or a campaign that sightings are of.

use serde::Serialize;

use super::{
    Confidence, ExternalReference, Fixed, Id, LongText, MediumText, SCHEMA_VERSION, Severity,
    ShortText, Time, Tlp, Uri, ValidTime, Word,
};

/// A CTIM indicator: a pattern that sightings match. Optional fields that are empty are left out
/// of the answer.
#[derive(Debug, Clone, Serialize)]
pub struct Indicator {
    /// The id, which names the type.
    pub id: Fixed<Id>,
    /// The type, `indicator`.
    #[serde(rename = "type")]
    pub kind: Fixed<Word>,
    /// The CTIM version.
    pub schema_version: Fixed<Word>,
    /// The product's name.
    pub source: MediumText,
    /// The author of the indicator.
    pub producer: ShortText,
    /// A link to the record in the product's console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_uri: Option<Uri>,
    /// One line of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<ShortText>,
    /// One or two sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<MediumText>,
    /// A description in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<LongText>,
    /// The time during which the indicator is valid.
    pub valid_time: ValidTime,
    /// The product's confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The product's severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The product's labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<ShortText>,
    /// The time of the product's last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Time>,
    /// The Traffic Light Protocol's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
    /// The product's ids of the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<ShortText>,
    /// Links to the record and what belongs to it in the product.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_references: Vec<ExternalReference>,
}

impl Indicator {
    /// Returns an indicator with the required fields only; `source` is also its producer.
    #[must_use]
    pub fn of(id: Id, source: &str) -> Self {
        Self {
            id: Fixed(id),
            kind: Fixed(Word(id.kind())),
            schema_version: Fixed(SCHEMA_VERSION),
            source: source.into(),
            producer: source.into(),
            source_uri: None,
            title: None,
            short_description: None,
            description: None,
            valid_time: ValidTime::default(),
            confidence: None,
            severity: None,
            tags: Vec::new(),
            timestamp: None,
            tlp: None,
            external_ids: Vec::new(),
            external_references: Vec::new(),
        }
    }

    /// Returns the indicator's id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id.0
    }
}
