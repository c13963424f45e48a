//! Detections, and the rules that made them. Source: spec §3.1.

use relay_core::{Request, Result, Time, lenient};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{
    Event, Gigamon,
    event::{self, list},
};
use crate::iql::Wanted;

impl Gigamon<'_> {
    /// Whether the detections answer this caller.
    pub(crate) async fn probe(&self) -> Result<()> {
        let request = Request::get(self.detections.base.path("/detections"))
            .query("indicator_value", "8.8.8.8")
            .query("status", "active")
            .query("limit", "1");
        self.exchange(request).await?.json::<Detections>().map(drop)
    }

    /// The detections with this value, newest first; nothing when an earlier failure makes asking
    /// useless.
    pub(crate) async fn detections(&self, wanted: &Wanted<'_>) -> Option<Result<Detections>> {
        let request = Request::get(self.detections.base.path("/detections"))
            .query("indicator_value", wanted.value())
            .query("status", "active")
            .query("include", "indicators")
            .query("include", "rules")
            .query("limit", &self.call.limit.to_string())
            .query("sort_by", "last_seen")
            .query("sort_order", "desc");
        let answer = self.send(&self.detections, request).await?;
        Some(answer.and_then(|response| response.json()))
    }

    /// The events of a detection that `keeps` wants.
    pub(crate) async fn events_of(
        &self,
        detection: &str,
        keeps: impl Fn(&Value) -> bool,
    ) -> Option<Result<Vec<Event>>> {
        let request = Request::get(self.detections.base.path("/events"))
            .query("detection_uuid", detection)
            .query("limit", &self.call.limit.to_string());
        let answer = self.send(&self.detections, request).await?;
        Some(answer.and_then(|response| event::wrapped(&response, keeps)))
    }
}

/// The answer about detections; without its list it is none.
#[derive(Debug, Deserialize)]
pub(crate) struct Detections {
    #[serde(deserialize_with = "list")]
    pub(crate) detections: Vec<Detection>,
    /// The rules of these detections, each once; a deleted one is missing.
    #[serde(default, deserialize_with = "lenient::objects")]
    pub(crate) rules: Vec<Rule>,
}

impl Detections {
    /// The rule of a detection; none when it was deleted.
    pub(crate) fn rule_of(&self, detection: &Detection) -> Option<&Rule> {
        let uuid = detection.rule_uuid.as_deref()?;
        self.rules.iter().find(|rule| rule.uuid.as_deref() == Some(uuid))
    }
}

/// A rule found something on a device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Detection {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) uuid: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) rule_uuid: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) account_uuid: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) device_ip: Option<String>,
    /// What the rule looked for.
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) indicators: Vec<Indicator>,
}

/// A field of events and the values found in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Indicator {
    /// Such as `dst.ip` or `http:files.sha256`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) field: Option<String>,
    #[serde(deserialize_with = "lenient::texts")]
    pub(crate) values: Vec<String>,
}

impl Indicator {
    /// The parts of its path in an event, if it leads to an address, a name or a hash.
    pub(crate) fn path(&self) -> Option<Vec<&str>> {
        let path: Vec<_> = self.field.as_deref()?.rsplit(':').next()?.split('.').collect();
        let kinds = ["ip", "domain", "md5", "sha1", "sha256"];
        path.last().is_some_and(|last| kinds.contains(last)).then_some(path)
    }
}

/// What somebody wrote to be found.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) uuid: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    /// Such as `Attack:Installation`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) category: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) description: Option<String>,
    /// `high`, `moderate` or `low`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) severity: Option<String>,
    /// `high`, `moderate` or `low`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) confidence: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) created: Option<Time>,
}

/// An ISO 8601 text.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    Ok(lenient::text(deserializer)?.and_then(|text| Time::parse(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_when_it_leads_to_a_value_that_can_be_asked() {
        let path = |field: &str| {
            let indicator = Indicator { field: Some(field.to_owned()), values: Vec::new() };
            indicator.path().map(|parts| parts.join("/"))
        };
        assert_eq!(path("dst.ip").as_deref(), Some("dst/ip"));
        assert_eq!(path("http:files.sha256").as_deref(), Some("files/sha256"));
        assert_eq!(path("a:b:query.domain").as_deref(), Some("query/domain"));
        assert_eq!(path("ip").as_deref(), Some("ip"));
        for other in ["dst.asn.org", "", ":", "dst.", "http:uri.uri", "dst.IP"] {
            assert_eq!(path(other), None, "{other}");
        }
        assert_eq!(Indicator::default().path(), None);
    }
}
