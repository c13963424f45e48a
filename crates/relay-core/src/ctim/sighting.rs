//! Sightings: an observable was seen, when, where and with what.

use serde::Serialize;

use super::{
    Confidence, ExternalReference, Fixed, Id, LongText, MediumText, Observable, ObservedTime,
    Relations, SCHEMA_VERSION, Severity, ShortText, Table, Time, Tlp, Uri, Word,
    distinct::each_once,
};

/// The sensor that reported a sighting, and the type of a target: values of CTIM's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[expect(missing_docs, reason = "the words are CTIM's own")]
pub enum Sensor {
    #[serde(rename = "endpoint")]
    Endpoint,
    #[serde(rename = "network.firewall")]
    NetworkFirewall,
    #[serde(rename = "network.ids")]
    NetworkIds,
    #[serde(rename = "network.sensor")]
    NetworkSensor,
    #[serde(rename = "process.anti-virus-scanner")]
    ProcessAntiVirusScanner,
    #[serde(rename = "process.directory-service")]
    ProcessDirectoryService,
    #[serde(rename = "process.email-service")]
    ProcessEmailService,
    #[serde(rename = "process.reputation-service")]
    ProcessReputationService,
}

/// What the product did with what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are CTIM's own")]
pub enum Resolution {
    Allowed,
    Blocked,
    Contained,
    Detected,
}

/// A CTIM target: a machine, account or mailbox that was affected, with its names and addresses.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    #[serde(rename = "type")]
    kind: Sensor,
    observables: Vec<Observable>,
    observed_time: ObservedTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<ShortText>,
}

impl Target {
    /// Returns a target of type endpoint, or none if it has no observable. Repeated observables
    /// are dropped.
    pub fn endpoint(
        observables: impl IntoIterator<Item = Observable>,
        observed_time: ObservedTime,
        os: Option<ShortText>,
    ) -> Option<Self> {
        Self::of(Sensor::Endpoint, observables, observed_time, os)
    }

    /// A target in a system of this kind, such as a mailbox in one of mail; none when nothing names
    /// it. Repeated observables are dropped.
    pub fn of(
        kind: Sensor,
        observables: impl IntoIterator<Item = Observable>,
        observed_time: ObservedTime,
        os: Option<ShortText>,
    ) -> Option<Self> {
        let kept = each_once(observables);
        (!kept.is_empty()).then_some(Self { kind, observables: kept, observed_time, os })
    }
}

/// A CTIM sighting of an observable. Optional fields that are empty are left out of the answer.
#[derive(Debug, Clone, Serialize)]
pub struct Sighting {
    /// The id, which names the type.
    pub id: Fixed<Id>,
    /// The type, `sighting`.
    #[serde(rename = "type")]
    pub kind: Fixed<Word>,
    /// The CTIM version.
    pub schema_version: Fixed<Word>,
    /// The product's name.
    pub source: MediumText,
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
    /// The observable that was asked.
    pub observables: Vec<Observable>,
    /// The time at which it was observed.
    pub observed_time: ObservedTime,
    /// The number of observations. Relays write one sighting for each.
    pub count: u32,
    /// The product's confidence.
    pub confidence: Confidence,
    /// The product's severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Whether it was observed inside the customer's network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<bool>,
    /// What the product did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// The sensor that reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Sensor>,
    /// The affected machines, accounts and mailboxes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Relations to other observables of the same record.
    #[serde(skip_serializing_if = "Relations::is_empty")]
    pub relations: Relations,
    /// Further facts as a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Table>,
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

impl Sighting {
    /// Returns a sighting with the required fields: one observation by `source`, with high
    /// confidence.
    #[must_use]
    pub fn of(id: Id, source: &str, observable: Observable, observed_time: ObservedTime) -> Self {
        Self {
            id: Fixed(id),
            kind: Fixed(Word(id.kind())),
            schema_version: Fixed(SCHEMA_VERSION),
            source: source.into(),
            source_uri: None,
            title: None,
            short_description: None,
            description: None,
            observables: vec![observable],
            observed_time,
            count: 1,
            confidence: Confidence::High,
            severity: None,
            internal: None,
            resolution: None,
            sensor: None,
            targets: Vec::new(),
            relations: Relations::default(),
            data: None,
            timestamp: None,
            tlp: None,
            external_ids: Vec::new(),
            external_references: Vec::new(),
        }
    }

    /// Returns the sighting's id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id.0
    }
}
