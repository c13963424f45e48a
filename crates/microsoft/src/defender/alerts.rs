//! Alerts about a file, an address or a domain, their evidence, and the SHA-1 that a file's alerts
//! are listed by.
//!
//! Source: docs/relays/defender-atp.md#requests; Microsoft's pages "Alert resource type", "Get
//! file-related alerts API", "Get IP related alerts API", "Get domain-related alerts API", "Get
//! file information API".

use std::{cmp::Reverse, collections::HashMap};

use futures::future::join_all;
use relay_core::{
    Error, ErrorKind, Observable,
    ObservableType::{Domain, Ip, Ipv6, Sha1, Sha256},
    Partial, Request, Time,
    lenient::{Integer, List, Object, Text, Texts},
};
use serde::Deserialize;

use super::{
    DefenderClient, Lookup, NormalizedObservable, RequestError, cache::split_cached,
    lists::FilteredList, quota::RequestGroup,
};

/// An alert. Times are RFC 3339 in UTC with up to seven decimals; absent where unknown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Alert {
    /// `da638470011223344556_-1200345678`.
    pub id: Text,
    /// One line.
    pub title: Text,
    /// Plain text of several lines.
    pub description: Text,
    /// `UnSpecified`, `Informational`, `Low`, `Medium`, `High`.
    pub severity: Text,
    /// Such as `SuspiciousActivity` or `Malware`.
    pub category: Text,
    /// `New`, `InProgress`, `Resolved`.
    pub status: Text,
    /// Such as `T1059.001`.
    pub mitre_techniques: Texts,
    /// Such as `TruePositive`.
    pub classification: Text,
    /// Such as `Malware`.
    pub determination: Text,
    /// Such as `Trojan:Win32/Emotet.A`.
    pub threat_name: Text,
    /// Such as `Emotet`.
    pub threat_family_name: Text,
    /// The number of the incident that it belongs to.
    pub incident_id: Integer,
    /// `WindowsDefenderAtp`, `WindowsDefenderAv`, `WindowsDefenderSmartScreen`, `CustomDetection`, …
    pub detection_source: Text,
    /// When it was raised.
    pub alert_creation_time: Text,
    /// The first event that it is about.
    pub first_event_time: Text,
    /// The last event that it is about.
    pub last_event_time: Text,
    /// When it was changed last.
    pub last_update_time: Text,
    /// The id of its device: 40 hex digits.
    pub machine_id: Text,
    /// The full name of its device.
    pub computer_dns_name: Text,
    /// Whose session it was.
    pub related_user: Object<RelatedUser>,
    /// Empty where the list leaves it out.
    pub evidence: List<AlertEvidence>,
    /// Whether the evidence was requested, so that an empty list means that there is none.
    #[serde(skip)]
    pub has_all_evidence: bool,
}

/// A user of a device.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RelatedUser {
    /// Without the domain.
    pub user_name: Text,
}

/// One entry of an alert's evidence: a file, a process, an address, a URL, …
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AlertEvidence {
    /// Of the file, or of the file that the process runs.
    pub sha1: Text,
    /// The same.
    pub sha256: Text,
    /// The same; not documented.
    pub md5: Text,
    /// Without the folder.
    pub file_name: Text,
    /// The folder; sometimes the whole path.
    pub file_path: Text,
    /// Reused by the operating system.
    pub process_id: Integer,
    /// RFC 3339.
    pub process_creation_time: Text,
    /// The `process_id` of another entry.
    pub parent_process_id: Integer,
    /// RFC 3339.
    pub parent_process_creation_time: Text,
    /// Without the folder.
    pub parent_process_file_name: Text,
    /// IPv4 or IPv6.
    pub ip_address: Text,
    /// Often without a scheme.
    pub url: Text,
    /// Without the domain.
    pub account_name: Text,
    /// Has the form of a mail address.
    pub user_principal_name: Text,
    /// Of Windows.
    pub user_sid: Text,
    /// `Detected`, `Blocked`, `Prevented`.
    pub detection_status: Text,
}

