//! Relations: what happened between the observables of one event. Source: spec §4.4.

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
};

use super::url::asked_for;
use crate::{
    client::{Event, File},
    iql::Wanted,
};

/// The relations of an event, in the order in which things happened.
pub(super) fn relations(wanted: &Wanted<'_>, event: &Event, origin: &'static str) -> Relations {
    let ends = Ends {
        source: event.source().ip.and_then(Observable::address),
        destination: event.destination().ip.and_then(Observable::address),
        relations: Relations::from_origin(origin),
    };
    ends.of(wanted, event)
}

/// Both ends of the traffic, and what is known to have happened between them.
struct Ends {
    source: Option<Observable>,
    destination: Option<Observable>,
    relations: Relations,
}

impl Ends {
    fn of(mut self, wanted: &Wanted<'_>, event: &Event) -> Relations {
        self.source_to(ConnectedTo, self.destination.clone());
        match event.event_type.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
            "dns" => self.add_query(event),
            "http" => self.add_request(event),
            "x509" => self.add_certificate(wanted, event),
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
            let address = answer.ip.clone().and_then(Observable::address);
            self.relations.add(name.clone(), ResolvedTo, address);
        }
    }

    fn add_request(&mut self, event: &Event) {
        let agent = Observable::present(UserAgent, event.user_agent.as_deref());
        self.at_source(agent.clone(), SentFrom);
        self.at_destination(agent, SentTo);
        let host = event.host.as_ref().and_then(|host| host.domain.as_deref());
        self.at_destination(domain(host), ResolvedTo);
        let url = Observable::present(Url, asked_for(event));
        self.source_to(ConnectedTo, url.clone());
        self.at_destination(url, HostedOn);
        self.add_files(event);
    }

    /// A request that gets brings its files to where it came from; any other takes them away.
    fn add_files(&mut self, event: &Event) {
        let Some(method) = &event.method else { return };
        let is_get = method.eq_ignore_ascii_case("GET");
        let (at_source, at_destination) =
            if is_get { (DownloadedTo, DownloadedFrom) } else { (UploadedFrom, UploadedTo) };
        let hashes: Vec<_> = event.files.iter().flatten().flat_map(hashes).collect();
        hashes.iter().for_each(|hash| self.at_source(Some(hash.clone()), at_source));
        hashes.into_iter().for_each(|hash| self.at_destination(Some(hash), at_destination));
    }

    /// Of the names of a certificate only the one that was asked is of interest.
    fn add_certificate(&mut self, wanted: &Wanted<'_>, event: &Event) {
        let is_named = |names: &Vec<String>| names.iter().any(|name| stands_for(name, wanted));
        if wanted.asked.kind == Domain && event.san_dns.as_ref().is_none_or(is_named) {
            self.at_destination(Some(wanted.asked.clone()), SanDnsFor);
        }
    }

    /// Which way the program went is not known.
    fn add_program(&mut self, event: &Event) {
        for hash in event.file.iter().flat_map(hashes) {
            self.at_source(Some(hash.clone()), RelatedTo);
            self.at_destination(Some(hash), RelatedTo);
        }
    }

    fn add_alert(&mut self, event: &Event) {
        let host = event.http.as_ref().and_then(|http| http.hostname.as_deref());
        self.at_destination(domain(host), ResolvedTo);
    }
}

fn domain(name: Option<&str>) -> Option<Observable> {
    Observable::present(Domain, name)
}

fn hashes(file: &File) -> impl Iterator<Item = Observable> + use<> {
    let hash = |kind, value: &Option<String>| Observable::present(kind, value.as_deref());
    [hash(Md5, &file.md5), hash(Sha1, &file.sha1), hash(Sha256, &file.sha256)].into_iter().flatten()
}

/// Whether a certificate's name is the one that was asked, or has a wildcard for its first label.
fn stands_for(name: &str, wanted: &Wanted<'_>) -> bool {
    match (name.strip_prefix("*."), wanted.value().split_once('.')) {
        (Some(parent), Some((_, asked_parent))) => {
            parent.trim_end_matches('.').eq_ignore_ascii_case(asked_parent)
        }
        _ => wanted.is(name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(asked: Observable, event: Value, expected: &[(&str, &str, &str)]) {
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        let relations = relations(&Wanted::of(&asked).unwrap(), &event, "origin");
        let relations = serde_json::to_value(relations).unwrap();
        let word = |relation: &Value, place: &str| {
            relation.pointer(place).and_then(Value::as_str).unwrap().to_owned()
        };
        let words = |relation: &Value| {
            ["/source/value", "/relation", "/related/value"].map(|place| word(relation, place))
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
    fn ends_are_both_needed_and_differ() {
        check(address(), event("flow", json!({})), &[UP]);
        check(address(), event("flow", json!({"dst": null})), &[]);
        check(address(), event("flow", json!({"dst": {"ip": "10.20.30.47"}})), &[]);
        check(address(), json!({"event_type": null}), &[]);
    }

    #[test]
    fn dns() {
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
    fn no17_a_certificate_is_for_its_own_names() {
        let check = |asked: &str, names: Value, expected: bool| {
            let asked = Observable::new(Domain, asked);
            let relation = (asked.value.clone(), "SAN_DNS_For", "203.0.113.77");
            let all = [UP, (relation.0.as_str(), relation.1, relation.2)];
            check(asked, event("x509", json!({"san_dns": names})), &all[..=usize::from(expected)]);
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
    fn names_of_other_types() {
        let name = ("c2.bad.example", "Resolved_To", "203.0.113.77");
        let ssl = json!({"server_name_indication": {"domain": "c2.bad.example"}});
        check(address(), event("ssl", ssl), &[UP, name]);
        let alert = json!({"http": {"hostname": "c2.bad.example"}});
        check(address(), event("suricata", alert), &[UP, name]);
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
}
