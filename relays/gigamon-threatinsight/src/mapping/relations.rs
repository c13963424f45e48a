//! Relations between the observables of an event.
//! Specification: docs/relays/gigamon-threatinsight.md#relations.

use std::net::IpAddr;

use relay_core::{
    Observable,
    ObservableType::{Domain, Md5, Sha1, Sha256, Url, UserAgent},
    ctim::{
        RelationName::{
            self, ConnectedTo, DownloadedFrom, DownloadedTo, HostedOn, QueriedFor, RelatedTo,
            ResolvedTo, SanDnsFor, SentFrom, SentTo, UploadedFrom, UploadedTo,
        },
        Relations,
    },
    lenient::Text,
    url::split_scheme,
};

use super::SOURCE;
use crate::client::{Event, File, Host, query::SearchTerm};

/// Returns what happened between the observables of an event, in the order of the table.
pub(super) fn relations(term: &SearchTerm<'_>, event: &Event) -> Relations {
    let address = |ip: Option<String>| ip.and_then(Observable::address);
    let traffic = Traffic {
        source: address(event.source().ip.into_inner()),
        destination: address(event.destination().ip.into_inner()),
        relations: Relations::from_origin(SOURCE),
    };
    traffic.relations(term, event)
}

/// Both ends of the traffic, and the relations so far.
struct Traffic {
    source: Option<Observable>,
    destination: Option<Observable>,
    relations: Relations,
}

impl Traffic {
    fn relations(mut self, term: &SearchTerm<'_>, event: &Event) -> Relations {
        self.source_to(ConnectedTo, self.destination.clone());
        match event.event_type.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
            "dns" => self.add_query(event),
            "http" => self.add_request(event),
            "x509" => self.add_certificate(term, event),
            "ssl" => self.at_destination(domain(event.server_name.as_deref()), ResolvedTo),
            "pe" => self.add_program(event),
            "suricata" => self.add_alert(event),
            _ => {}
        }
        self.relations
    }

    fn source_to(&mut self, relation: RelationName, related: Option<Observable>) {
        self.relations.add(self.source.clone(), relation, related);
    }

    fn at_source(&mut self, observable: Option<Observable>, relation: RelationName) {
        self.relations.add(observable, relation, self.source.clone());
    }

    fn at_destination(&mut self, observable: Option<Observable>, relation: RelationName) {
        self.relations.add(observable, relation, self.destination.clone());
    }

    fn add_query(&mut self, event: &Event) {
        let name = domain(event.query.as_ref().and_then(|query| query.domain.as_deref()));
        self.source_to(QueriedFor, name.clone());
        for answer in &event.answers {
            let address = answer.ip.as_deref().and_then(Observable::address);
            self.relations.add(name.clone(), ResolvedTo, address);
        }
    }

    fn add_request(&mut self, event: &Event) {
        let agent = Observable::present(UserAgent, event.user_agent.as_deref());
        self.at_source(agent.clone(), SentFrom);
        self.at_destination(agent, SentTo);
        let host = event.host.as_ref().and_then(|host| host.domain.as_deref());
        self.at_destination(domain(host), ResolvedTo);
        let url = Observable::present(Url, request_url(event));
        self.source_to(ConnectedTo, url.clone());
        self.at_destination(url, HostedOn);
        self.add_files(event);
    }

    fn add_files(&mut self, event: &Event) {
        let Some(method) = event.method.as_deref() else { return };
        // GET brings files to the source, every other method takes them from there.
        let is_get = method.eq_ignore_ascii_case("GET");
        let (at_source, at_destination) =
            if is_get { (DownloadedTo, DownloadedFrom) } else { (UploadedFrom, UploadedTo) };
        let hashes: Vec<_> = event.files.iter().flatten().flat_map(hashes).collect();
        hashes.iter().for_each(|hash| self.at_source(Some(hash.clone()), at_source));
        hashes.into_iter().for_each(|hash| self.at_destination(Some(hash), at_destination));
    }

    /// Adds the relation of the requested domain only, not of every name in the certificate.
    fn add_certificate(&mut self, term: &SearchTerm<'_>, event: &Event) {
        let is_named = |names: &Vec<String>| names.iter().any(|name| covers(name, term));
        if term.observable.kind == Domain && event.san_dns.as_ref().is_none_or(is_named) {
            self.at_destination(Some(term.observable.clone()), SanDnsFor);
        }
    }

    fn add_program(&mut self, event: &Event) {
        // The direction of the transfer is not known.
        for hash in event.file.iter().flat_map(hashes) {
            self.at_source(Some(hash.clone()), RelatedTo);
            self.at_destination(Some(hash), RelatedTo);
        }
    }

    fn add_alert(&mut self, event: &Event) {
        let host = event.http.as_ref().and_then(|http| http.hostname.as_deref());
        self.at_destination(domain(host.and_then(name_in_host)), ResolvedTo);
    }
}

