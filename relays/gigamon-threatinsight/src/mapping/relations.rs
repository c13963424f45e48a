//! Relations between the observables of an event.
//! Specification: docs/relays/gigamon-threatinsight.md#relations.

mod files;
mod request_url;

use std::net::IpAddr;

use relay_core::{
    Observable,
    ObservableType::{Domain, Url, UserAgent},
    ctim::{
        RelationName::{
            self, ConnectedTo, HostedOn, QueriedFor, ResolvedTo, SanDnsFor, SentFrom, SentTo,
        },
        Relations,
    },
};

use self::{
    files::{Direction, direction_of_action, direction_of_command},
    request_url::request_url,
};
use super::SOURCE;
use crate::client::{Event, query::SearchTerm};

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
            "suricata" => self.add_alert(event),
            "ftp" => self.add_files(direction_of_command(event), event),
            "smb_file" => self.add_files(direction_of_action(event), event),
            // The client of a mail server sends the message.
            "smtp" => self.add_files(Direction::FromSource, event),
            _ => self.add_files(Direction::Unknown, event),
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
        self.add_requested_files(event);
    }

    /// Adds the relation of the requested domain only, not of every name in the certificate.
    fn add_certificate(&mut self, term: &SearchTerm<'_>, event: &Event) {
        let is_named = |names: &Vec<String>| names.iter().any(|name| covers(name, term));
        if term.observable.kind == Domain && event.san_dns.as_ref().is_none_or(is_named) {
            self.at_destination(Some(term.observable.clone()), SanDnsFor);
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

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(super) fn check(observable: Observable, event: Value, expected: &[(&str, &str, &str)]) {
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

    pub(super) fn address() -> Observable {
        Observable::new(relay_core::ObservableType::Ip, "203.0.113.77")
    }

    pub(super) const UP: (&str, &str, &str) = ("10.20.30.47", "Connected_To", "203.0.113.77");

    pub(super) fn event(kind: &str, more: Value) -> Value {
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
    }

    #[test]
    fn flat_alerts_have_the_relations_of_nested_ones() {
        let alert = json!({
            "event_type": "suricata", "src_ip": "10.20.30.47", "dest_ip": "203.0.113.77",
            "http": {"hostname": "c2.bad.example:8080", "url": "/drop.php"},
        });
        check(address(), alert, &[UP, ("c2.bad.example", "Resolved_To", "203.0.113.77")]);
    }
}
