//! Whether evidence is about what was asked; the service's own answer is not trusted with that.
//!
//! Source: spec §3.

use std::net::IpAddr;

use super::{
    Reporter,
    evidence::{Device, Evidence, File, FileHash, Subject},
    form::{Form, Hash, host, origin_and_rest},
    wire::Alert,
};
use crate::Row;

impl Form {
    /// What an alert is worth that came as an answer to a filter for this.
    pub(super) fn judge(&self, alert: &Alert, reporter: &Reporter<'_>) -> Row {
        if !reporter.wants(alert) {
            return Row::Foreign;
        }
        if alert.evidence.iter().any(|evidence| self.is_in(evidence)) {
            return Row::Kept;
        }
        let is_filtered = alert.evidence.iter().any(|evidence| self.is_loosely_in(evidence));
        if is_filtered { Row::Dropped } else { Row::Foreign }
    }

    /// Whether the evidence is about this. Case means nothing but in a URL's path and query.
    pub(super) fn is_in(&self, evidence: &Evidence) -> bool {
        match self {
            Self::Address(ip) => has_address(&evidence.subject, *ip),
            Self::Domain(name) => domain(&evidence.subject).is_some_and(|it| is_name(it, name)),
            Self::Hostname(name) => match &evidence.subject {
                Subject::Device(device) => names(device).any(|it| is_name(it, name)),
                _ => false,
            },
            Self::Url(url) => match &evidence.subject {
                Subject::Url(Some(seen)) => is_same_url(seen, url),
                _ => false,
            },
            Self::FileName(name) => evidence
                .file()
                .and_then(|file| file.name.as_deref())
                .is_some_and(|it| same(it, name)),
            Self::FilePath(path) => evidence.file().is_some_and(|file| lies_at(file, path)),
            Self::Hash(kind, hash) => match &evidence.subject {
                Subject::FileHash(seen) => is_hash(seen, *kind, hash),
                _ => evidence
                    .file()
                    .and_then(|file| file.hash(*kind))
                    .is_some_and(|it| same(it, hash)),
            },
        }
    }

    /// Whether the filter lets this evidence pass although it is not about what was asked: the
    /// filter's functions compare text, and services differ in what case means to them.
    fn is_loosely_in(&self, evidence: &Evidence) -> bool {
        match (self, &evidence.subject) {
            (Self::Domain(name), Subject::Url(Some(url))) => url.to_lowercase().contains(name),
            (Self::Hostname(name), Subject::Device(Device { dns_name: Some(seen), .. })) => {
                seen.to_lowercase().starts_with(name)
            }
            (Self::Url(url), Subject::Url(Some(seen))) => same(seen, url),
            (Self::Hash(_, hash), Subject::FileHash(seen)) => {
                seen.value.as_deref().is_some_and(|it| same(it, hash))
            }
            _ => false,
        }
    }
}

impl Reporter<'_> {
    /// Whether the alert comes from the service whose alerts are wanted.
    pub(super) fn wants(&self, alert: &Alert) -> bool {
        self.only.is_none_or(|only| alert.service_source.as_deref() == Some(only.in_alerts))
    }
}

impl File {
    pub(super) fn hash(&self, kind: Hash) -> Option<&str> {
        match kind {
            Hash::Md5 => self.md5.as_deref(),
            Hash::Sha1 => self.sha1.as_deref(),
            Hash::Sha256 => self.sha256.as_deref(),
        }
    }
}

fn has_address(subject: &Subject, wanted: IpAddr) -> bool {
    let is_it = |text: &str| text.parse() == Ok(wanted);
    match subject {
        Subject::Ip(address) => address.ip.as_deref().is_some_and(is_it),
        Subject::Connection(connection) => [&connection.source, &connection.destination]
            .into_iter()
            .filter_map(|end| end.as_ref()?.ip.as_deref())
            .any(is_it),
        Subject::Device(device) => device.ip_interfaces.iter().any(|ip| is_it(ip)),
        _ => false,
    }
}

fn domain(subject: &Subject) -> Option<&str> {
    match subject {
        Subject::Url(url) => Some(host(url.as_deref()?)),
        Subject::Dns(dns) => dns.domain.as_deref(),
        _ => None,
    }
}

fn names(device: &Device) -> impl Iterator<Item = &str> {
    let names = [device.host_name.as_deref(), device.dns_name.as_deref(), device.first_label()];
    names.into_iter().flatten()
}

fn is_name(seen: &str, wanted: &str) -> bool {
    same(seen.trim_matches('.'), wanted)
}

fn is_same_url(seen: &str, wanted: &str) -> bool {
    let ((seen_origin, seen_rest), (origin, rest)) =
        (origin_and_rest(seen), origin_and_rest(wanted));
    same(seen_origin, origin) && seen_rest == rest
}

fn lies_at(file: &File, path: &str) -> bool {
    let is_it = |text: Option<&str>| text.is_some_and(|it| same(it, path));
    is_it(file.folder.as_deref()) || is_it(file.path().as_deref())
}

fn is_hash(seen: &FileHash, kind: Hash, hash: &str) -> bool {
    seen.algorithm.as_deref() == Some(kind.name())
        && seen.value.as_deref().is_some_and(|it| same(it, hash))
}

fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use relay_core::{Namespace, Observable, ObservableType as Type};
    use serde_json::{Value, json};

    use super::*;
    use crate::{Service, alerts::form::Wanted};

    const ALL: Reporter<'_> =
        Reporter { source: "Product", namespace: Namespace::X500, only: None };
    const SHA256: &str = "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";

    fn alert(kind: &str, mut evidence: Value) -> Alert {
        evidence["@odata.type"] = json!(format!("#microsoft.graph.security.{kind}"));
        let alert =
            json!({"serviceSource": "microsoftDefenderForIdentity", "evidence": [evidence]});
        serde_json::from_str(&alert.to_string()).unwrap()
    }

    #[track_caller]
    fn check(kind: Type, value: &str, alert: &Alert, expected: Row) {
        let observable = Observable::new(kind, value);
        assert_eq!(
            Wanted::of(0, &observable).unwrap().form.judge(alert, &ALL),
            expected,
            "{value}"
        );
    }

    #[test]
    fn addresses_are_compared_parsed() {
        let ip = alert("ipEvidence", json!({"ipAddress": "2001:DB8:0:0:0:0:0:BAD"}));
        check(Type::Ipv6, "2001:db8::bad", &ip, Row::Kept);
        check(Type::Ip, "2001:db8::BAD", &ip, Row::Kept);
        check(Type::Ip, "203.0.113.80", &ip, Row::Foreign);
        let connection = alert(
            "networkConnectionEvidence",
            json!({"sourceAddress": {"ipAddress": "10.20.4.17"}, "destinationAddress": {"ipAddress": "203.0.113.80"}}),
        );
        check(Type::Ip, "10.20.4.17", &connection, Row::Kept);
        check(Type::Ip, "203.0.113.80", &connection, Row::Kept);
        let device = alert("deviceEvidence", json!({"ipInterfaces": ["fe80::1", "10.20.4.17"]}));
        check(Type::Ip, "10.20.4.17", &device, Row::Kept);
        check(Type::Ip, "10.20.4.1", &device, Row::Foreign);
        let odd = alert("holographicEvidence", json!({"ipAddress": "203.0.113.80"}));
        check(Type::Ip, "203.0.113.80", &odd, Row::Foreign);
    }

    #[test]
    fn domains_are_hosts_of_urls_and_names_in_dns() {
        let url = |url: &str| alert("urlEvidence", json!({"url": url}));
        check(Type::Domain, "Bad.example", &url("https://BAD.example:8443/x"), Row::Kept);
        check(Type::Domain, "bad.example", &url("bad.example/x"), Row::Kept);
        check(Type::Domain, "bad.example", &url("https://www.bad.example/"), Row::Dropped);
        check(
            Type::Domain,
            "bad.example",
            &url("https://other.example/?u=bad.example"),
            Row::Dropped,
        );
        check(Type::Domain, "bad.example", &url("https://other.example/"), Row::Foreign);
        let dns = alert("dnsEvidence", json!({"domainName": "Bad.Example."}));
        check(Type::Domain, "bad.example", &dns, Row::Kept);
    }

    #[test]
    fn hostnames_are_names_of_devices() {
        let device = |host: Option<&str>, dns: Option<&str>| {
            alert("deviceEvidence", json!({"hostName": host, "deviceDnsName": dns}))
        };
        check(Type::Hostname, "WS-204", &device(Some("ws-204"), None), Row::Kept);
        check(Type::Hostname, "ws-204", &device(None, Some("ws-204.contoso.example")), Row::Kept);
        let whole = "ws-204.contoso.example";
        check(Type::Hostname, whole, &device(None, Some("WS-204.contoso.example")), Row::Kept);
        let part = "ws-204.contoso";
        check(Type::Hostname, part, &device(None, Some("ws-204.contoso.example")), Row::Dropped);
        check(Type::Hostname, "ws-2", &device(Some("other"), Some("other.example")), Row::Foreign);
        check(
            Type::Hostname,
            "ws-204",
            &alert("urlEvidence", json!({"url": "ws-204"})),
            Row::Foreign,
        );
    }

    #[test]
    fn case_means_something_in_the_path_of_a_url_only() {
        let url = alert("urlEvidence", json!({"url": "HTTPS://Bad.example/A?b=C"}));
        check(Type::Url, "https://bad.EXAMPLE/A?b=C", &url, Row::Kept);
        check(Type::Url, "https://bad.example/a?b=C", &url, Row::Dropped);
        check(Type::Url, "https://bad.example/A", &url, Row::Foreign);
    }

    #[test]
    fn files_are_those_of_files_and_of_processes() {
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
            check(kind, value, &file, Row::Kept);
            check(kind, value, &process, Row::Kept);
            check(kind, value, &parent, Row::Foreign);
        }
        check(Type::FilePath, r"C:\upd.exe", &file, Row::Foreign);
        check(Type::Sha1, &"ab".repeat(20), &file, Row::Foreign);
    }

    #[test]
    fn a_hash_alone_matches_by_its_algorithm() {
        let hash = |algorithm: &str| {
            alert("fileHashEvidence", json!({"algorithm": algorithm, "value": SHA256}))
        };
        check(Type::Sha256, SHA256, &hash("sha256"), Row::Kept);
        check(Type::Sha256, SHA256, &hash("sha256ac"), Row::Dropped);
    }

    #[test]
    fn alerts_of_other_services_are_foreign_where_one_is_wanted() {
        let ip = alert("ipEvidence", json!({"ipAddress": "203.0.113.80"}));
        let only = Reporter { only: Some(Service::DEFENDER_FOR_ENDPOINT), ..ALL };
        let observable = Observable::new(Type::Ip, "203.0.113.80");
        assert_eq!(Wanted::of(0, &observable).unwrap().form.judge(&ip, &only), Row::Foreign);
    }

    #[test]
    fn n09_missing_and_null_parts_match_nothing() {
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
            for (asked, value) in
                [(Type::Ip, "203.0.113.80"), (Type::Domain, "x"), (Type::Url, "x")]
            {
                check(asked, value, &alert(kind, json!({})), Row::Foreign);
            }
        }
    }
}