/// Returns the name in a `Host` header, without its port; `None` for an address.
fn name_in_host(host: &str) -> Option<&str> {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name =
        host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    (!name.contains(':') && name.parse::<IpAddr>().is_err()).then_some(name)
}

fn domain(name: Option<&str>) -> Option<Observable> {
    Observable::present(Domain, name)
}

fn hashes(file: &File) -> impl Iterator<Item = Observable> + use<> {
    let hash = |kind, value: &Text| Observable::present(kind, value.as_deref());
    [hash(Md5, &file.md5), hash(Sha1, &file.sha1), hash(Sha256, &file.sha256)].into_iter().flatten()
}

/// Returns whether a name of a certificate is the requested domain, or has a wildcard for its first
/// label.
fn covers(name: &str, term: &SearchTerm<'_>) -> bool {
    match (name.strip_prefix("*."), term.value().split_once('.')) {
        (Some(parent), Some((_, parent_of_term))) => {
            parent.trim_end_matches('.').eq_ignore_ascii_case(parent_of_term)
        }
        _ => term.matches(name),
    }
}

/// Returns the URL of an HTTP request; `None` if its host is not known.
/// Specification: docs/relays/gigamon-threatinsight.md#urls.
fn request_url(event: &Event) -> Option<String> {
    let uri = event.uri.as_ref()?.uri.as_deref()?.trim().replace(' ', "%20");
    let (scheme, rest) = match split_scheme(&uri) {
        Some((scheme, rest)) => (scheme, Some(rest)),
        None => ("http", uri.strip_prefix("//")),
    };
    let (host, path) = match rest {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", uri.as_str()),
    };
    let host = if host.is_empty() { host_of(event.host.as_ref()?)? } else { host.to_owned() };
    let separator = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    Some(format!("{scheme}://{host}{separator}{path}"))
}

