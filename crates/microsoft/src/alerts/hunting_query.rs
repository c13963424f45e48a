//! The Kusto query that finds the alerts about many observables at once.
//!
//! Its rows are [`HuntingRow`](super::alert_match::HuntingRow)s: the key of a value, and an alert;
//! the newest first. Source: docs/relays/graph-security.md#hunting-queries.

use std::collections::HashSet;

use super::{
    SearchOptions,
    search_term::{HashType, NormalizedValue, SearchTerm, folder_and_name},
};
use crate::{
    kql::{self, REMOTE_URL_HOST, ValueLists},
    spelling,
};

/// The columns of the table in which values of one kind are searched.
struct Branch {
    /// The name of the kind in the query.
    kind: &'static str,
    /// Expressions that are compared with the kind's list.
    columns: &'static [&'static str],
    includes: fn(&NormalizedValue) -> bool,
}

const BRANCHES: [Branch; 9] = [
    Branch {
        kind: "ip",
        columns: &["RemoteIP", "LocalIP"],
        includes: |value| matches!(value, NormalizedValue::Address(_)),
    },
    Branch {
        kind: "domain",
        columns: &[REMOTE_URL_HOST],
        includes: |value| matches!(value, NormalizedValue::Domain(_)),
    },
    Branch {
        kind: "hostname",
        columns: &["DeviceName", "tostring(split(DeviceName, '.')[0])"],
        includes: |value| matches!(value, NormalizedValue::Hostname(_)),
    },
    Branch {
        kind: "email",
        columns: &["AccountUpn"],
        includes: |value| matches!(value, NormalizedValue::Email(_)),
    },
    Branch {
        kind: "url",
        columns: &["RemoteUrl"],
        includes: |value| matches!(value, NormalizedValue::Url(_)),
    },
    Branch {
        kind: "file_name",
        columns: &["FileName"],
        includes: |value| matches!(value, NormalizedValue::FileName(_)),
    },
    Branch {
        kind: "file_path",
        columns: &[
            "FolderPath",
            r"strcat(FolderPath, '\\', FileName)",
            "strcat(FolderPath, '/', FileName)",
            "strcat(FolderPath, FileName)",
        ],
        includes: |value| matches!(value, NormalizedValue::FilePath(path) if folder_and_name(path).is_some()),
    },
    Branch {
        kind: "sha256",
        columns: &["SHA256"],
        includes: |value| matches!(value, NormalizedValue::Hash(HashType::Sha256, _)),
    },
    Branch {
        kind: "sha1",
        columns: &["SHA1"],
        includes: |value| matches!(value, NormalizedValue::Hash(HashType::Sha1, _)),
    },
];

impl NormalizedValue {
    /// Returns the kind under which the value is hunted; none where the table has no column for it.
    fn kind(&self) -> Option<&'static str> {
        BRANCHES.iter().find(|branch| (branch.includes)(self)).map(|branch| branch.kind)
    }

    /// Returns the key of the rows about the value, as [`spelling::key`] writes it.
    pub(super) fn key(&self) -> Option<String> {
        spelling::key(self.kind()?, &self.text())
    }

    /// Returns the kind and each spelling that the query has to ask for: it ignores case.
    fn hunted_spellings(&self) -> impl Iterator<Item = (&'static str, String)> {
        let mut seen = HashSet::new();
        let spellings = self.kind().map(|kind| (kind, self.spellings())).into_iter();
        spellings
            .flat_map(|(kind, values)| values.into_iter().map(move |value| (kind, value)))
            .filter(move |(_, value)| seen.insert(value.to_lowercase()))
    }
}

/// Distributes the terms that can be hunted over queries: as many as the longest list of values
/// needs.
pub(super) fn groups<'t>(terms: &[&'t SearchTerm<'t>]) -> Vec<Vec<&'t SearchTerm<'t>>> {
    kql::groups(terms.iter().copied(), |term| term.value.hunted_spellings())
}

