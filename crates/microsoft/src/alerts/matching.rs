//! Whether an alert's evidence matches a value. The service's own filter is not relied on.
//!
//! Source: docs/relays/graph-security.md#observables and
//! docs/relays/graph-security.md#strategies.

use relay_core::url::{ascii_name, host_of, is_same};

use super::{
    SearchOptions,
    evidence::{Evidence, EvidenceDetails, File},
    search_term::{HashType, NormalizedValue},
    types::Alert,
};
use crate::RecordMatch;

impl NormalizedValue {
    /// Compares an alert that a filter for this value returned. One that shows no evidence proves
    /// nothing: services mask it.
    pub(super) fn compare(&self, alert: &Alert, options: &SearchOptions<'_>) -> RecordMatch {
        if !options.includes(alert) {
            return RecordMatch::Unexplained;
        }
        if alert.evidence.iter().any(|evidence| self.is_in(evidence)) {
            return RecordMatch::Match;
        }
        let may_pass = alert.evidence.is_empty()
            || alert.evidence.iter().any(|evidence| self.may_pass_filter(evidence));
        if may_pass { RecordMatch::NoMatch } else { RecordMatch::Unexplained }
    }

    /// Whether the evidence has this value. Case is regarded only in the path and query of a URL.
    pub(super) fn is_in(&self, evidence: &Evidence) -> bool {
        match self {
            Self::Address(ip) => evidence.has_address(*ip),
            Self::Domain(name) => {
                let hosts = evidence.urls().iter().filter_map(|url| host_of(url));
                hosts.chain(evidence.domains()).any(|it| ascii_name(it) == *name)
            }
            Self::Hostname(name) => {
                evidence.host_names().into_iter().any(|it| ascii_name(it) == *name)
            }
            Self::Email(address) => evidence.emails().into_iter().any(|it| same(it, address)),
            Self::Url(url) => evidence.urls().iter().any(|it| is_same(it, url)),
            Self::FileName(name) => {
                let mut names = evidence.files().into_iter().filter_map(|it| it.name.as_deref());
                names.any(|it| same(it, name))
            }
            Self::FilePath(path) => evidence.files().into_iter().any(|it| has_path(it, path)),
            Self::Hash(hash_type, hash) => is_hash_in(evidence, *hash_type, hash),
        }
    }

