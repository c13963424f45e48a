//! Sightings: an observable was seen, when, where and with what.

use serde::Serialize;

use super::{
    Confidence, ExternalReference, Head, Id, LongText, MediumText, Observable, ObservedTime,
    Relations, Severity, ShortText, Table, Time, Tlp, Uri,
};

/// What reported the sighting; CTIM's words for sensors and for the kind of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

/// What became of what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are CTIM's own")]
pub enum Resolution {
    Allowed,
    Blocked,
    Contained,
    Detected,
}

/// One thing that was hit: a machine with its names and addresses.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    #[serde(rename = "type")]
    kind: Sensor,
    observables: Vec<Observable>,
    observed_time: ObservedTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<String>,
}

impl Target {
    /// An endpoint; none when nothing names it. Repeated observables are dropped.
    pub fn endpoint(
        observables: impl IntoIterator<Item = Observable>,
        observed_time: ObservedTime,
        os: Option<ShortText>,
    ) -> Option<Self> {
        let mut kept: Vec<Observable> = Vec::new();
        for observable in observables {
            if !kept.contains(&observable) {
                kept.push(observable);
            }
        }
        let os = os.map(|os| os.as_str().to_owned());
        (!kept.is_empty()).then_some(Self {
            kind: Sensor::Endpoint,
            observables: kept,
            observed_time,
            os,
        })
    }
}

/// An observable was seen. Optional fields that are empty are left out of the answer.
#[derive(Debug, Clone, Serialize)]
pub struct Sighting {
    /// Id, type and schema version.
    #[serde(flatten)]
    pub head: Head,
    /// The product's name.
    pub source: MediumText,
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
    /// What was seen: the observable that was asked.
    pub observables: Vec<Observable>,
    /// When.
    pub observed_time: ObservedTime,
    /// How often; relays write one sighting for each time.
    pub count: u32,
    /// How sure the product is.
    pub confidence: Confidence,
    /// How bad it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Whether it happened inside the customer's network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<bool>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// What saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Sensor>,
    /// Who was hit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// What else was seen with it.
    #[serde(skip_serializing_if = "Relations::is_empty")]
    pub relations: Relations,
    /// Further facts as a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Table>,
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

impl Sighting {
    /// The least a sighting says: `source` saw `observable` once, surely.
    #[must_use]
    pub fn of(id: Id, source: &str, observable: Observable, observed_time: ObservedTime) -> Self {
        Self {
            head: Head::of(id),
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

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.head.id()
    }
}
