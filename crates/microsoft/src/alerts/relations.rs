//! Relations between the observables of an alert's evidence.
//!
//! Source: docs/relays/graph-security.md#relations.

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{RelationName, Relations},
    lenient::{Object, Text},
};

use super::{
    evidence::{Address, Connection, Dns, Evidence, EvidenceDetails, File, Message, Process},
    search_term::SearchTerm,
    types::Alert,
};
use crate::{
    defender::{add_file_names, observables::url_or_host},
    spelling::SpelledAddress,
};

/// Returns what the evidence says of its own parts, and what stands beside the asked observable in
/// the alert.
pub(super) fn relations(alert: &Alert, asked: &SearchTerm<'_>, origin: &str) -> Relations {
    let mut relations = Relations::from_origin(origin);
    for evidence in &alert.evidence {
        for file in evidence.files() {
            add_file(&mut relations, file);
        }
        match &evidence.details {
            EvidenceDetails::Process(process) => add_parent(&mut relations, process),
            EvidenceDetails::Connection(connection) => add_connection(&mut relations, connection),
            EvidenceDetails::Dns(dns) => add_resolution(&mut relations, dns),
            EvidenceDetails::Message(message) => add_message(&mut relations, message),
            _ => {}
        }
    }
    for other in alert.evidence.iter().filter_map(alone) {
        // Only the kinds of addresses are written differently for one value.
        let is_asked = match other.kind {
            // An address is in its normal form already.
            Type::Ip | Type::Ipv6 => other.value == asked.normal_form,
            _ => other.normal_form().as_ref() == Some(&asked.normal_form),
        };
        if !is_asked {
            relations.add(Some(asked.observable.clone()), RelationName::RelatedTo, Some(other));
        }
    }
    relations
}

/// Returns the address or URL that is the whole evidence: the API does not say what it belongs to.
fn alone(evidence: &Evidence) -> Option<Observable> {
    match &evidence.details {
        EvidenceDetails::Ip(address) => ip(address),
        EvidenceDetails::Url(url) => url_or_host(url.as_deref()),
        _ => None,
    }
}

fn add_file(relations: &mut Relations, file: &File) {
    let hashes: Vec<_> = hashes(file).collect();
    add_file_names(relations, file.folder.as_deref(), file.name.as_deref(), &hashes);
}

fn hashes(file: &File) -> impl Iterator<Item = Observable> {
    let hashes = [
        hash(Type::Sha256, &file.sha256),
        hash(Type::Sha1, &file.sha1),
        hash(Type::Md5, &file.md5),
    ];
    hashes.into_iter().flatten()
}

/// Returns the hash in lower case, so that one file is one observable.
fn hash(kind: Type, value: &Text) -> Option<Observable> {
    Observable::present(kind, value.as_deref().map(str::to_lowercase))
}

fn add_parent(relations: &mut Relations, process: &Process) {
    let name = |file: &Object<File>| identity_of(file.as_ref()?);
    relations.add(name(&process.parent), RelationName::ParentOf, name(&process.image));
}

/// Returns the observable that identifies a file: the first it has of SHA-256, SHA-1 and name.
fn identity_of(file: &File) -> Option<Observable> {
    hash(Type::Sha256, &file.sha256)
        .or_else(|| hash(Type::Sha1, &file.sha1))
        .or_else(|| Observable::present(Type::FileName, file.name.as_deref()))
}

fn add_connection(relations: &mut Relations, connection: &Connection) {
    let (source, destination) = (end(&connection.source), end(&connection.destination));
    relations.add(source, RelationName::ConnectedTo, destination);
}

fn add_resolution(relations: &mut Relations, dns: &Dns) {
    let domain = Observable::present(Type::Domain, dns.domain.as_deref());
    for address in &dns.addresses {
        relations.add(domain.clone(), RelationName::ResolvedTo, ip(address));
    }
    let host = end(&dns.host);
    relations.add(host.clone(), RelationName::QueriedFor, domain);
    relations.add(host, RelationName::ConnectedTo, end(&dns.server));
}

/// Who sent a message from where to whom, and the URLs in it.
fn add_message(relations: &mut Relations, message: &Message) {
    let server = message.sender_ip.and_then(|SpelledAddress(ip)| Observable::of_ip(ip));
    let senders: Vec<_> = message.senders.iter().filter_map(|it| email(it)).collect();
    for sender in &senders {
        relations.add(Some(sender.clone()), RelationName::SentFrom, server.clone());
        for recipient in &message.recipients {
            relations.add(Some(sender.clone()), RelationName::SentTo, email(recipient));
        }
    }
    for url in &message.urls {
        let sender = senders.first().or(server.as_ref());
        relations.add(url_or_host(Some(url)), RelationName::SentFrom, sender.cloned());
    }
}

