//! An alert of `alerts_v2`: the members that are read.
//!
//! Source: Microsoft's page "alert resource type" (microsoft.graph.security).

use relay_core::{
    Time,
    lenient::{List, Parsed, Text, Texts},
};
use serde::Deserialize;

use super::evidence::Evidence;

/// An alert. Times are RFC 3339 texts in UTC.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Alert {
    pub(super) id: Text,
    pub(super) provider_alert_id: Text,
    pub(super) title: Text,
    pub(super) description: Text,
    pub(super) severity: Text,
    pub(super) status: Text,
    pub(super) category: Text,
    pub(super) classification: Text,
    pub(super) determination: Text,
    pub(super) service_source: Text,
    pub(super) detection_source: Text,
    pub(super) product_name: Text,
    pub(super) threat_display_name: Text,
    pub(super) threat_family_name: Text,
    pub(super) mitre_techniques: Texts,
    pub(super) alert_web_url: Text,
    pub(super) incident_id: Text,
    pub(super) incident_web_url: Text,
    #[serde(rename = "createdDateTime")]
    pub(super) created: Parsed<Time>,
    #[serde(rename = "lastUpdateDateTime")]
    pub(super) last_update: Parsed<Time>,
    #[serde(rename = "firstActivityDateTime")]
    pub(super) first_activity: Parsed<Time>,
    #[serde(rename = "lastActivityDateTime")]
    pub(super) last_activity: Parsed<Time>,
    pub(super) evidence: List<Evidence>,
}
