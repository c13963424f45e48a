//! Alerts: those about a file, an address or a domain, and their evidence.
//!
//! Source: spec §4.1, §4.2; pages "alert resource type", "Get file-related alerts API",
//! "Get IP related alerts API", "Get domain-related alerts API", "Get file information API".

use std::cmp::Reverse;

use relay_core::{
    Observable,
    ObservableType::{Domain, Ip, Ipv6, Sha1, Sha256},
    Partial, Request, Time, lenient,
};
use serde::Deserialize;

use super::{Api, Failure, Group, rows::Lookup};
use crate::subject::Subject;

/// An alert. Times are RFC 3339 in UTC with up to seven decimals; absent where unknown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Alert {
    /// `da638470011223344556_-1200345678`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) title: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) description: Option<String>,
    /// `UnSpecified`, `Informational`, `Low`, `Medium`, `High`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) severity: Option<String>,
    /// `WindowsDefenderAtp`, `WindowsDefenderAv`, `WindowsDefenderSmartScreen`, `CustomDetection`, …
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) detection_source: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) alert_creation_time: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) first_event_time: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) last_event_time: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) last_update_time: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) machine_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) computer_dns_name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) related_user: Option<RelatedUser>,
    /// Empty where the list leaves it out.
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) evidence: Vec<Evidence>,
    /// Whether the evidence was asked for, so that there is no more than this.
    #[serde(skip)]
    pub(crate) is_whole: bool,
}

/// Whose session it was.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RelatedUser {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) user_name: Option<String>,
}

/// One entry of an alert's evidence: a file, a process, an address, a URL, …
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Evidence {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) sha1: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) sha256: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) file_name: Option<String>,
    /// The folder; sometimes the whole path.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) file_path: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) process_id: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) process_creation_time: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) parent_process_id: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) parent_process_creation_time: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) parent_process_file_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ip_address: Option<String>,
    /// Often without a scheme.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) url: Option<String>,
    /// `Detected`, `Blocked`, `Prevented`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) detection_status: Option<String>,
}

/// What alerts are listed for: an address, a domain, or a file by its SHA-1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Entity {
    File(String),
    /// A file by its SHA-256 alone, which has no list; hunting knows its alerts.
    UnprofiledFile(String),
    Ip(String),
    Domain(String),
}

impl Entity {
    /// None for a file of which no more than the MD5 is known, and for what has no alerts.
    pub(crate) fn of(subject: &Subject<'_>) -> Option<Self> {
        let value = subject.value.clone();
        Some(match subject.kind() {
            Sha1 => Self::File(value),
            Sha256 => Self::UnprofiledFile(value),
            Ip | Ipv6 => Self::Ip(value),
            Domain => Self::Domain(value),
            _ => return None,
        })
    }

    /// The list that has its alerts.
    pub(crate) fn list(&self) -> Option<&'static str> {
        self.place().map(|(_, list, _)| list)
    }

    /// The group of calls, the list's name, and the value in the path.
    fn place(&self) -> Option<(Group, &'static str, &str)> {
        match self {
            Self::File(sha1) => Some((Group::Files, "files", sha1)),
            Self::UnprofiledFile(_) => None,
            Self::Ip(ip) => Some((Group::Ips, "ips", ip)),
            Self::Domain(name) => Some((Group::Domains, "domains", name)),
        }
    }
}

/// The part of a file's profile that leads to its alerts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    #[serde(deserialize_with = "lenient::text")]
    sha1: Option<String>,
}

const EVIDENCE: Lookup = Lookup {
    group: Group::Alerts,
    list: "alerts",
    property: "id",
    option: Some(("$expand", "evidence")),
    none_is_404: true,
};

impl Api<'_> {
    /// The newest alerts about an entity, as many as the limit allows. An entity without alerts, an
    /// unknown and an invalid one have none.
    pub(crate) async fn alerts(&self, about: &Entity) -> Result<Partial<Vec<Alert>>, Failure> {
        let Some((group, list, value)) = about.place() else { return Ok(Partial::default()) };
        let request = Request::get(self.address(&[list, value, "alerts"])?);
        match self.rows(group, request, self.call.limit).await {
            Ok(mut alerts) => {
                newest_first(&mut alerts.data);
                alerts.data.truncate(self.call.limit);
                Ok(alerts)
            }
            Err(failure) => self.nothing_unless_gone(failure).await,
        }
    }

    /// A file's SHA-1 by another of its hashes; none when the product does not know the file.
    pub(crate) async fn sha1(&self, hash: &str) -> Result<Option<String>, Failure> {
        match self.get(Group::Files, &["files", hash]).await {
            Ok(response) => {
                let sha1 = Observable::present(Sha1, response.json::<Profile>()?.sha1);
                Ok(sha1.and_then(|sha1| sha1.normal_form()))
            }
            Err(failure) => self.nothing_unless_gone(failure).await,
        }
    }

    /// These alerts with their evidence, for lists that came without any.
    pub(crate) async fn alerts_with_evidence(&self, ids: &[&str]) -> Partial<Vec<Alert>> {
        let mut alerts: Partial<Vec<Alert>> = self.look_up(EVIDENCE, ids).await;
        alerts.data.iter_mut().for_each(|alert| alert.is_whole = true);
        alerts
    }

    /// Nothing, where the product has no data; a failure where there is no such product any more.
    async fn nothing_unless_gone<T: Default>(&self, failure: Failure) -> Result<T, Failure> {
        if failure.may_be_gone()
            && let Some(gone) = self.retirement.get_or_init(|| self.retired()).await
        {
            return Err(gone.clone());
        }
        if failure.is_no_data() { Ok(T::default()) } else { Err(failure) }
    }

    /// Only the list of all alerts tells an API that is gone from an entity that is missing.
    async fn retired(&self) -> Option<Failure> {
        let gone = self.health().await.err()?;
        let gone = (gone.is_gone() || gone.may_be_gone()).then(|| gone.into_gone())?;
        self.quota.learn(Group::Alerts, &gone);
        Some(gone)
    }
}

/// Alerts without a time come last.
fn newest_first(alerts: &mut [Alert]) {
    alerts.sort_by_cached_key(|alert| {
        Reverse(alert.alert_creation_time.as_deref().and_then(Time::parse))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_alert_comes_first_and_one_without_time_last() {
        let alert = |time: Option<&str>| Alert {
            alert_creation_time: time.map(str::to_owned),
            ..Alert::default()
        };
        let mut alerts = [
            alert(None),
            alert(Some("2026-10-30T06:12:01Z")),
            alert(Some("2026-10-30T06:12:01.5Z")),
            alert(Some("soon")),
            alert(Some("2026-10-31T00:00:00Z")),
        ];
        newest_first(&mut alerts);
        let order = alerts.map(|alert| alert.alert_creation_time.unwrap_or_default());
        assert_eq!(
            order,
            ["2026-10-31T00:00:00Z", "2026-10-30T06:12:01.5Z", "2026-10-30T06:12:01Z", "", "soon"]
        );
    }
}