fn email(text: &str) -> Option<Observable> {
    text.contains('@').then(|| Observable::present(Type::Email, Some(text)))?
}

fn end(address: &Object<Address>) -> Option<Observable> {
    ip(address.as_ref()?)
}

fn ip(found: &Address) -> Option<Observable> {
    Observable::of_ip(found.ip()?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The relations of an alert about `bad.example` with this evidence.
    fn of_evidence(evidence: &[(&str, Value)]) -> Vec<String> {
        let evidence = evidence.iter().map(|(kind, members)| {
            let mut members = members.clone();
            members["@odata.type"] = json!(format!("#microsoft.graph.security.{kind}"));
            members
        });
        let alert = json!({"evidence": evidence.collect::<Vec<_>>()}).to_string();
        let alert: Alert = serde_json::from_str(&alert).unwrap();
        let asked = Observable::new(Type::Domain, "Bad.example");
        let asked = SearchTerm::new(0, &asked).unwrap();
        let relations = serde_json::to_value(relations(&alert, &asked, "Product")).unwrap();
        let value = |end: &Value| end["value"].as_str().unwrap().to_owned();
        let text = |it: &Value| {
            format!(
                "{} {} {}",
                value(&it["source"]),
                it["relation"].as_str().unwrap(),
                value(&it["related"])
            )
        };
        relations.as_array().unwrap().iter().map(text).collect()
    }

    #[test]
    fn what_stands_alone_is_related_to_what_was_asked() {
        let relations = of_evidence(&[
            ("ipEvidence", json!({"ipAddress": "::ffff:203.0.113.80"})),
            ("urlEvidence", json!({"url": "https://bad.example/x"})),
            ("urlEvidence", json!({"url": "bad.example"})),
            ("urlEvidence", json!({"url": null})),
        ]);
        assert_eq!(
            relations,
            ["Bad.example Related_To 203.0.113.80", "Bad.example Related_To https://bad.example/x",]
        );
    }

    #[test]
    fn a_message_leads_from_sender_to_recipient() {
        let mail = json!({
            "p1Sender": {"emailAddress": "bounce@mail.sender.example"},
            "p2Sender": {"emailAddress": "pay@sender.example"},
            "senderIp": "198.51.100.25",
            "recipientEmailAddress": "mara@contoso.example",
            "urls": ["https://login.sender.example/a"],
        });
        assert_eq!(
            of_evidence(&[("analyzedMessageEvidence", mail)]),
            [
                "pay@sender.example Sent_From 198.51.100.25",
                "pay@sender.example Sent_To mara@contoso.example",
                "bounce@mail.sender.example Sent_From 198.51.100.25",
                "bounce@mail.sender.example Sent_To mara@contoso.example",
                "https://login.sender.example/a Sent_From pay@sender.example",
            ]
        );
        let message =
            json!({"senderIP": "198.51.100.25", "urls": [{"url": "https://bad.example/a"}]});
        assert_eq!(
            of_evidence(&[("teamsMessageEvidence", message)]),
            ["https://bad.example/a Sent_From 198.51.100.25"]
        );
    }

    #[test]
    fn a_query_leads_from_the_host_to_name_and_server() {
        let dns = json!({
            "domainName": "bad.example",
            "ipAddresses": [{"ipAddress": "203.0.113.80"}],
            "hostIpAddress": {"ipAddress": "10.20.4.17"},
            "dnsServerIp": {"ipAddress": "10.0.0.53"},
        });
        assert_eq!(
            of_evidence(&[("dnsEvidence", dns)]),
            [
                "bad.example Resolved_To 203.0.113.80",
                "10.20.4.17 Queried_For bad.example",
                "10.20.4.17 Connected_To 10.0.0.53",
            ]
        );
    }

    #[test]
    fn parents_and_malware_have_files_too() {
        let parent =
            json!({"fileName": "winword.exe", "sha1": "36B3216FDAEEB975729FAE923D5A4FD12AABFE22"});
        let process =
            json!({"imageFile": {"fileName": "cmd.exe"}, "parentProcessImageFile": parent});
        let sha1 = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";
        assert_eq!(
            of_evidence(&[("processEvidence", process.clone())]),
            [format!("winword.exe File_Name_Of {sha1}"), format!("{sha1} Parent_Of cmd.exe")]
        );
        let malware = json!({"files": [{"fileDetails": parent}], "processes": [process]});
        assert_eq!(
            of_evidence(&[("malwareEvidence", malware)]),
            [format!("winword.exe File_Name_Of {sha1}")]
        );
    }
}
