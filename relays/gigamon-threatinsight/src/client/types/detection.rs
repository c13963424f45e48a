//! Detections and their rules.

use relay_core::{
    Time,
    lenient::{List, Text, Texts},
};
use serde::Deserialize;

use super::reading::{list_or_null, time};

/// The response of the detections. `detections` must be there: a list, or null for none.
#[derive(Debug, Deserialize)]
pub(crate) struct Detections {
    #[serde(deserialize_with = "list_or_null")]
    pub(crate) detections: Vec<Detection>,
    /// The rules of these detections, each once; a deleted rule is missing.
    #[serde(default)]
    pub(crate) rules: List<Rule>,
}

/// A match of a rule on a device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Detection {
    pub(crate) uuid: Text,
    pub(crate) rule_uuid: Text,
    pub(crate) account_uuid: Text,
    pub(crate) device_ip: Text,
    pub(crate) indicators: List<Indicator>,
}

/// A field of events that a rule looks at, and the values found in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Indicator {
    /// Such as `dst.ip` or `http:files.sha256`.
    pub(crate) field: Text,
    pub(crate) values: Texts,
}

/// A rule that finds events.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    pub(crate) uuid: Text,
    pub(crate) name: Text,
    /// Such as `Attack:Installation`.
    pub(crate) category: Text,
    pub(crate) description: Text,
    /// `high`, `moderate` or `low`.
    pub(crate) severity: Text,
    /// `high`, `moderate` or `low`.
    pub(crate) confidence: Text,
    #[serde(deserialize_with = "time")]
    pub(crate) created: Option<Time>,
}
