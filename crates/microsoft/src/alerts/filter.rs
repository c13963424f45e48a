//! The OData filter that finds the alerts about one observable.
//!
//! Source: docs/relays/graph-security.md#filtered-lists.

use super::{
    SearchOptions,
    search_term::{NormalizedValue, SearchTerm, folder_and_name},
};
use crate::odata::Filter;

impl SearchTerm<'_> {
    /// Returns the whole filter: the evidence, and the service if only one is searched.
    pub(super) fn filter(&self, options: &SearchOptions<'_>) -> Filter {
        let spellings = self.spellings();
        let terms = spellings.iter().flat_map(|value| self.value.terms(value));
        let evidence = Filter::any_element("evidence", "e", &Filter::any_of(terms));
        let service =
            options.service.map(|service| Filter::equals("serviceSource", service.in_alerts));
        Filter::all_of([evidence].into_iter().chain(service))
    }

    /// Returns the normal form and, where it differs, the caller's spelling: whether `eq` regards
    /// case is up to the service. Hashes are always in lower case.
    fn spellings(&self) -> Vec<String> {
        let normal = self.value.text();
        let is_hash = matches!(self.value, NormalizedValue::Hash(..));
        let given = Some(&self.observable.value).filter(|given| !is_hash && **given != normal);
        [normal.clone()].into_iter().chain(given.cloned()).collect()
    }
}

impl NormalizedValue {
    /// Returns a filter for each property that may hold the value.
    fn terms(&self, value: &str) -> Vec<Filter> {
        match self {
            Self::Address(_) => address(value),
            Self::Domain(_) => vec![
                Filter::contains(&of_evidence("urlEvidence/url"), value),
                equals("dnsEvidence/domainName", value),
            ],
            Self::Hostname(_) => vec![
                equals("deviceEvidence/deviceDnsName", value),
                Filter::starts_with(
                    &of_evidence("deviceEvidence/deviceDnsName"),
                    &format!("{value}."),
                ),
                equals("deviceEvidence/hostName", value),
            ],
            Self::Url(_) => vec![equals("urlEvidence/url", value)],
            Self::FileName(_) => {
                FILES.map(|file| equals(&format!("{file}/fileName"), value)).into()
            }
            Self::FilePath(_) => FILES.iter().flat_map(|file| file_path(file, value)).collect(),
            Self::Hash(hash_type, _) => {
                let of_file = |file| equals(&format!("{file}/{}", hash_type.as_str()), value);
                // The algorithm need not be named: the length of a hash says which it is.
                let alone = equals("fileHashEvidence/value", value);
                FILES.map(of_file).into_iter().chain([alone]).collect()
            }
        }
    }
}

/// The properties of evidence that hold a file.
const FILES: [&str; 2] = ["fileEvidence/fileDetails", "processEvidence/imageFile"];

/// A property of one type of evidence, of the element `e`.
fn of_evidence(path: &str) -> String {
    format!("e/microsoft.graph.security.{path}")
}

fn equals(path: &str, value: &str) -> Filter {
    Filter::equals(&of_evidence(path), value)
}

fn address(ip: &str) -> Vec<Filter> {
    let interfaces = of_evidence("deviceEvidence/ipInterfaces");
    vec![
        equals("ipEvidence/ipAddress", ip),
        equals("networkConnectionEvidence/sourceAddress/ipAddress", ip),
        equals("networkConnectionEvidence/destinationAddress/ipAddress", ip),
        Filter::any_element(&interfaces, "i", &Filter::equals("i", ip)),
    ]
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
mod tests {
    use proptest::prelude::*;
    use relay_core::{Namespace, Observable, ObservableType as Type};

    use super::*;
    use crate::{Service, alerts::search_term::SearchTerm, malicious};

    fn options(service: Option<Service>) -> SearchOptions<'static> {
        SearchOptions { source: "Product", namespace: Namespace::of("product"), service }
    }

    fn filter(kind: Type, value: &str) -> String {
        let observable = Observable::new(kind, value);
        SearchTerm::new(0, &observable).unwrap().filter(&options(None)).as_str().to_owned()
    }

    #[test]
    fn every_type_is_searched_in_all_evidence_that_may_hold_it() {
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
    fn a_search_can_be_restricted_to_one_service() {
        let observable = Observable::new(Type::Url, "https://bad.example/");
        let options = options(Some(Service::DEFENDER_FOR_ENDPOINT));
        assert_eq!(
            SearchTerm::new(0, &observable).unwrap().filter(&options).as_str(),
            "evidence/any(e: e/microsoft.graph.security.urlEvidence/url eq 'https://bad.example/') and serviceSource eq 'microsoftDefenderForEndpoint'"
        );
    }

    /// The literals that a filter for this value may have.
    fn parts(value: &str) -> Vec<String> {
        let (folder, name) = folder_and_name(value).unwrap_or_default();
        let bare = folder.strip_suffix(['/', '\\']).unwrap_or_default();
        [value, &format!("{value}."), folder, bare, name].map(str::to_owned).into()
    }

    proptest! {
        #[test]
        fn i01_no_value_changes_the_filter(value in malicious::value()) {
            for kind in [Type::Domain, Type::Hostname, Type::Url, Type::FileName, Type::FilePath] {
                let observable = Observable::new(kind, value.clone());
                let Some(term) = SearchTerm::new(0, &observable) else { continue };
                let (skeleton, literals) = malicious::odata(term.filter(&options(None)).as_str());
                // With as many spellings, and with a folder where the value has one.
                let normal = observable.normal_form().unwrap();
                let harmless = match folder_and_name(&value) {
                    _ if normal != value => "X",
                    Some(_) => "x/y",
                    None => "x",
                };
                prop_assert_eq!(skeleton, malicious::odata(&filter(kind, harmless)).0);
                let parts = [parts(&value), parts(&normal)].concat();
                for literal in literals {
                    prop_assert!(parts.contains(&literal), "{literal:?} is no part of {value:?}");
                }
            }
        }
    }
}
