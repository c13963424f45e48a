//! The OData filter that finds the alerts about one observable.
//!
//! Source: docs/relays/graph-security.md#filtered-lists.

use super::{
    SearchOptions,
    search_term::{NormalizedValue, SearchTerm, folder_and_name},
};
use crate::{odata::Filter, spelling::distinct};

/// How much evidence a filter looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// All that may hold the value.
    Whole,
    /// The evidence that Microsoft's own samples filter by: a service that refuses long filters or
    /// newer types may take it.
    Core,
}

impl SearchTerm<'_> {
    /// Returns the whole filter: the evidence, and the service if only one is searched.
    pub(super) fn filter(&self, options: &SearchOptions<'_>, breadth: Breadth) -> Filter {
        let spellings = self.filtered_spellings();
        let terms = spellings.iter().flat_map(|value| self.value.terms(value, breadth));
        let evidence = Filter::any_element("evidence", "e", &Filter::any_of(terms));
        let service =
            options.service.map(|service| Filter::equals("serviceSource", service.in_alerts));
        Filter::all_of([evidence].into_iter().chain(service))
    }

    /// Returns the value's spellings and, where it differs, the caller's: whether `eq` regards case
    /// is up to the service. Hashes are always in lower case.
    fn filtered_spellings(&self) -> Vec<String> {
        let is_hash = matches!(self.value, NormalizedValue::Hash(..));
        let given = Some(self.observable.value.clone()).filter(|_| !is_hash);
        distinct(self.value.spellings().into_iter().chain(given))
    }
}

impl NormalizedValue {
    /// Returns a filter for each property that may hold the value.
    fn terms(&self, value: &str, breadth: Breadth) -> Vec<Filter> {
        let (mut terms, further) = self.core_and_further_terms(value);
        if breadth == Breadth::Whole {
            terms.extend(further);
        }
        terms
    }

    fn core_and_further_terms(&self, value: &str) -> (Vec<Filter>, Vec<Filter>) {
        match self {
            Self::Address(_) => address(value),
            Self::Domain(_) => domain(value),
            Self::Hostname(_) => hostname(value),
            Self::Email(_) => email(value),
            Self::Url(_) => {
                let in_messages = [
                    any_equals("analyzedMessageEvidence/urls", "", value),
                    any_equals("teamsMessageEvidence/urls", "/url", value),
                ];
                (vec![equals("urlEvidence/url", value)], in_messages.into())
            }
            Self::FileName(_) => file(|file| vec![equals(&format!("{file}/fileName"), value)]),
            Self::FilePath(_) => file(|file| file_path(file, value)),
            Self::Hash(hash_type, _) => {
                let hash = |file: &str| equals(&format!("{file}/{}", hash_type.as_str()), value);
                let (mut core, further) = file(|file| vec![hash(file)]);
                // The algorithm need not be named: the length of a hash says which it is.
                core.push(equals("fileHashEvidence/value", value));
                (core, further)
            }
        }
    }
}

/// A property of one type of evidence, of the element `e`.
fn of_evidence(path: &str) -> String {
    format!("e/microsoft.graph.security.{path}")
}

fn equals(path: &str, value: &str) -> Filter {
    Filter::equals(&of_evidence(path), value)
}

/// One element of a collection equals the value, by this member of it or by itself.
fn any_equals(collection: &str, member: &str, value: &str) -> Filter {
    let is_it = Filter::equals(&format!("i{member}"), value);
    Filter::any_element(&of_evidence(collection), "i", &is_it)
}

