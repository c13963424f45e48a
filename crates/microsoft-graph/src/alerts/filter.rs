//! The OData predicate that finds the alerts about one observable.
//!
//! Source: spec §5.6 with its clarification: the predicates reach what spec §3 promises.

use super::{
    Reporter,
    form::{Form, folder_and_name},
};
use crate::odata::literal;

impl Form {
    /// The whole filter: the evidence, and the service if only one is wanted.
    pub(super) fn filter(&self, reporter: &Reporter<'_>) -> String {
        let evidence = format!("evidence/any(e: {})", self.terms().join(" or "));
        match reporter.only {
            None => evidence,
            Some(service) => {
                format!("{evidence} and serviceSource eq {}", literal(service.in_alerts))
            }
        }
    }

    /// The places where it may stand; one is enough.
    fn terms(&self) -> Vec<String> {
        match self {
            Self::Address(ip) => address(&literal(&ip.to_string())),
            Self::Domain(name) => {
                let name = literal(name);
                vec![
                    format!("contains({}, {name})", of("urlEvidence/url")),
                    equal("dnsEvidence/domainName", &name),
                ]
            }
            Self::Hostname(name) => vec![
                equal("deviceEvidence/deviceDnsName", &literal(name)),
                format!(
                    "startswith({}, {})",
                    of("deviceEvidence/deviceDnsName"),
                    literal(&format!("{name}."))
                ),
                equal("deviceEvidence/hostName", &literal(name)),
            ],
            Self::Url(url) => vec![equal("urlEvidence/url", &literal(url))],
            Self::FileName(name) => {
                FILES.map(|file| equal(&format!("{file}/fileName"), &literal(name))).into()
            }
            Self::FilePath(path) => FILES.iter().flat_map(|file| file_path(file, path)).collect(),
            Self::Hash(kind, hash) => {
                let hash = literal(hash);
                let mut terms =
                    FILES.map(|file| equal(&format!("{file}/{}", kind.name()), &hash)).to_vec();
                // The length of a hash says which kind it is.
                terms.push(equal("fileHashEvidence/value", &hash));
                terms
            }
        }
    }
}

/// Where evidence has a file.
const FILES: [&str; 2] = ["fileEvidence/fileDetails", "processEvidence/imageFile"];

/// A property of one type of evidence, of the element `e`.
fn of(path: &str) -> String {
    format!("e/microsoft.graph.security.{path}")
}

fn equal(path: &str, literal: &str) -> String {
    format!("{} eq {literal}", of(path))
}

fn address(ip: &str) -> Vec<String> {
    vec![
        equal("ipEvidence/ipAddress", ip),
        equal("networkConnectionEvidence/sourceAddress/ipAddress", ip),
        equal("networkConnectionEvidence/destinationAddress/ipAddress", ip),
        format!("{}/any(i: i eq {ip})", of("deviceEvidence/ipInterfaces")),
    ]
}

