//! Whether an alert's evidence matches a value. The service's own filter is not relied on.
//!
//! Source: docs/relays/graph-security.md#observables and
//! docs/relays/graph-security.md#strategies.

use std::net::IpAddr;

use relay_core::url::{host_of, split_origin};

use super::{
    SearchOptions,
    evidence::{Device, Evidence, EvidenceDetails, File, FileHash},
    search_term::{HashType, NormalizedValue},
    types::Alert,
};
use crate::RecordMatch;

impl NormalizedValue {
    /// Compares an alert that a filter for this value returned.
    pub(super) fn compare(&self, alert: &Alert, options: &SearchOptions<'_>) -> RecordMatch {
        if !options.includes(alert) {
            return RecordMatch::FilterIgnored;
        }
        if alert.evidence.iter().any(|evidence| self.is_in(evidence)) {
            return RecordMatch::Match;
        }
        let may_pass = alert.evidence.iter().any(|evidence| self.may_pass_filter(evidence));
        if may_pass { RecordMatch::NoMatch } else { RecordMatch::FilterIgnored }
    }

    /// Whether the evidence has this value. Case is regarded only in the path and query of a URL.
    pub(super) fn is_in(&self, evidence: &Evidence) -> bool {
        match self {
            Self::Address(ip) => has_address(&evidence.details, *ip),
            Self::Domain(name) => domain(&evidence.details).is_some_and(|it| is_name(it, name)),
            Self::Hostname(name) => match &evidence.details {
                EvidenceDetails::Device(device) => names(device).any(|it| is_name(it, name)),
                _ => false,
            },
            Self::Url(url) => match &evidence.details {
                EvidenceDetails::Url(found) => {
                    found.as_deref().is_some_and(|found| is_same_url(found, url))
                }
                _ => false,
            },
            Self::FileName(name) => evidence
                .file()
                .and_then(|file| file.name.as_deref())
                .is_some_and(|it| same(it, name)),
            Self::FilePath(path) => evidence.file().is_some_and(|file| has_path(file, path)),
            Self::Hash(hash_type, hash) => match &evidence.details {
                EvidenceDetails::FileHash(found) => is_hash(found, *hash_type, hash),
                _ => evidence
                    .file()
                    .and_then(|file| file.hash(*hash_type))
                    .is_some_and(|it| same(it, hash)),
            },
        }
    }

    /// Whether the filter may let this evidence pass although it does not have the value: the
    /// filter's functions compare text, and a service may or may not regard case.
    fn may_pass_filter(&self, evidence: &Evidence) -> bool {
        match (self, &evidence.details) {
            (Self::Domain(name), EvidenceDetails::Url(url)) => {
                url.as_deref().is_some_and(|url| url.to_lowercase().contains(name))
            }
            (Self::Hostname(name), EvidenceDetails::Device(device)) => {
                let dns_name = device.dns_name.as_deref();
                dns_name.is_some_and(|dns_name| dns_name.to_lowercase().starts_with(name))
            }
            (Self::Url(url), EvidenceDetails::Url(found)) => {
                found.as_deref().is_some_and(|found| same(found, url))
            }
            (Self::Hash(_, hash), EvidenceDetails::FileHash(found)) => {
                found.value.as_deref().is_some_and(|it| same(it, hash))
            }
            _ => false,
        }
    }
}

impl SearchOptions<'_> {
    /// Whether the alert comes from the service whose alerts are searched.
    pub(super) fn includes(&self, alert: &Alert) -> bool {
        self.service
            .is_none_or(|service| alert.service_source.as_deref() == Some(service.in_alerts))
    }
}

impl File {
    pub(super) fn hash(&self, hash_type: HashType) -> Option<&str> {
        match hash_type {
            HashType::Md5 => self.md5.as_deref(),
            HashType::Sha1 => self.sha1.as_deref(),
            HashType::Sha256 => self.sha256.as_deref(),
        }
    }
}

fn has_address(details: &EvidenceDetails, ip: IpAddr) -> bool {
    let is_it = |text: &str| text.parse() == Ok(ip);
    match details {
        EvidenceDetails::Ip(address) => address.ip.as_deref().is_some_and(is_it),
        EvidenceDetails::Connection(connection) => [&connection.source, &connection.destination]
            .into_iter()
            .filter_map(|end| end.as_ref()?.ip.as_deref())
            .any(is_it),
        EvidenceDetails::Device(device) => device.ip_interfaces.iter().any(|ip| is_it(ip)),
        _ => false,
    }
}

