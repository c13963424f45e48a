//! The Kusto query that finds the alerts about many observables at once.
//!
//! Its rows are [`Row`](super::clues::Row)s: which observable (`K`, its type and value in lower
//! case), and which alert; the newest first. Source: spec §5.7 with its clarification.

use super::{
    Reporter,
    form::{Form, Hash, folder_and_name},
};
use crate::kql;

/// The most values that one list of a query holds.
const MOST: usize = 500;

/// Where observables of one type are looked for in the table.
struct Branch {
    /// The list's name in the query, and the prefix of `K`.
    name: &'static str,
    /// The expressions that are compared with the list.
    columns: &'static [&'static str],
    belongs: fn(&Form) -> bool,
}

const BRANCHES: [Branch; 8] = [
    Branch {
        name: "ip",
        columns: &["RemoteIP", "LocalIP"],
        belongs: |form| matches!(form, Form::Address(_)),
    },
    Branch { name: "domain", columns: &[HOST], belongs: |form| matches!(form, Form::Domain(_)) },
    Branch {
        name: "hostname",
        columns: &["DeviceName", "tostring(split(DeviceName, '.')[0])"],
        belongs: |form| matches!(form, Form::Hostname(_)),
    },
    Branch { name: "url", columns: &["RemoteUrl"], belongs: |form| matches!(form, Form::Url(_)) },
    Branch {
        name: "file_name",
        columns: &["FileName"],
        belongs: |form| matches!(form, Form::FileName(_)),
    },
    Branch {
        name: "file_path",
        columns: &[
            "FolderPath",
            r"strcat(FolderPath, '\\', FileName)",
            "strcat(FolderPath, '/', FileName)",
            "strcat(FolderPath, FileName)",
        ],
        belongs: |form| matches!(form, Form::FilePath(path) if folder_and_name(path).is_some()),
    },
    Branch {
        name: "sha256",
        columns: &["SHA256"],
        belongs: |form| matches!(form, Form::Hash(Hash::Sha256, _)),
    },
    Branch {
        name: "sha1",
        columns: &["SHA1"],
        belongs: |form| matches!(form, Form::Hash(Hash::Sha1, _)),
    },
];

/// The host of `RemoteUrl`, which may lack a scheme.
const HOST: &str = "tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host)";

impl Form {
    /// The observable as `K` names it; none where the table has no column for it.
    pub(super) fn key(&self) -> Option<String> {
        let branch = BRANCHES.iter().find(|branch| (branch.belongs)(self))?;
        Some(format!("{}|{}", branch.name, self.value().to_lowercase()))
    }
}

/// As many queries as the longest list needs; none when no form can be hunted. At most `limit`
/// alerts come for each form.
pub(super) fn queries(forms: &[&Form], reporter: &Reporter<'_>, limit: usize) -> Vec<String> {
    let lists: Vec<_> = BRANCHES.iter().map(|branch| (branch, branch.values(forms))).collect();
    let longest = lists.iter().map(|(_, values)| values.len()).max().unwrap_or_default();
    (0..longest.div_ceil(MOST)).map(|turn| query(&lists, turn, reporter, limit)).collect()
}

/// The query over the `turn`th piece of each list.
fn query(
    lists: &[(&Branch, Vec<String>)],
    turn: usize,
    reporter: &Reporter<'_>,
    limit: usize,
) -> String {
    let pieces: Vec<_> = lists
        .iter()
        .filter_map(|(branch, values)| Some((*branch, values.chunks(MOST).nth(turn)?)))
        .collect();
    let values = pieces.iter().map(|(branch, values)| {
        format!("let {} = {};", branch.variable(), kql::list(values.iter().map(String::as_str)))
    });
    let only = reporter
        .only
        .map(|service| format!(" | where ServiceSource =~ {}", kql::literal(service.in_hunting)));
    let evidence = format!("let E = materialize(AlertEvidence{});", only.unwrap_or_default());
    let branches: Vec<_> = pieces.iter().flat_map(|(branch, _)| branch.rows()).collect();
    let lines: Vec<_> = values
        .chain([evidence, format!("union\n {}", branches.join(",\n "))])
        .chain([
            "| summarize Seen = max(Timestamp) by K, AlertId".to_owned(),
            format!("| sort by K asc, Seen desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= {limit} | project K, AlertId, Seen"),
        ])
        .collect();
    lines.join("\n")
}

impl Branch {
    fn values(&self, forms: &[&Form]) -> Vec<String> {
        forms.iter().filter(|form| (self.belongs)(form)).map(|form| form.value()).collect()
    }

    /// A name of our own, which is no keyword of the language and no column of the table.
    fn variable(&self) -> String {
        format!("wanted_{}", self.name)
    }