fn host_of(host: &Host) -> Option<String> {
    let bracketed = |ip: &String| if ip.contains(':') { format!("[{ip}]") } else { ip.clone() };
    host.domain.clone().into_inner().or_else(|| host.ip.as_ref().map(bracketed))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(observable: Observable, event: Value, expected: &[(&str, &str, &str)]) {
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        let relations = relations(&SearchTerm::of(&observable).unwrap(), &event);
        let relations = serde_json::to_value(relations).unwrap();
        let word = |relation: &Value, path: &str| {
            relation.pointer(path).and_then(Value::as_str).unwrap().to_owned()
        };
        let words = |relation: &Value| {
            ["/source/value", "/relation", "/related/value"].map(|path| word(relation, path))
        };
        let found: Vec<_> = relations.as_array().unwrap().iter().map(words).collect();
        let expected: Vec<_> = expected.iter().map(|(a, b, c)| [*a, *b, *c]).collect();
        assert_eq!(found, expected, "{relations}");
    }

    fn address() -> Observable {
        Observable::new(relay_core::ObservableType::Ip, "203.0.113.77")
    }

    const UP: (&str, &str, &str) = ("10.20.30.47", "Connected_To", "203.0.113.77");

    fn event(kind: &str, more: Value) -> Value {
        let mut event = json!({
            "event_type": kind, "src": {"ip": "10.20.30.47"}, "dst": {"ip": "203.0.113.77"},
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    }

    #[test]
    fn both_ends_are_needed_and_differ() {
        check(address(), event("flow", json!({})), &[UP]);
        check(address(), event("flow", json!({"dst": null})), &[]);
        check(address(), event("flow", json!({"dst": {"ip": "10.20.30.47"}})), &[]);
        check(address(), json!({"event_type": null}), &[]);
    }

    #[test]
    fn dns_queries_and_answers() {
        let more = json!({"query": {"domain": "c2.bad.example"},
            "answers": [{"ip": "203.0.113.77"}, {"domain": "x"}, {"ip": "203.0.113.77"}]});
        check(
            address(),
            event("DNS", more),
            &[
                UP,
                ("10.20.30.47", "Queried_For", "c2.bad.example"),
                ("c2.bad.example", "Resolved_To", "203.0.113.77"),
            ],
        );
    }

    const MD5: &str = "5d41c2b3a4958677f0e1d2c3b4a59687";
    const SHA1: &str = "36b3a1d0e5f4c2b7a8d9e0f1a2b3c4d5e6f7a8b9";
    const SHA256: &str = "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6";

    #[test]
    fn http_files_go_where_the_method_says() {
        let files = json!([{"md5": MD5, "sha1": SHA1}, {"sha256": SHA256, "md5": "no hash"}]);
        let with = |method: Value| event("http", json!({"method": method, "files": files}));
        let down = [
            UP,
            (MD5, "Downloaded_To", "10.20.30.47"),
            (SHA1, "Downloaded_To", "10.20.30.47"),
            (SHA256, "Downloaded_To", "10.20.30.47"),
            (MD5, "Downloaded_From", "203.0.113.77"),
            (SHA1, "Downloaded_From", "203.0.113.77"),
            (SHA256, "Downloaded_From", "203.0.113.77"),
        ];
        let up = [
            UP,
            (MD5, "Uploaded_From", "10.20.30.47"),
            (SHA1, "Uploaded_From", "10.20.30.47"),
            (SHA256, "Uploaded_From", "10.20.30.47"),
            (MD5, "Uploaded_To", "203.0.113.77"),
            (SHA1, "Uploaded_To", "203.0.113.77"),
            (SHA256, "Uploaded_To", "203.0.113.77"),
        ];
        check(address(), with(json!("get")), &down);
        check(address(), with(json!("PUT")), &up);
        check(address(), with(json!(null)), &[UP]);
    }

    #[test]
    fn a_certificate_names_the_requested_domain() {
        let check = |domain: &str, names: Value, expected: bool| {
            let domain = Observable::new(Domain, domain);
            let relation = (domain.value.clone(), "SAN_DNS_For", "203.0.113.77");
            let all = [UP, (relation.0.as_str(), relation.1, relation.2)];
            check(domain, event("x509", json!({"san_dns": names})), &all[..=usize::from(expected)]);
        };
        check("WWW.Bad.example", json!(null), true);
        check("www.bad.example", json!(["x.example", "WWW.bad.example"]), true);
        check("www.bad.example", json!(["*.Bad.example"]), true);
        check("a.www.bad.example", json!(["*.bad.example"]), false);
        check("bad.example", json!(["*.bad.example"]), false);
        check("www.bad.example", json!([]), false);
        super::tests::check(address(), event("x509", json!({"san_dns": null})), &[UP]);
    }

    #[test]
    fn names_in_events_of_other_types() {
        let name = ("c2.bad.example", "Resolved_To", "203.0.113.77");
        let ssl = json!({"server_name_indication": {"domain": "c2.bad.example"}});
        check(address(), event("ssl", ssl), &[UP, name]);
        let alert = json!({"http": {"hostname": "c2.bad.example"}});
        check(address(), event("suricata", alert), &[UP, name]);
        for host in ["203.0.113.77", "203.0.113.77:8080", "[2001:db8::77]:80", "2001:db8::77"] {
            let alert = json!({"http": {"hostname": host}});
            check(address(), event("suricata", alert), &[UP]);
        }
        let program = json!({"file": {"md5": MD5, "sha1": "no hash", "sha256": SHA256}});
        check(
            address(),
            event("pe", program),
            &[
                UP,
                (MD5, "Related_To", "10.20.30.47"),
                (MD5, "Related_To", "203.0.113.77"),
                (SHA256, "Related_To", "10.20.30.47"),
                (SHA256, "Related_To", "203.0.113.77"),
            ],
        );
    }

    #[test]
    fn flat_alerts_have_the_relations_of_nested_ones() {
        let alert = json!({
            "event_type": "suricata", "src_ip": "10.20.30.47", "dest_ip": "203.0.113.77",
            "http": {"hostname": "c2.bad.example:8080", "url": "/drop.php"},
        });
        check(address(), alert, &[UP, ("c2.bad.example", "Resolved_To", "203.0.113.77")]);
    }

    fn check_url(uri: &str, host: &str, expected: Option<&str>) {
        let json = format!(r#"{{"uri":{{"uri":"{uri}"}},"host":{host}}}"#);
        let event: Event = serde_json::from_str(&json).unwrap();
        assert_eq!(request_url(&event).as_deref(), expected, "{uri} {host}");
    }

    #[test]
    fn missing_parts_of_a_url_are_filled_in_or_there_is_no_url() {
        let name = r#"{"domain":"bad.example","ip":"198.51.100.23"}"#;
        check_url("/drop.php", name, Some("http://bad.example/drop.php"));
        check_url("plain path.txt", name, Some("http://bad.example/plain%20path.txt"));
        check_url("?x=1", name, Some("http://bad.example/?x=1"));
        check_url("/a://b", name, Some("http://bad.example/a://b"));
        check_url("/x", r#"{"ip":"198.51.100.23"}"#, Some("http://198.51.100.23/x"));
        check_url("/x", r#"{"ip":"2001:db8::77"}"#, Some("http://[2001:db8::77]/x"));
        check_url("/x", "null", None);
        check_url("/x", r#"{"domain":null,"ip":""}"#, None);
        check_url("", name, None);
        check_url("http:///x", "null", None);
        check_url("http:///x", name, Some("http://bad.example/x"));
    }

    #[test]
    fn absolute_urls_stay_as_they_are() {
        let other = r#"{"domain":"other.example"}"#;
        check_url(
            "https://bad.example:8080/a%20b?x=1",
            other,
            Some("https://bad.example:8080/a%20b?x=1"),
        );
        check_url("//bad.example/x", other, Some("http://bad.example/x"));
        check_url("http://bad.example", "null", Some("http://bad.example"));
        check_url("http://bad.example?x", "null", Some("http://bad.example/?x"));
    }
}