fn address(ip: &str) -> (Vec<Filter>, Vec<Filter>) {
    let core = [
        "ipEvidence/ipAddress",
        "networkConnectionEvidence/sourceAddress/ipAddress",
        "networkConnectionEvidence/destinationAddress/ipAddress",
    ];
    let core = core.map(|property| equals(property, ip)).into_iter();
    let further = [
        "deviceEvidence/lastIpAddress",
        "deviceEvidence/lastExternalIpAddress",
        "ioTDeviceEvidence/ipAddress/ipAddress",
        "analyzedMessageEvidence/senderIp",
        "submissionMailEvidence/senderIp",
        "teamsMessageEvidence/senderIP",
        "dnsEvidence/hostIpAddress/ipAddress",
        "dnsEvidence/dnsServerIp/ipAddress",
    ];
    let further = further.map(|property| equals(property, ip)).into_iter();
    let in_collections = [
        any_equals("ioTDeviceEvidence/nics", "/ipAddress/ipAddress", ip),
        any_equals("dnsEvidence/ipAddresses", "/ipAddress", ip),
    ];
    let interfaces = any_equals("deviceEvidence/ipInterfaces", "", ip);
    (core.chain([interfaces]).collect(), further.chain(in_collections).collect())
}

fn domain(name: &str) -> (Vec<Filter>, Vec<Filter>) {
    let mut core: Vec<_> = is_host(&of_evidence("urlEvidence/url"), name).into();
    core.push(equals("dnsEvidence/domainName", name));
    let any_url = |collection: &str, member: &str| {
        let is_host = Filter::any_of(is_host(&format!("i{member}"), name));
        Filter::any_element(&of_evidence(collection), "i", &is_host)
    };
    let further = vec![
        equals("analyzedMessageEvidence/p1Sender/domainName", name),
        equals("analyzedMessageEvidence/p2Sender/domainName", name),
        any_url("analyzedMessageEvidence/urls", ""),
        any_url("teamsMessageEvidence/urls", "/url"),
    ];
    (core, further)
}

/// The places where the host of a URL begins: behind the scheme, behind user information, and at the
/// start of a URL without scheme. What follows the name is looked at in the records.
fn is_host(url: &str, name: &str) -> [Filter; 3] {
    [
        Filter::contains(url, &format!("//{name}")),
        Filter::contains(url, &format!("@{name}")),
        Filter::starts_with(url, name),
    ]
}

fn hostname(name: &str) -> (Vec<Filter>, Vec<Filter>) {
    let dns_name = "deviceEvidence/deviceDnsName";
    let core = vec![
        equals(dns_name, name),
        Filter::starts_with(&of_evidence(dns_name), &format!("{name}.")),
        equals("deviceEvidence/hostName", name),
    ];
    (core, vec![equals("ioTDeviceEvidence/deviceName", name)])
}

fn email(address: &str) -> (Vec<Filter>, Vec<Filter>) {
    let core = [
        "analyzedMessageEvidence/p2Sender/emailAddress",
        "analyzedMessageEvidence/recipientEmailAddress",
        "mailboxEvidence/primaryAddress",
        "userEvidence/userAccount/userPrincipalName",
    ];
    let further = [
        "analyzedMessageEvidence/p1Sender/emailAddress",
        "submissionMailEvidence/sender",
        "submissionMailEvidence/recipient",
        "teamsMessageEvidence/senderFromAddress",
        "mailboxEvidence/upn",
    ];
    let all = |properties: &[&str]| -> Vec<Filter> {
        properties.iter().map(|property| equals(property, address)).collect()
    };
    let mut further = all(&further);
    further.push(any_equals("teamsMessageEvidence/recipients", "", address));
    (all(&core), further)
}

/// The filters for each property that holds a file.
fn file(terms: impl Fn(&str) -> Vec<Filter>) -> (Vec<Filter>, Vec<Filter>) {
    let own = [terms("fileEvidence/fileDetails"), terms("processEvidence/imageFile")];
    (own.concat(), terms("processEvidence/parentProcessImageFile"))
}

/// The path alone, and folder and name. Microsoft stores folders with and without the separator at
/// their end.
fn file_path(file: &str, path: &str) -> Vec<Filter> {
    let is_folder = |folder: &str| equals(&format!("{file}/filePath"), folder);
    let mut terms = vec![is_folder(path)];
    if let Some((folder, name)) = folder_and_name(path) {
        let is_name = equals(&format!("{file}/fileName"), name);
        let without_separator = &folder[..folder.len() - 1];
        let is_in_folder = Filter::any_of([is_folder(without_separator), is_folder(folder)]);
        terms.push(Filter::all_of([is_in_folder, is_name]));
    }
    terms
}

#[cfg(test)]
mod tests;
