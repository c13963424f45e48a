//! The OData predicate that finds the alerts about one observable.
//!
//! Source: spec §5.6 with its clarification: the predicates reach what spec §3 promises.

use super::{
    Reporter,
    form::{Form, Wanted, folder_and_name},
};
use crate::odata::literal;

impl Wanted<'_> {
    /// The whole filter: the evidence, and the service if only one is wanted.
    pub(super) fn filter(&self, reporter: &Reporter<'_>) -> String {
        let spellings = self.spellings();
        let terms: Vec<_> = spellings.iter().flat_map(|value| self.form.terms(value)).collect();
        let evidence = format!("evidence/any(e: {})", terms.join(" or "));
        match reporter.only {
            None => evidence,
            Some(service) => {
                format!("{evidence} and serviceSource eq {}", literal(service.in_alerts))
            }
        }
    }

    /// The normal form and, where it differs, the value as it was asked: what case means to `eq`
    /// is the service's own business. Hashes are in lower case always.
    fn spellings(&self) -> Vec<String> {
        let normal = self.form.value();
        let is_hash = matches!(self.form, Form::Hash(..));
        let asked = Some(&self.asked.value).filter(|asked| !is_hash && **asked != normal).cloned();
        [normal].into_iter().chain(asked).collect()
    }
}

impl Form {
    /// The places where a value may stand; one is enough.
    fn terms(&self, value: &str) -> Vec<String> {
        let text = literal(value);
        match self {
            Self::Address(_) => address(&text),
            Self::Domain(_) => vec![
                format!("contains({}, {text})", of("urlEvidence/url")),
                equal("dnsEvidence/domainName", &text),
            ],
            Self::Hostname(_) => vec![
                equal("deviceEvidence/deviceDnsName", &text),
                format!(
                    "startswith({}, {})",
                    of("deviceEvidence/deviceDnsName"),
                    literal(&format!("{value}."))
                ),
                equal("deviceEvidence/hostName", &text),
            ],
            Self::Url(_) => vec![equal("urlEvidence/url", &text)],
            Self::FileName(_) => FILES.map(|file| equal(&format!("{file}/fileName"), &text)).into(),
            Self::FilePath(_) => FILES.iter().flat_map(|file| file_path(file, value)).collect(),
            Self::Hash(kind, _) => {
                let of_file = |file: &str| equal(&format!("{file}/{}", kind.name()), &text);
                // The length of a hash says which kind it is.
                let alone = equal("fileHashEvidence/value", &text);
                FILES.map(of_file).into_iter().chain([alone]).collect()
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
        Wanted::of(0, &observable).unwrap().filter(&reporter(None))
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
            "contains(e/{P}urlEvidence/url, 'bad.example') or e/{P}dnsEvidence/domainName eq 'bad.example' or contains(e/{P}urlEvidence/url, 'Bad.example') or e/{P}dnsEvidence/domainName eq 'Bad.example'",
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
            Wanted::of(0, &observable).unwrap().filter(&only),
            "evidence/any(e: e/microsoft.graph.security.urlEvidence/url eq 'https://bad.example/') and serviceSource eq 'microsoftDefenderForEndpoint'"
        );
    }

    /// What may stand in a filter for this value.
    fn parts(value: &str) -> Vec<String> {
        let (folder, name) = folder_and_name(value).unwrap_or_default();
        let bare = folder.strip_suffix(['/', '\\']).unwrap_or_default();
        [value, &format!("{value}."), folder, bare, name].map(str::to_owned).into()
    }

    proptest! {
        #[test]
        fn i01_no_value_changes_the_filter(value in hostile::value()) {
            for kind in [Type::Domain, Type::Hostname, Type::Url, Type::FileName, Type::FilePath] {
                let observable = Observable::new(kind, value.clone());
                let Some(wanted) = Wanted::of(0, &observable) else { continue };
                let (skeleton, literals) = hostile::odata(&wanted.filter(&reporter(None)));
                // As many spellings, and a folder where there is one.
                let normal = observable.normal_form().unwrap();
                let harmless = match folder_and_name(&value) {
                    _ if normal != value => "X",
                    Some(_) => "x/y",
                    None => "x",
                };
                prop_assert_eq!(skeleton, hostile::odata(&filter(kind, harmless)).0);
                let parts = [parts(&value), parts(&normal)].concat();
                for literal in literals {
                    prop_assert!(parts.contains(&literal), "{literal:?} is no part of {value:?}");
                }
            }
        }
    }
}