/// Alerts of one page. The order of a list is not documented, so a page holds as many as the highest
/// entity limit; without a number the API sends ten times as many.
const PAGE_SIZE: &str = "1000";

/// SHA-1 hashes of files, by another of their hashes.
pub type Sha1s = HashMap<String, String>;

/// What alerts are searched by. Values are in normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AlertQuery {
    /// A file by its SHA-1.
    File(String),
    /// A file whose SHA-1 is not known. There is no list of its alerts; hunting finds them.
    Sha256(String),
    /// An IPv4 or IPv6 address.
    Address(String),
    /// A domain.
    Domain(String),
}

impl AlertQuery {
    /// Returns the query for an observable's alerts; `None` for an MD5, which neither lists nor
    /// hunting tables of alerts know, and for types that alerts are not about.
    #[must_use]
    pub fn new(observable: &NormalizedObservable<'_>) -> Option<Self> {
        let value = observable.value.clone();
        Some(match observable.kind() {
            Sha1 => Self::File(value),
            Sha256 => Self::Sha256(value),
            Ip | Ipv6 => Self::Address(value),
            Domain => Self::Domain(value),
            _ => return None,
        })
    }

    /// Returns what is searched by, as an observable.
    #[must_use]
    pub fn observable(&self) -> Observable {
        let (kind, value) = match self {
            Self::File(sha1) => (Sha1, sha1),
            Self::Sha256(sha256) => (Sha256, sha256),
            Self::Address(address) => (Ip, address),
            Self::Domain(name) => (Domain, name),
        };
        Observable::new(kind, value)
    }

    /// Returns the name of the list that has its alerts; requests to it are counted by that name.
    #[must_use]
    pub fn list(&self) -> Option<&'static str> {
        Some(match self {
            Self::File(_) => "files",
            Self::Sha256(_) => return None,
            Self::Address(_) => "ips",
            Self::Domain(_) => "domains",
        })
    }

    fn value(&self) -> &str {
        let (Self::File(value) | Self::Sha256(value) | Self::Address(value) | Self::Domain(value)) =
            self;
        value
    }

    fn group(&self) -> RequestGroup {
        match self {
            Self::File(_) | Self::Sha256(_) => RequestGroup::Files,
            Self::Address(_) => RequestGroup::Ips,
            Self::Domain(_) => RequestGroup::Domains,
        }
    }
}

/// The part of a file's profile that leads to its alerts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FileProfile {
    sha1: Text,
}

const ALERTS_BY_ID: FilteredList = FilteredList {
    group: RequestGroup::Alerts,
    name: "alerts",
    property: "id",
    option: Some(("$expand", "evidence")),
    is_empty_on_404: true,
};

