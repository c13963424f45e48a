//! Judgements: what the product thinks of an observable, and why.

use serde::Serialize;

use super::{
    Confidence, Disposition, ExternalReference, Fixed, Id, MediumText, Observable, SCHEMA_VERSION,
    Severity, ShortText, Tlp, Uri, ValidTime, Word,
};

/// A CTIM judgement: the disposition that `source` gives to `observable`.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    /// The id, which names the type.
    pub id: Fixed<Id>,
    /// The type, `judgement`.
    #[serde(rename = "type")]
    pub kind: Fixed<Word>,
    /// The CTIM version.
    pub schema_version: Fixed<Word>,
    /// The product's name.
    pub source: MediumText,
    /// A link to the record in the product's console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_uri: Option<Uri>,
    /// The observable that is judged.
    pub observable: Observable,
    /// The disposition, as CTIM's number.
    pub disposition: Fixed<Disposition>,
    /// The disposition's name.
    pub disposition_name: Fixed<Word>,
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
            id: Fixed(id),
            kind: Fixed(Word(id.kind())),
            schema_version: Fixed(SCHEMA_VERSION),
            source: source.into(),
            source_uri: None,
            observable,
            disposition: Fixed(disposition),
            disposition_name: Fixed(Word(disposition.name())),
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
        self.id.0
    }
}
