//! Reputations of hosts in Microsoft's threat intelligence: verdicts on addresses, on names and on
//! the hosts of URLs.
//!
//! Source: docs/relays/graph-security.md#reputations; Microsoft's pages "Get hostReputation",
//! "hostReputation resource type", "hostReputationRule resource type".

mod mapping;
mod types;

use std::collections::HashMap;

use relay_core::{
    BadSetting, Bundle, Environment, Error, ErrorKind, Findings, Namespace, Observable,
    ObservableType as Type, Result,
    cache::{CacheKey, TtlCache},
    oauth::TokenSource,
    url::{escaped, host_of, is_public},
};
use url::Url;

use crate::{BatchRequest, BatchResponse, Cloud, GraphClient, Permission, error_from, spelling};
use mapping::ReputationMapper;
use types::HostReputation;

/// A missing permission is worth another request the next day.
const REFUSAL_SECONDS: i64 = 24 * 3600;
const MAX_CALLERS: usize = 1000;

/// Whether reputations are asked for, and of whom the service refuses it.
#[derive(Debug)]
pub(crate) struct ReputationSettings {
    is_on: bool,
    refused: TtlCache<CacheKey, ()>,
}

impl ReputationSettings {
    /// Reads `MICROSOFT_REPUTATION`: `auto` (default) or `off`. Only the global cloud has reputations.
    ///
    /// Errors: [`BadSetting`] for any other word.
    pub(crate) fn from_environment(
        environment: &Environment,
        cloud: &Cloud,
    ) -> Result<Self, BadSetting> {
        let words = [("auto", true), ("off", false)];
        let is_wanted = environment.word("MICROSOFT_REPUTATION", &words, true)?;
        Ok(Self { is_on: is_wanted && cloud.is_global(), refused: TtlCache::new(MAX_CALLERS) })
    }
}

impl<C: Sync> GraphClient<'_, C> {
    /// Returns a verdict and its judgement for each observable whose host Microsoft's threat
    /// intelligence rates, under the product's name `source`. Hosts that are no public place of the
    /// internet are not asked about.
    ///
    /// What fails is one warning.
    pub async fn reputations(
        &self,
        source: &str,
        namespace: Namespace,
        observables: &[Observable],
    ) -> Findings {
        let (tenant, now) = (self.account.tenant.as_str(), self.call.now);
        let mapper = ReputationMapper { source, namespace, tenant, now };
        self.map_reputations(observables, |bundle, observable, host, reputation| {
            mapper.add(bundle, observable, host, reputation);
        })
        .await
    }

    /// Returns the same verdicts without their judgements.
    pub async fn verdicts(&self, observables: &[Observable]) -> Findings {
        let now = self.call.now;
        self.map_reputations(observables, |bundle, observable, _, reputation| {
            if let Some(verdict) = mapping::verdict(now, observable, reputation, None) {
                bundle.add_verdict(verdict);
            }
        })
        .await
    }

    async fn map_reputations(
        &self,
        observables: &[Observable],
        map: impl Fn(&mut Bundle, &Observable, &str, &HostReputation),
    ) -> Findings {
        let settings = &self.graph.reputations;
        if !settings.is_on || settings.refused.contains(&self.login.key(), self.call.now) {
            return Findings::default();
        }
        let subjects = Subjects::of(observables);
        let requests: Vec<_> = subjects.hosts.iter().map(|host| request(host)).collect();
        let outcomes = self.batch(&requests, usize::MAX, |_, response| reputation(response)).await;
        self.note_refusal(&outcomes);
        let mut findings = Findings::default();
        for (observable, host) in &subjects.observables {
            match &outcomes[*host] {
                Ok(Some(reputation)) => {
                    map(&mut findings.data, observable, &subjects.hosts[*host], reputation);
                }
                Ok(None) => {}
                Err(error) => findings.errors.push(missing(error.clone())),
            }
        }
        findings.errors.truncate(1);
        findings
    }

    /// Remembers a permission that is missing.
    fn note_refusal(&self, outcomes: &[Result<Option<HostReputation>>]) {
        let errors = || outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        if errors().any(|error| error.kind() == ErrorKind::Forbidden) {
            let until = self.call.now.plus_seconds(REFUSAL_SECONDS);
            self.graph.reputations.refused.insert(self.login.key(), (), until);
        }
    }
}

/// Hosts, each once, and the observables that they belong to.
#[derive(Debug, Default)]
struct Subjects<'o> {
    hosts: Vec<String>,
    /// With the host's index.
    observables: Vec<(&'o Observable, usize)>,
}

