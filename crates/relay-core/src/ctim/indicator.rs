//! Indicators: a pattern or a campaign that sightings are of.

use serde::Serialize;

use super::{
    Confidence, ExternalReference, Head, Id, LongText, MediumText, Severity, ShortText, Time, Tlp,
    Uri, ValidTime,
};

/// What a sighting is a sighting of. Optional fields that are empty are left out of the answer.
#[derive(Debug, Clone, Serialize)]
pub struct Indicator {
    /// Id, type and schema version.
    #[serde(flatten)]
    pub head: Head,
    /// The product's name.
    pub source: MediumText,
    /// Who found it.
    pub producer: ShortText,
    /// Where it can be read about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_uri: Option<Uri>,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<ShortText>,
    /// A sentence or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<MediumText>,
    /// Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<LongText>,
    /// For how long it holds.
    pub valid_time: ValidTime,
    /// How sure the product is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// How bad it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The product's labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<ShortText>,
    /// When the product last changed its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Time>,
    /// How far it may be passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
    /// The product's ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<ShortText>,
    /// Links into the product.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_references: Vec<ExternalReference>,
}

impl Indicator {
    /// The least an indicator says: `source` knows it, and found it itself.
    #[must_use]
    pub fn of(id: Id, source: &str) -> Self {
        Self {
            head: Head::of(id),
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

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.head.id()
    }
}
