//! Detections and their rules.

use std::sync::Arc;

use relay_core::{
    Response, Result, Time,
    lenient::{List, Text, Texts},
};
use serde::Deserialize;

use super::reading::{list_or_null, time};

/// A match of a rule on a device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Detection {
    pub(crate) uuid: Text,
    pub(crate) rule_uuid: Text,
    pub(crate) account_uuid: Text,
    pub(crate) device_ip: Text,
    pub(crate) sensor_id: Text,
    pub(crate) indicators: List<Indicator>,
    #[serde(deserialize_with = "time")]
    first_seen: Option<Time>,
    #[serde(deserialize_with = "time")]
    last_seen: Option<Time>,
    #[serde(deserialize_with = "time")]
    created: Option<Time>,
    /// The rule that matched; `None` if it was deleted.
    #[serde(skip)]
    pub(crate) rule: Option<Arc<Rule>>,
}

impl Detection {
    /// Returns when its first and its last event happened, or else when it was made; `None` if no
    /// time is known.
    pub(crate) fn period(&self) -> Option<(Time, Time)> {
        let last = self.last_seen.or(self.first_seen).or(self.created)?;
        Some((self.first_seen.unwrap_or(last), last))
    }
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
#[derive(Debug, Default, Deserialize)]
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

/// Returns no more than `limit` detections, each with its rule. Errors: `Malformed`.
pub(in crate::client) fn detections(response: &Response, limit: usize) -> Result<Vec<Detection>> {
    // `detections` must be there: a list, or null for none.
    #[derive(Deserialize)]
    struct Body {
        #[serde(deserialize_with = "list_or_null")]
        detections: Vec<Detection>,
        /// The rules of these detections, each once.
        #[serde(default)]
        rules: List<Rule>,
    }
    let Body { mut detections, rules } = response.json_of(limit)?;
    let rules: Vec<_> = rules.into_inner().into_iter().map(Arc::new).collect();
    for detection in &mut detections {
        let uuid = detection.rule_uuid.as_deref();
        let rule = rules.iter().find(|rule| uuid.is_some() && rule.uuid.as_deref() == uuid);
        detection.rule = rule.cloned();
    }
    Ok(detections)
}
