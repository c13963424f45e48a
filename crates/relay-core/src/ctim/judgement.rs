//! Judgements: what the product thinks of an observable, and why.

use serde::Serialize;

use super::{
    Confidence, Disposition, DispositionPair, ExternalReference, Head, Id, MediumText, Observable,
    Severity, ShortText, Tlp, Uri, ValidTime,
};

/// A CTIM judgement: the disposition that `source` gives to `observable`.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    /// Id, type and schema version.
    #[serde(flatten)]
    pub head: Head,
    /// The product's name.
    pub source: MediumText,
    /// A link to the record in the product's console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_uri: Option<Uri>,
    /// The observable that is judged.
    pub observable: Observable,
    /// The disposition, as CTIM's number and name.
    #[serde(flatten)]
    pub disposition: DispositionPair,
    /// The reason of the disposition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ShortText>,
    /// Priority, 0 to 100. Automated systems use at most 90.
    pub priority: u8,
    /// The product's confidence.
    pub confidence: Confidence,
    /// The product's severity.
    pub severity: Severity,
    /// The time during which the judgement is valid.
    pub valid_time: ValidTime,
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

impl Judgement {
    /// Returns a judgement with the required fields; the caller sets severity, confidence and
    /// priority.
    #[must_use]
    pub fn of(id: Id, source: &str, observable: Observable, disposition: Disposition) -> Self {
        Self {
            head: Head::of(id),
            source: source.into(),
            source_uri: None,
            observable,
            disposition: disposition.into(),
            reason: None,
            priority: 90,
            confidence: Confidence::Unknown,
            severity: Severity::Unknown,
            valid_time: ValidTime::default(),
            tlp: None,
            external_ids: Vec::new(),
            external_references: Vec::new(),
        }
    }

    /// Returns the judgement's id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.head.id()
    }
}
