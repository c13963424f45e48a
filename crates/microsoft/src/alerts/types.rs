//! An alert of `alerts_v2`: the members that are read.
//!
//! Source: Microsoft's page "alert resource type" (microsoft.graph.security).

use relay_core::lenient;
use serde::Deserialize;

use super::evidence::Evidence;

/// An alert. Times are RFC 3339 texts in UTC.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Alert {
    #[serde(deserialize_with = "lenient::text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) provider_alert_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) title: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) description: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) severity: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) category: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) classification: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) determination: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) service_source: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) detection_source: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) product_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) threat_family_name: Option<String>,
    #[serde(deserialize_with = "lenient::texts")]
    pub(super) mitre_techniques: Vec<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) alert_web_url: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) incident_web_url: Option<String>,
    #[serde(rename = "createdDateTime", deserialize_with = "lenient::text")]
    pub(super) created: Option<String>,
    #[serde(rename = "lastUpdateDateTime", deserialize_with = "lenient::text")]
    pub(super) last_update: Option<String>,
    #[serde(rename = "firstActivityDateTime", deserialize_with = "lenient::text")]
    pub(super) first_activity: Option<String>,
    #[serde(rename = "lastActivityDateTime", deserialize_with = "lenient::text")]
    pub(super) last_activity: Option<String>,
    #[serde(deserialize_with = "lenient::objects")]
    pub(super) evidence: Vec<Evidence>,
}