    /// Whether the filter may let this evidence pass although it does not have the value: the
    /// filter's functions compare text, and a service may or may not regard case.
    fn may_pass_filter(&self, evidence: &Evidence) -> bool {
        let any = |texts: &[String], is_it: &dyn Fn(&str) -> bool| {
            texts.iter().any(|text| is_it(&text.to_lowercase()))
        };
        match self {
            Self::Domain(_) => {
                let names = self.spellings();
                let begins = |url: &str| names.iter().any(|name| has_host_like(url, name));
                any(evidence.urls(), &begins)
            }
            Self::Hostname(name) => {
                let mut names = evidence.host_names().into_iter();
                names.any(|it| it.to_lowercase().starts_with(name))
            }
            Self::Url(_) => {
                let spellings = self.spellings();
                any(evidence.urls(), &|found| spellings.iter().any(|it| same(found, it)))
            }
            Self::Hash(_, hash) => match &evidence.details {
                EvidenceDetails::FileHash(found) => {
                    found.value.as_deref().is_some_and(|it| same(it, hash))
                }
                _ => false,
            },
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

/// Whether the name stands where the host of a URL begins, whatever follows it.
fn has_host_like(url: &str, name: &str) -> bool {
    url.starts_with(name)
        || ["//", "@"].iter().any(|before| url.contains(&format!("{before}{name}")))
}

fn has_path(file: &File, path: &str) -> bool {
    let is_it = |text: Option<&str>| text.is_some_and(|it| same(it, path));
    is_it(file.folder.as_deref()) || is_it(file.path().as_deref())
}

fn is_hash_in(evidence: &Evidence, hash_type: HashType, hash: &str) -> bool {
    let is_it = |text: Option<&str>| text.is_some_and(|it| same(it, hash));
    if let EvidenceDetails::FileHash(found) = &evidence.details {
        return found.algorithm.as_deref() == Some(hash_type.as_str())
            && is_it(found.value.as_deref());
    }
    evidence.files().into_iter().any(|file| is_it(file.hash(hash_type)))
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
        check(Type::Ip, "203.0.113.80", &ip, RecordMatch::Unexplained);
        let mapped = alert("ipEvidence", json!({"ipAddress": "::ffff:203.0.113.80"}));
        check(Type::Ip, "203.0.113.80", &mapped, RecordMatch::Match);
        let connection = alert(
            "networkConnectionEvidence",
            json!({"sourceAddress": {"ipAddress": "10.20.4.17"}, "destinationAddress": {"ipAddress": "203.0.113.80"}}),
        );
        check(Type::Ip, "10.20.4.17", &connection, RecordMatch::Match);
        check(Type::Ip, "203.0.113.80", &connection, RecordMatch::Match);
        let device = alert("deviceEvidence", json!({"ipInterfaces": ["fe80::1", "10.20.4.17"]}));
        check(Type::Ip, "10.20.4.17", &device, RecordMatch::Match);
        check(Type::Ip, "10.20.4.1", &device, RecordMatch::Unexplained);
        let unknown = alert("holographicEvidence", json!({"ipAddress": "203.0.113.80"}));
        check(Type::Ip, "203.0.113.80", &unknown, RecordMatch::Unexplained);
    }

    #[test]
    fn a_domain_matches_hosts_of_urls_and_dns_names() {
        let url = |url: &str| alert("urlEvidence", json!({"url": url}));
        check(Type::Domain, "Bad.example", &url("https://BAD.example:8443/x"), RecordMatch::Match);
        check(Type::Domain, "bad.example", &url("bad.example/x"), RecordMatch::Match);
        check(Type::Domain, "bad.example", &url("git+ssh://git@bad.example/x"), RecordMatch::Match);
        for passing in [
            "ms-word:ofe|u|https://bad.example/",
            "://bad.example/x",
            "https://bad.example.org/",
            "https://other.example/?u=mara@bad.example",
            "bad.example.org",
        ] {
            check(Type::Domain, "bad.example", &url(passing), RecordMatch::NoMatch);
        }
        for other in ["https://www.bad.example/", "https://other.example/?u=bad.example"] {
            check(Type::Domain, "bad.example", &url(other), RecordMatch::Unexplained);
        }
        let dns = alert("dnsEvidence", json!({"domainName": "Bad.Example."}));
        check(Type::Domain, "bad.example", &dns, RecordMatch::Match);
    }

    #[test]
    fn a_name_matches_in_either_script() {
        for found in ["https://xn--bcher-kva.example/x", "https://BÜCHER.example"] {
            let url = alert("urlEvidence", json!({"url": found}));
            for asked in ["bücher.example", "xn--bcher-kva.example"] {
                check(Type::Domain, asked, &url, RecordMatch::Match);
            }
        }
    }

    #[test]
    fn an_alert_that_shows_no_evidence_proves_nothing() {
        let alert: Alert = serde_json::from_str(r#"{"evidence": []}"#).unwrap();
        check(Type::Ip, "203.0.113.80", &alert, RecordMatch::NoMatch);
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
            RecordMatch::Unexplained,
        );
        check(
            Type::Hostname,
            "ws-204",
            &alert("urlEvidence", json!({"url": "ws-204"})),
            RecordMatch::Unexplained,
        );
    }

    #[test]
    fn case_is_regarded_in_the_path_of_a_url_only() {
        let url = alert("urlEvidence", json!({"url": "HTTPS://Bad.example/A?b=C"}));
        check(Type::Url, "https://bad.EXAMPLE/A?b=C", &url, RecordMatch::Match);
        check(Type::Url, "https://bad.example/a?b=C", &url, RecordMatch::NoMatch);
        check(Type::Url, "https://bad.example/A", &url, RecordMatch::Unexplained);
        let bare = alert("urlEvidence", json!({"url": "https://bad.example/"}));
        check(Type::Url, "https://Bad.example", &bare, RecordMatch::Match);
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
            check(kind, value, &parent, RecordMatch::Match);
        }
        check(Type::FilePath, r"C:\upd.exe", &file, RecordMatch::Unexplained);
        check(Type::Sha1, &"ab".repeat(20), &file, RecordMatch::Unexplained);
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
        assert_eq!(term.value.compare(&ip, &options), RecordMatch::Unexplained);
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
                check(observable_type, value, &alert(kind, json!({})), RecordMatch::Unexplained);
            }
        }
    }
}