impl<'o> Subjects<'o> {
    fn of(observables: &'o [Observable]) -> Self {
        let mut subjects = Self::default();
        let mut indexes = HashMap::new();
        for observable in observables {
            let Some(host) = public_host(observable) else { continue };
            let index = *indexes.entry(host.clone()).or_insert_with(|| {
                subjects.hosts.push(host);
                subjects.hosts.len() - 1
            });
            subjects.observables.push((observable, index));
        }
        subjects
    }
}

/// Returns the host that an observable is or leads to, in normal form; none for other types, and for
/// hosts that only mean something inside a network, whose names are nobody else's business.
fn public_host(observable: &Observable) -> Option<String> {
    let host = match observable.kind {
        Type::Ip | Type::Ipv6 | Type::Domain | Type::Hostname => observable.normal_form()?,
        Type::Url => host_of(&observable.value)?.to_owned(),
        _ => return None,
    };
    let host = match spelling::address(&host) {
        Some(ip) => ip.to_string(),
        None => Observable::new(Type::Domain, host).normal_form()?,
    };
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let url = Url::parse(&format!("http://{bracketed}/")).ok()?;
    (is_public(&url) && url.host_str() == Some(&bracketed)).then_some(host)
}

fn request(host: &str) -> BatchRequest {
    let host = escaped(host);
    BatchRequest::get(format!("/security/threatIntelligence/hosts/{host}/reputation"))
}

/// The service does not know every host, and finds some names invalid.
fn reputation(response: BatchResponse<HostReputation>) -> Result<Option<HostReputation>> {
    match response.status() {
        400 | 404 => Ok(None),
        _ if response.is_success() => response.into_record().map(Some),
        _ => Err(error_from(&response, Permission::ReadThreatIntelligence)),
    }
}

fn missing(error: Error) -> Error {
    let preface = "Verdicts of Microsoft's threat intelligence are missing from the answer.";
    error.with_preface(preface).as_warning()
}

/// Adds reputations to what else was found; a failure that the rest met too is not repeated.
pub fn add_reputations(findings: &mut Findings, reputations: Findings) {
    findings.data.append(reputations.data);
    let is_repeated = |error: &Error| findings.errors.iter().any(|it| it.is_same_failure(error));
    let new: Vec<_> = reputations.errors.into_iter().filter(|it| !is_repeated(it)).collect();
    findings.errors.extend(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_hosts_are_asked_about() {
        let check = |kind, value: &str, expected: Option<&str>| {
            let host = public_host(&Observable::new(kind, value));
            assert_eq!(host.as_deref(), expected, "{value}");
        };
        check(Type::Ip, "8.8.8.8", Some("8.8.8.8"));
        check(Type::Ip, "::ffff:8.8.8.8", Some("8.8.8.8"));
        check(Type::Ipv6, "2606:4700:0::1111", Some("2606:4700::1111"));
        check(Type::Domain, "Bad.Example.com.", Some("bad.example.com"));
        check(Type::Domain, "bücher.com", Some("xn--bcher-kva.com"));
        check(Type::Hostname, "c2.bad.com", Some("c2.bad.com"));
        check(Type::Url, "https://u:p@Bad.com:8443/a?b#c", Some("bad.com"));
        check(Type::Url, "http://[2606:4700::1111]/", Some("2606:4700::1111"));
        for (kind, value) in [
            (Type::Ip, "10.20.4.17"),
            (Type::Ip, "127.0.0.1"),
            (Type::Ip, "169.254.169.254"),
            (Type::Ipv6, "fe80::1"),
            (Type::Hostname, "ws-204"),
            (Type::Hostname, "localhost"),
            (Type::Domain, "intranet.local"),
            (Type::Domain, "dc1.corp.internal"),
            (Type::Url, "http://intranet/wiki"),
            (Type::Url, "http://10.0.0.5/admin?token=abc"),
            (Type::Domain, "a b.com"),
            (Type::Domain, "../../users"),
            (Type::Sha256, "8.8.8.8"),
            (Type::Email, "mara@bad.com"),
        ] {
            check(kind, value, None);
        }
    }

    #[test]
    fn a_host_is_one_segment_of_the_path_and_is_asked_about_once() {
        let observables = [
            Observable::new(Type::Domain, "bad.com"),
            Observable::new(Type::Url, "https://bad.com/a"),
            Observable::new(Type::Ipv6, "2606:4700::1111"),
        ];
        let subjects = Subjects::of(&observables);
        assert_eq!(subjects.hosts, ["bad.com", "2606:4700::1111"]);
        let indexes: Vec<_> = subjects.observables.iter().map(|(_, index)| *index).collect();
        assert_eq!(indexes, [0, 0, 1]);
        let url = serde_json::to_value(request("2606:4700::1111")).unwrap();
        let expected = "/security/threatIntelligence/hosts/2606%3A4700%3A%3A1111/reputation";
        assert_eq!(url["url"], expected);
    }
}