    fn rows(&self) -> impl Iterator<Item = String> {
        let (variable, name) = (self.variable(), self.name);
        self.columns.iter().map(move |column| {
            format!("(E | extend V = {column} | where V in~ ({variable}) | project AlertId, Timestamp, K = strcat('{name}|', tolower(V)))")
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relay_core::{Namespace, Observable, ObservableType as Type};

    use super::*;
    use crate::{Service, alerts::form::Wanted, hostile};

    const ALL: Reporter<'_> =
        Reporter { source: "Product", namespace: Namespace::X500, only: None };

    fn hunts(observables: &[Observable], reporter: &Reporter<'_>) -> Vec<String> {
        let wanted: Vec<_> = observables.iter().filter_map(|one| Wanted::of(0, one)).collect();
        let forms: Vec<_> = wanted.iter().map(|wanted| &wanted.form).collect();
        queries(&forms, reporter, 100)
    }

    #[test]
    fn one_query_asks_about_all() {
        let observables = [
            Observable::new(Type::Ip, "203.0.113.80"),
            Observable::new(Type::Domain, "CDN.Contoso-Files.example"),
            Observable::new(Type::Ipv6, "2001:DB8:0:0::1"),
            Observable::new(Type::FileName, r"it's \ me.exe"),
        ];
        let host = "tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host)";
        let expected = format!(
            r"let wanted_ip = dynamic(['203.0.113.80', '2001:db8::1']);
let wanted_domain = dynamic(['cdn.contoso-files.example']);
let wanted_file_name = dynamic(['it\'s \\ me.exe']);
let E = materialize(AlertEvidence);
union
 (E | extend V = RemoteIP | where V in~ (wanted_ip) | project AlertId, Timestamp, K = strcat('ip|', tolower(V))),
 (E | extend V = LocalIP | where V in~ (wanted_ip) | project AlertId, Timestamp, K = strcat('ip|', tolower(V))),
 (E | extend V = {host} | where V in~ (wanted_domain) | project AlertId, Timestamp, K = strcat('domain|', tolower(V))),
 (E | extend V = FileName | where V in~ (wanted_file_name) | project AlertId, Timestamp, K = strcat('file_name|', tolower(V)))
| summarize Seen = max(Timestamp) by K, AlertId
| sort by K asc, Seen desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= 100 | project K, AlertId, Seen"
        );
        assert_eq!(hunts(&observables, &ALL), [expected]);
    }

    #[test]
    fn one_service_alone_can_be_wanted() {
        let only = Reporter { only: Some(Service::DEFENDER_FOR_ENDPOINT), ..ALL };
        let query = &hunts(&[Observable::new(Type::Url, "https://bad.example/")], &only)[0];
        let evidence = "materialize(AlertEvidence | where ServiceSource =~ 'Microsoft Defender for Endpoint');";
        assert!(query.contains(evidence), "{query}");
    }

    #[test]
    fn what_no_column_holds_is_not_hunted() {
        let md5 = Observable::new(Type::Md5, "ab".repeat(16));
        let bare = Observable::new(Type::FilePath, "upd.exe");
        assert!(hunts(&[md5, bare], &ALL).is_empty());
    }

    #[test]
    fn a_list_holds_five_hundred_values_at_most() {
        let domains = (0..1001).map(|n| Observable::new(Type::Domain, format!("d{n}.example")));
        let files = (0..501).map(|n| Observable::new(Type::FileName, format!("f{n}.exe")));
        let queries = hunts(&domains.chain(files).collect::<Vec<_>>(), &ALL);
        let counts = |name: &str| {
            queries.iter().map(|query| query.matches(name).count()).collect::<Vec<_>>()
        };
        assert_eq!(counts(".example'"), [500, 500, 1]);
        assert_eq!(counts(".exe'"), [500, 1, 0]);
    }

    #[test]
    fn keys_are_in_the_spelling_of_the_query() {
        let key = |kind, value: &str| {
            Wanted::of(0, &Observable::new(kind, value)).and_then(|wanted| wanted.form.key())
        };
        assert_eq!(key(Type::Ipv6, "2001:DB8::0").as_deref(), Some("ip|2001:db8::"));
        assert_eq!(key(Type::FilePath, r"C:\Ä.exe").as_deref(), Some(r"file_path|c:\ä.exe"));
        assert_eq!(key(Type::FileName, "a|b").as_deref(), Some("file_name|a|b"));
        assert_eq!(key(Type::Md5, &"ab".repeat(16)), None);
    }

    proptest! {
        #[test]
        fn i02_no_value_changes_the_query(value in hostile::value()) {
            for kind in [Type::Domain, Type::Hostname, Type::Url, Type::FileName, Type::FilePath] {
                let value = if kind == Type::FilePath { format!("x/{value}y") } else { value.clone() };
                let observable = Observable::new(kind, value);
                let Some(query) = hunts(std::slice::from_ref(&observable), &ALL).pop() else { continue };
                let harmless = hunts(&[Observable::new(kind, "x/y")], &ALL).pop().unwrap();
                let (skeleton, literals) = hostile::kql(&query);
                let (expected, fixed) = hostile::kql(&harmless);
                prop_assert_eq!(skeleton, expected);
                prop_assert_eq!(&literals[0], &observable.normal_form().unwrap());
                prop_assert_eq!(&literals[1..], &fixed[1..]);
            }
        }
    }
}