/// The folder is stored with and without the separator at its end.
fn file_path(file: &str, path: &str) -> Vec<String> {
    let lies_in = |folder: &str| equal(&format!("{file}/filePath"), &literal(folder));
    let mut terms = vec![lies_in(path)];
    if let Some((folder, name)) = folder_and_name(path) {
        let name = equal(&format!("{file}/fileName"), &literal(name));
        let bare = &folder[..folder.len() - 1];
        terms.push(format!("(({} or {}) and {name})", lies_in(bare), lies_in(folder)));
    }
    terms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relay_core::{Namespace, Observable, ObservableType as Type};

    use super::*;
    use crate::{Service, alerts::form::Wanted, hostile};

    fn reporter(only: Option<Service>) -> Reporter<'static> {
        Reporter { source: "Product", namespace: Namespace::of("product"), only }
    }

    fn filter(kind: Type, value: &str) -> String {
        let observable = Observable::new(kind, value);
        Wanted::of(0, &observable).unwrap().form.filter(&reporter(None))
    }

    #[test]
    fn every_type_is_looked_for_wherever_evidence_may_hold_it() {
        let check = |kind: Type, value: &str, terms: &str| {
            let expected = format!("evidence/any(e: {terms})");
            let expected = expected.replace("{P}", "microsoft.graph.security.");
            assert_eq!(filter(kind, value), expected, "{kind}");
        };
        check(
            Type::Ip,
            "203.0.113.80",
            "e/{P}ipEvidence/ipAddress eq '203.0.113.80' or e/{P}networkConnectionEvidence/sourceAddress/ipAddress eq '203.0.113.80' or e/{P}networkConnectionEvidence/destinationAddress/ipAddress eq '203.0.113.80' or e/{P}deviceEvidence/ipInterfaces/any(i: i eq '203.0.113.80')",
        );
        check(
            Type::Domain,
            "Bad.example",
            "contains(e/{P}urlEvidence/url, 'bad.example') or e/{P}dnsEvidence/domainName eq 'bad.example'",
        );
        check(
            Type::Hostname,
            "ws-204",
            "e/{P}deviceEvidence/deviceDnsName eq 'ws-204' or startswith(e/{P}deviceEvidence/deviceDnsName, 'ws-204.') or e/{P}deviceEvidence/hostName eq 'ws-204'",
        );
        check(
            Type::Url,
            "https://bad.example/A'",
            "e/{P}urlEvidence/url eq 'https://bad.example/A'''",
        );
        check(
            Type::FileName,
            "upd.exe",
            "e/{P}fileEvidence/fileDetails/fileName eq 'upd.exe' or e/{P}processEvidence/imageFile/fileName eq 'upd.exe'",
        );
        check(
            Type::FilePath,
            r"C:\Users\upd.exe",
            r"e/{P}fileEvidence/fileDetails/filePath eq 'C:\Users\upd.exe' or ((e/{P}fileEvidence/fileDetails/filePath eq 'C:\Users' or e/{P}fileEvidence/fileDetails/filePath eq 'C:\Users\') and e/{P}fileEvidence/fileDetails/fileName eq 'upd.exe') or e/{P}processEvidence/imageFile/filePath eq 'C:\Users\upd.exe' or ((e/{P}processEvidence/imageFile/filePath eq 'C:\Users' or e/{P}processEvidence/imageFile/filePath eq 'C:\Users\') and e/{P}processEvidence/imageFile/fileName eq 'upd.exe')",
        );
        for (kind, digits) in [(Type::Sha256, 64), (Type::Sha1, 40), (Type::Md5, 32)] {
            let hash = "ab".repeat(digits / 2);
            let terms = format!(
                "e/{{P}}fileEvidence/fileDetails/{kind} eq '{hash}' or e/{{P}}processEvidence/imageFile/{kind} eq '{hash}' or e/{{P}}fileHashEvidence/value eq '{hash}'"
            );
            check(kind, &hash.to_uppercase(), &terms);
        }
    }

    #[test]
    fn one_service_alone_can_be_wanted() {
        let observable = Observable::new(Type::Url, "https://bad.example/");
        let only = reporter(Some(Service::DEFENDER_FOR_ENDPOINT));
        assert_eq!(
            Wanted::of(0, &observable).unwrap().form.filter(&only),
            "evidence/any(e: e/microsoft.graph.security.urlEvidence/url eq 'https://bad.example/') and serviceSource eq 'microsoftDefenderForEndpoint'"
        );
    }

    proptest! {
        #[test]
        fn i01_no_value_changes_the_filter(value in hostile::value()) {
            for (kind, harmless) in [
                (Type::Domain, "x"), (Type::Hostname, "x"), (Type::Url, "x"), (Type::FileName, "x"),
                (Type::FilePath, "x"), (Type::FilePath, "x/y"),
            ] {
                let value = if harmless == "x/y" { format!("{value}/y") } else { value.replace(['/', '\\'], "") };
                let observable = Observable::new(kind, value.clone());
                let Some(wanted) = Wanted::of(0, &observable) else { continue };
                let (skeleton, literals) = hostile::odata(&wanted.form.filter(&reporter(None)));
                prop_assert_eq!(skeleton, hostile::odata(&filter(kind, harmless)).0);
                let form = observable.normal_form().unwrap();
                let parts = [form.clone(), format!("{form}."), value, format!("{form}/")];
                let (folder, name) = folder_and_name(&form).unwrap_or_default();
                let folder = [folder, folder.trim_end_matches('/'), name];
                for literal in literals {
                    let is_part = parts.contains(&literal)
                        || folder.contains(&literal.as_str())
                        || Some(literal.as_str()) == folder[0].strip_suffix('/');
                    prop_assert!(is_part, "{literal:?} is no part of {form:?}");
                }
            }
        }
    }
}