/// Writes the query about the terms of one group, which returns at most `limit` alerts for each.
pub(super) fn query(
    terms: &[&SearchTerm<'_>],
    options: &SearchOptions<'_>,
    limit: usize,
) -> String {
    let lists = ValueLists::of(terms.iter().flat_map(|term| term.value.hunted_spellings()));
    let service = options
        .service
        .map(|service| format!(" | where ServiceSource =~ {}", kql::literal(service.in_hunting)));
    let branches: Vec<_> = BRANCHES
        .iter()
        .filter(|branch| lists.has(branch.kind))
        .flat_map(Branch::pipelines)
        .collect();
    format!(
        "{declarations}let E = materialize(AlertEvidence{service});\n\
         union\n {branches}\n\
         | summarize Seen = max(Timestamp) by K, AlertId\n\
         | {newest} | project K, AlertId, Seen",
        declarations = lists.declarations(),
        service = service.unwrap_or_default(),
        branches = branches.join(",\n "),
        newest = kql::newest_of_each_key("Seen", limit),
    )
}

impl Branch {
    /// One pipeline for each column, which keeps the rows that have one of the values.
    fn pipelines(&self) -> impl Iterator<Item = String> {
        let (list, key) =
            (ValueLists::name(self.kind), kql::key_of_column(self.kind, "tolower(V)"));
        self.columns.iter().map(move |column| {
            format!("(E | extend V = {column} | where V in~ ({list}) | project AlertId, Timestamp, K = {key})")
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relay_core::{Namespace, Observable, ObservableType as Type};

    use super::*;
    use crate::{Service, malicious};

    const ALL: SearchOptions<'_> =
        SearchOptions { source: "Product", namespace: Namespace::X500, service: None };

    fn queries_for(observables: &[Observable], options: &SearchOptions<'_>) -> Vec<String> {
        let terms = SearchTerm::of_all(observables);
        let terms: Vec<_> = terms.iter().collect();
        groups(&terms).iter().map(|group| query(group, options, 100)).collect()
    }

    #[test]
    fn one_query_is_about_all_observables() {
        let observables = [
            Observable::new(Type::Ip, "203.0.113.80"),
            Observable::new(Type::Domain, "CDN.Contoso-Files.example"),
            Observable::new(Type::Ipv6, "2001:DB8:0:0::1"),
            Observable::new(Type::FileName, r"it's \ me.exe"),
        ];
        let host = "tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host)";
        let expected = format!(
            r"let domain_values = dynamic(['cdn.contoso-files.example']);
let file_name_values = dynamic(['it\'s \\ me.exe']);
let ip_values = dynamic(['203.0.113.80', '::ffff:203.0.113.80', '2001:db8::1']);
let E = materialize(AlertEvidence);
union
 (E | extend V = RemoteIP | where V in~ (ip_values) | project AlertId, Timestamp, K = strcat('ip|', tolower(V))),
 (E | extend V = LocalIP | where V in~ (ip_values) | project AlertId, Timestamp, K = strcat('ip|', tolower(V))),
 (E | extend V = {host} | where V in~ (domain_values) | project AlertId, Timestamp, K = strcat('domain|', tolower(V))),
 (E | extend V = FileName | where V in~ (file_name_values) | project AlertId, Timestamp, K = strcat('file_name|', tolower(V)))
| summarize Seen = max(Timestamp) by K, AlertId
| sort by K asc, Seen desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= 100 | project K, AlertId, Seen"
        );
        assert_eq!(queries_for(&observables, &ALL), [expected]);
    }

    #[test]
    fn a_query_can_be_restricted_to_one_service() {
        let options = SearchOptions { service: Some(Service::DEFENDER_FOR_ENDPOINT), ..ALL };
        let query =
            &queries_for(&[Observable::new(Type::Url, "https://bad.example/")], &options)[0];
        let evidence = "materialize(AlertEvidence | where ServiceSource =~ 'Microsoft Defender for Endpoint');";
        assert!(query.contains(evidence), "{query}");
    }

    #[test]
    fn values_without_a_column_are_not_hunted() {
        let md5 = Observable::new(Type::Md5, "ab".repeat(16));
        let bare = Observable::new(Type::FilePath, "upd.exe");
        assert!(queries_for(&[md5, bare], &ALL).is_empty());
    }

    #[test]
    fn more_than_five_hundred_values_need_further_queries() {
        let domains = (0..1001).map(|n| Observable::new(Type::Domain, format!("d{n}.example")));
        let files = (0..501).map(|n| Observable::new(Type::FileName, format!("f{n}.exe")));
        let queries = queries_for(&domains.chain(files).collect::<Vec<_>>(), &ALL);
        let counts = |name: &str| {
            queries.iter().map(|query| query.matches(name).count()).collect::<Vec<_>>()
        };
        assert_eq!(counts(".example'"), [500, 500, 1]);
        assert_eq!(counts(".exe'"), [500, 1, 0]);
    }

    #[test]
    fn keys_are_spelt_as_in_the_rows() {
        let key = |kind, value: &str| {
            SearchTerm::new(0, &Observable::new(kind, value)).and_then(|term| term.value.key())
        };
        assert_eq!(key(Type::Ipv6, "2001:DB8::0").as_deref(), Some("ip|2001:db8::"));
        assert_eq!(key(Type::FilePath, r"C:\Ä.exe").as_deref(), Some(r"file_path|c:\ä.exe"));
        assert_eq!(key(Type::FileName, "a|b").as_deref(), Some("file_name|a|b"));
        assert_eq!(key(Type::Md5, &"ab".repeat(16)), None);
    }

    proptest! {
        #[test]
        fn i02_no_value_changes_the_query(value in malicious::value()) {
            for kind in [Type::Domain, Type::Hostname, Type::Url, Type::FileName, Type::FilePath] {
                let value = if kind == Type::FilePath { format!("x/{value}y") } else { value.clone() };
                let observable = Observable::new(kind, value);
                let Some(query) = queries_for(std::slice::from_ref(&observable), &ALL).pop() else { continue };
                let harmless = queries_for(&[Observable::new(kind, "x/y")], &ALL).pop().unwrap();
                // A value may be asked for in several spellings.
                let skeleton = |query: &str| {
                    malicious::kql(query).0.replace("?, ", "").replace("dynamic([?])", "[]")
                };
                prop_assert_eq!(skeleton(&query), skeleton(&harmless));
                let (_, literals) = malicious::kql(&query);
                let term = SearchTerm::new(0, &observable).unwrap();
                prop_assert_eq!(&literals[0], &term.value.spellings()[0]);
            }
        }
    }
}