fn domain(details: &EvidenceDetails) -> Option<&str> {
    match details {
        EvidenceDetails::Url(url) => host_of(url.as_deref()?),
        EvidenceDetails::Dns(dns) => dns.domain.as_deref(),
        _ => None,
    }
}

fn names(device: &Device) -> impl Iterator<Item = &str> {
    let names = [device.host_name.as_deref(), device.dns_name.as_deref(), device.first_label()];
    names.into_iter().flatten()
}

fn is_name(found: &str, name: &str) -> bool {
    same(found.trim_matches('.'), name)
}

fn is_same_url(found: &str, url: &str) -> bool {
    let ((found_origin, found_rest), (origin, rest)) = (split_origin(found), split_origin(url));
    same(found_origin, origin) && found_rest == rest
}

fn has_path(file: &File, path: &str) -> bool {
    let is_it = |text: Option<&str>| text.is_some_and(|it| same(it, path));
    is_it(file.folder.as_deref()) || is_it(file.path().as_deref())
}

fn is_hash(found: &FileHash, hash_type: HashType, hash: &str) -> bool {
    found.algorithm.as_deref() == Some(hash_type.as_str())
        && found.value.as_deref().is_some_and(|it| same(it, hash))
}

/// Whether two texts are equal but for case.
fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use relay_core::{Namespace, Observable, ObservableType as Type};
    use serde_json::{Value, json};

    use super::*;
    use crate::{Service, alerts::search_term::SearchTerm};

    const ALL: SearchOptions<'_> =
        SearchOptions { source: "Product", namespace: Namespace::X500, service: None };
    const SHA256: &str = "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";

    fn alert(kind: &str, mut evidence: Value) -> Alert {
        evidence["@odata.type"] = json!(format!("#microsoft.graph.security.{kind}"));
        let alert =
            json!({"serviceSource": "microsoftDefenderForIdentity", "evidence": [evidence]});
        serde_json::from_str(&alert.to_string()).unwrap()
    }

    #[track_caller]
    fn check(kind: Type, value: &str, alert: &Alert, expected: RecordMatch) {
        let observable = Observable::new(kind, value);
        let term = SearchTerm::new(0, &observable).unwrap();
        assert_eq!(term.value.compare(alert, &ALL), expected, "{value}");
    }

    #[test]
    fn addresses_are_parsed_before_they_are_compared() {
        let ip = alert("ipEvidence", json!({"ipAddress": "2001:DB8:0:0:0:0:0:BAD"}));
        check(Type::Ipv6, "2001:db8::bad", &ip, RecordMatch::Match);
        check(Type::Ip, "2001:db8::BAD", &ip, RecordMatch::Match);
        check(Type::Ip, "203.0.113.80", &ip, RecordMatch::FilterIgnored);
        let connection = alert(
            "networkConnectionEvidence",
            json!({"sourceAddress": {"ipAddress": "10.20.4.17"}, "destinationAddress": {"ipAddress": "203.0.113.80"}}),
        );
        check(Type::Ip, "10.20.4.17", &connection, RecordMatch::Match);
        check(Type::Ip, "203.0.113.80", &connection, RecordMatch::Match);
        let device = alert("deviceEvidence", json!({"ipInterfaces": ["fe80::1", "10.20.4.17"]}));
        check(Type::Ip, "10.20.4.17", &device, RecordMatch::Match);
        check(Type::Ip, "10.20.4.1", &device, RecordMatch::FilterIgnored);
        let unknown = alert("holographicEvidence", json!({"ipAddress": "203.0.113.80"}));
        check(Type::Ip, "203.0.113.80", &unknown, RecordMatch::FilterIgnored);
    }

    #[test]
    fn a_domain_matches_hosts_of_urls_and_dns_names() {
        let url = |url: &str| alert("urlEvidence", json!({"url": url}));
        check(Type::Domain, "Bad.example", &url("https://BAD.example:8443/x"), RecordMatch::Match);
        check(Type::Domain, "bad.example", &url("bad.example/x"), RecordMatch::Match);
        check(Type::Domain, "bad.example", &url("git+ssh://git@bad.example/x"), RecordMatch::Match);
        check(
            Type::Domain,
            "bad.example",
            &url("ms-word:ofe|u|https://bad.example/"),
            RecordMatch::NoMatch,
        );
        check(Type::Domain, "bad.example", &url("://bad.example/x"), RecordMatch::NoMatch);
        check(Type::Domain, "bad.example", &url("https://www.bad.example/"), RecordMatch::NoMatch);
        check(
            Type::Domain,
            "bad.example",
            &url("https://other.example/?u=bad.example"),
            RecordMatch::NoMatch,
        );
        check(
            Type::Domain,
            "bad.example",
            &url("https://other.example/"),
            RecordMatch::FilterIgnored,
        );
        let dns = alert("dnsEvidence", json!({"domainName": "Bad.Example."}));
        check(Type::Domain, "bad.example", &dns, RecordMatch::Match);
    }

    #[test]
    fn a_hostname_matches_names_of_devices() {
        let device = |host: Option<&str>, dns: Option<&str>| {
            alert("deviceEvidence", json!({"hostName": host, "deviceDnsName": dns}))
        };
        check(Type::Hostname, "WS-204", &device(Some("ws-204"), None), RecordMatch::Match);
        check(
            Type::Hostname,
            "ws-204",
            &device(None, Some("ws-204.contoso.example")),
            RecordMatch::Match,
        );
        let whole = "ws-204.contoso.example";
        check(
            Type::Hostname,
            whole,
            &device(None, Some("WS-204.contoso.example")),
            RecordMatch::Match,
        );
        let part = "ws-204.contoso";
        check(
            Type::Hostname,
            part,
            &device(None, Some("ws-204.contoso.example")),
            RecordMatch::NoMatch,
        );
        check(
            Type::Hostname,
            "ws-2",
            &device(Some("other"), Some("other.example")),
            RecordMatch::FilterIgnored,
        );
        check(
            Type::Hostname,
            "ws-204",
            &alert("urlEvidence", json!({"url": "ws-204"})),
            RecordMatch::FilterIgnored,
        );
    }

    #[test]
    fn case_is_regarded_in_the_path_of_a_url_only() {
        let url = alert("urlEvidence", json!({"url": "HTTPS://Bad.example/A?b=C"}));
        check(Type::Url, "https://bad.EXAMPLE/A?b=C", &url, RecordMatch::Match);
        check(Type::Url, "https://bad.example/a?b=C", &url, RecordMatch::NoMatch);
        check(Type::Url, "https://bad.example/A", &url, RecordMatch::FilterIgnored);
    }

    #[test]
    fn a_file_matches_files_and_images_of_processes() {
        let details = json!({"fileName": "Upd.exe", "filePath": r"C:\Users", "sha256": SHA256.to_uppercase()});
        let file = alert("fileEvidence", json!({"fileDetails": details}));
        let process = alert("processEvidence", json!({"imageFile": details}));
        let parent = alert("processEvidence", json!({"parentProcessImageFile": details}));
        for (kind, value) in [
            (Type::FileName, "UPD.EXE"),
            (Type::FilePath, r"c:\users\upd.exe"),
            (Type::FilePath, r"C:\Users"),
            (Type::Sha256, SHA256),
        ] {
            check(kind, value, &file, RecordMatch::Match);
            check(kind, value, &process, RecordMatch::Match);
            check(kind, value, &parent, RecordMatch::FilterIgnored);
        }
        check(Type::FilePath, r"C:\upd.exe", &file, RecordMatch::FilterIgnored);
        check(Type::Sha1, &"ab".repeat(20), &file, RecordMatch::FilterIgnored);
    }

    #[test]
    fn a_hash_without_a_file_matches_by_its_algorithm() {
        let hash = |algorithm: &str| {
            alert("fileHashEvidence", json!({"algorithm": algorithm, "value": SHA256}))
        };
        check(Type::Sha256, SHA256, &hash("sha256"), RecordMatch::Match);
        check(Type::Sha256, SHA256, &hash("sha256ac"), RecordMatch::NoMatch);
    }

    #[test]
    fn an_alert_of_another_service_shows_that_the_filter_is_ignored() {
        let ip = alert("ipEvidence", json!({"ipAddress": "203.0.113.80"}));
        let options = SearchOptions { service: Some(Service::DEFENDER_FOR_ENDPOINT), ..ALL };
        let observable = Observable::new(Type::Ip, "203.0.113.80");
        let term = SearchTerm::new(0, &observable).unwrap();
        assert_eq!(term.value.compare(&ip, &options), RecordMatch::FilterIgnored);
    }

    #[test]
    fn n09_evidence_without_members_matches_nothing() {
        for kind in [
            "deviceEvidence",
            "fileEvidence",
            "processEvidence",
            "ipEvidence",
            "urlEvidence",
            "networkConnectionEvidence",
            "dnsEvidence",
            "fileHashEvidence",
            "userEvidence",
        ] {
            for (observable_type, value) in
                [(Type::Ip, "203.0.113.80"), (Type::Domain, "x"), (Type::Url, "x")]
            {
                check(observable_type, value, &alert(kind, json!({})), RecordMatch::FilterIgnored);
            }
        }
    }
}