impl<C: Sync> DefenderClient<'_, C> {
    /// Returns the newest alerts of each query that has a list, as many as the limit allows; none
    /// where the product does not know the value or finds it invalid. When a later page fails, the
    /// error stands beside the others' alerts; that the API is retired is one as well.
    pub async fn alerts(&self, queries: &[AlertQuery]) -> Lookup<AlertQuery, Vec<Alert>> {
        let lists = join_all(queries.iter().map(|query| self.alert_list(query))).await;
        let mut alerts = Lookup::default();
        for (query, list) in queries.iter().zip(lists) {
            let (list, top) = match list {
                Ok(list) => list,
                Err(error) => (Error::from(error).into(), None),
            };
            let Partial { data, errors } = list;
            alerts.found.insert(query.clone(), data);
            alerts.failed.extend(errors.into_iter().map(|error| (query.clone(), error)));
            alerts.cut.extend(top.map(|top| (query.clone(), top)));
        }
        alerts
    }

    /// Returns the newest alerts, and how many were requested where it were fewer than the limit.
    async fn alert_list(
        &self,
        query: &AlertQuery,
    ) -> Result<(Partial<Vec<Alert>>, Option<usize>), RequestError> {
        let Some(list) = query.list() else { return Ok(Default::default()) };
        let limit = self.call.limit;
        let mut top = None;
        let alerts = loop {
            let size = top.map_or_else(|| PAGE_SIZE.to_owned(), |top: usize| top.to_string());
            let request = Request::get(self.address(&[list, query.value(), "alerts"])?)
                .query("$top", &size)
                .about(1);
            let alerts = self.pages(query.group(), request, top.unwrap_or(limit)).await;
            // At first as many alerts were asked for as a page can have.
            let fewer = top.map_or(limit, |top: usize| top / 8);
            match &alerts {
                Err(error) if error.kind() == ErrorKind::TooLarge && fewer > 0 => top = Some(fewer),
                _ => break alerts,
            }
        };
        match alerts {
            Ok(mut alerts) => {
                sort_newest_first(&mut alerts.data);
                alerts.data.truncate(limit);
                Ok((alerts, top))
            }
            Err(error) => self.empty_unless_retired(error).await,
        }
    }

    /// Returns the alerts with these ids, with their evidence; unknown ids are missing.
    pub async fn alerts_with_evidence(&self, ids: &[&str]) -> Partial<Vec<Alert>> {
        let mut alerts: Partial<Vec<Alert>> = self.filtered_records(ALERTS_BY_ID, ids).await;
        alerts.data.iter_mut().for_each(|alert| alert.has_all_evidence = true);
        alerts
    }

    /// Returns the cached SHA-1 hashes of files by these hashes, and the hashes that nothing is
    /// cached for.
    pub fn cached_sha1s<'h>(
        &self,
        hashes: impl IntoIterator<Item = &'h str>,
    ) -> (Sha1s, Vec<&'h str>) {
        let (cached, missing) = split_cached(hashes, |hash| self.cache.sha1(hash));
        let sha1s = cached.into_iter().filter_map(|(hash, sha1)| Some((hash, sha1.known()?)));
        (sha1s.collect(), missing)
    }

    /// Reads the SHA-1 hashes of files by these hashes; files that the product does not know are
    /// missing. Cached for a day, for an unknown file ten minutes.
    pub async fn sha1s(&self, hashes: &[&str]) -> Lookup<String, String> {
        let requests = hashes.iter().map(|hash| self.sha1(hash));
        let mut sha1s = Lookup::default();
        for (hash, outcome) in hashes.iter().zip(join_all(requests).await) {
            match outcome {
                Ok(sha1) => {
                    self.cache.keep_sha1(hash, sha1.clone());
                    sha1s.found.extend(sha1.map(|sha1| ((*hash).to_owned(), sha1)));
                }
                Err(error) => {
                    sha1s.failed.insert((*hash).to_owned(), error.into());
                }
            }
        }
        sha1s
    }

    /// Keeps SHA-1 hashes of files that something else than their profiles told.
    pub fn keep_sha1s(&self, sha1s: &Sha1s) {
        sha1s.iter().for_each(|(hash, sha1)| self.cache.keep_sha1(hash, Some(sha1.clone())));
    }

    async fn sha1(&self, hash: &str) -> Result<Option<String>, RequestError> {
        match self.get(RequestGroup::Files, &["files", hash]).await {
            Ok(response) => {
                let profile: FileProfile = response.json()?;
                let sha1 = Observable::present(Sha1, profile.sha1.into_inner());
                Ok(sha1.and_then(|sha1| sha1.normal_form()))
            }
            Err(error) => self.empty_unless_retired(error).await,
        }
    }
}

/// Alerts without a time come last.
fn sort_newest_first(alerts: &mut [Alert]) {
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
            alert_creation_time: time.map(str::to_owned).into(),
            ..Alert::default()
        };
        let mut alerts = [
            alert(None),
            alert(Some("2026-10-30T06:12:01Z")),
            alert(Some("2026-10-30T06:12:01.5Z")),
            alert(Some("soon")),
            alert(Some("2026-10-31T00:00:00Z")),
        ];
        sort_newest_first(&mut alerts);
        let order = alerts.map(|alert| alert.alert_creation_time.into_inner().unwrap_or_default());
        assert_eq!(
            order,
            ["2026-10-31T00:00:00Z", "2026-10-30T06:12:01.5Z", "2026-10-30T06:12:01Z", "", "soon"]
        );
    }
}
