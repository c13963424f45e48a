//! Judgements: what the product thinks of an observable, and why.

use serde::Serialize;

use super::{
    Confidence, Disposition, DispositionPair, ExternalReference, Head, Id, MediumText, Observable,
    Severity, ShortText, Tlp, Uri, ValidTime,
};

/// What `source` thinks of `observable`.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    /// Id, type and schema version.
    #[serde(flatten)]
    pub head: Head,
    /// The product's name.
    pub source: MediumText,
    /// Where it can be read about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_uri: Option<Uri>,
    /// What is judged.
    pub observable: Observable,
    /// The judgement, as CTIM's number and word.
    #[serde(flatten)]
    pub disposition: DispositionPair,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ShortText>,
    /// 0 to 100; machines stay at 90 or below.
    pub priority: u8,
    /// How sure the product is.
    pub confidence: Confidence,
    /// How bad it is.
    pub severity: Severity,
    /// For how long it holds.
    pub valid_time: ValidTime,
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

impl Judgement {
    /// The least a judgement says; severity, confidence and priority are the caller's to set.
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

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.head.id()
    }
}
