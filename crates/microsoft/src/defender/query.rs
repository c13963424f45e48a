//! The Kusto queries: one for the events about all observables of a call, one for the network
//! adapters of all its devices. Values stand in them as literals only.
//! docs/relays/defender-atp.md#hunting

use relay_core::{
    Observable,
    ObservableType::{Domain, Ip, Ipv6, Md5, Sha1, Sha256},
};

use super::NormalizedObservable;
use crate::{
    kql::{self, REMOTE_URL_HOST, ValueLists},
    spelling,
};

/// The newest record of each network adapter of the devices in `dev`, with its addresses.
const ADAPTERS: &str = "DeviceNetworkInfo | where DeviceId in (dev) | summarize arg_max(Timestamp, MacAddress, IPAddresses) by DeviceId, NetworkAdapterName | sort by DeviceId asc, NetworkAdapterName asc | summarize Adapters = make_list(bag_pack('mac', MacAddress, 'ips', IPAddresses)) by DeviceId";

/// The newest record of the operating system of the devices in `dev`.
const SYSTEM: &str = "DeviceInfo | where DeviceId in (dev) and isnotempty(OSPlatform) | summarize arg_max(Timestamp, OSPlatform, OSArchitecture, OSVersion) by DeviceId | project-away Timestamp";

/// The columns of the result that do not depend on the table.
const COMMON_COLUMNS: &str = "K, Timestamp, DeviceId, DeviceName, ActionType, InitiatingProcessFileName, InitiatingProcessFolderPath, InitiatingProcessCommandLine, InitiatingProcessSHA1, InitiatingProcessSHA256, InitiatingProcessMD5, InitiatingProcessParentFileName, InitiatingProcessAccountName, OSPlatform, OSArchitecture, OSVersion, Adapters, ReportId";

/// The command lines, cut to the length that sightings show. `DeviceEvents`, which has both, is in every
/// query, because it has every kind of key.
const SHORTENED: &str = "InitiatingProcessCommandLine = substring(InitiatingProcessCommandLine, 0, 1000), ProcessCommandLine = substring(ProcessCommandLine, 0, 1000)";

/// A table of events.
struct EventTable {
    name: &'static str,
    /// The columns that are compared with values, each with the kind of its values.
    key_columns: &'static [(&'static str, &'static str)],
    /// Names of hosts, which are made of other columns: each with its expression. They are compared
    /// with domains.
    host_columns: &'static [(&'static str, &'static str)],
    /// Further columns that are made of `Fields`, with their expressions.
    made_columns: &'static [(&'static str, &'static str)],
    /// The columns of the result that not every table has.
    own_columns: &'static [&'static [&'static str]],
}

const FILE_COLUMNS: &[&str] = &["FileName", "FolderPath", "SHA1", "SHA256", "MD5"];
const CONNECTION_COLUMNS: &[&str] = &["RemoteIP", "RemoteUrl", "RemotePort", "LocalIP"];
const DNS_COLUMNS: &[&str] = &["QueriedName", "DnsAnswers"];
const STARTED_PROCESS: &[&str] = &["ProcessCommandLine"];

const DNS_ANSWERS: (&str, &str) = ("DnsAnswers", "tostring(Fields.answers)");

const FILE_KEYS: &[(&str, &str)] = &[("sha1", "SHA1"), ("sha256", "SHA256"), ("md5", "MD5")];
/// The name that was looked up: the inspected query, or the one that the resolver was asked.
const QUERIED_NAME: &str = "coalesce(tostring(Fields.query), tostring(Fields.DnsQueryString))";
/// The server's name in an inspected connection: of TLS, or of HTTP.
const SERVER_NAME: &str = "coalesce(tostring(Fields.server_name), tostring(Fields.host))";

const TABLES: [EventTable; 4] = [
    EventTable {
        name: "DeviceFileEvents",
        key_columns: FILE_KEYS,
        host_columns: &[],
        made_columns: &[],
        own_columns: &[
            FILE_COLUMNS,
            &["FileOriginUrl", "FileOriginReferrerUrl", "PreviousFileName"],
        ],
    },
    EventTable {
        name: "DeviceProcessEvents",
        key_columns: FILE_KEYS,
        host_columns: &[],
        made_columns: &[],
        own_columns: &[FILE_COLUMNS, STARTED_PROCESS],
    },
    EventTable {
        name: "DeviceNetworkEvents",
        key_columns: &[("ip", "RemoteIP")],
        host_columns: &[
            ("Host", REMOTE_URL_HOST),
            ("QueriedName", QUERIED_NAME),
            ("ServerName", SERVER_NAME),
        ],
        made_columns: &[DNS_ANSWERS],
        own_columns: &[CONNECTION_COLUMNS, &["Protocol", "ServerName"], DNS_COLUMNS],
    },
    EventTable {
        name: "DeviceEvents",
        key_columns: &[("sha1", "SHA1"), ("sha256", "SHA256"), ("md5", "MD5"), ("ip", "RemoteIP")],
        host_columns: &[("Host", REMOTE_URL_HOST), ("QueriedName", QUERIED_NAME)],
        made_columns: &[DNS_ANSWERS, ("ThreatName", "tostring(Fields.ThreatName)")],
        own_columns: &[
            FILE_COLUMNS,
            &["FileOriginUrl", "ThreatName"],
            STARTED_PROCESS,
            CONNECTION_COLUMNS,
            DNS_COLUMNS,
        ],
    },
];

/// What events are searched by: a kind of value, and a value in normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventKey {
    kind: &'static str,
    value: String,
}

impl EventKey {
    /// Returns the key of an observable; `None` for types that no event is about.
    #[must_use]
    pub fn new(observable: &NormalizedObservable<'_>) -> Option<Self> {
        let kind = match observable.kind() {
            Sha1 => "sha1",
            Sha256 => "sha256",
            Md5 => "md5",
            Ip | Ipv6 => "ip",
            Domain => "domain",
            _ => return None,
        };
        Some(Self { kind, value: observable.value.clone() })
    }

    /// Returns the key of a file by its SHA-1.
    #[must_use]
    pub fn sha1(value: String) -> Self {
        Self { kind: "sha1", value }
    }

    /// Returns the key that all spellings of the value have in common: `sha1|36b3…`.
    pub(super) fn text(&self) -> String {
        let key = spelling::key(self.kind, &self.value);
        key.unwrap_or_else(|| kql::key(self.kind, &self.value))
    }

    /// The kind, and each spelling of the value in the tables.
    fn values(&self) -> Vec<(&'static str, String)> {
        let spellings = match self.kind {
            "ip" => Observable::new(Ip, &self.value).spellings(),
            "domain" => Observable::new(Domain, &self.value).spellings(),
            _ => vec![self.value.clone()],
        };
        spellings.into_iter().map(|value| (self.kind, value)).collect()
    }
}

/// Distributes keys over queries: as many as the longest list of values needs.
pub(super) fn groups(keys: &[EventKey]) -> Vec<Vec<&EventKey>> {
    kql::groups(keys, |key| key.values())
}

/// Writes the query for the newest `limit` events of each key of one group. Tables and columns
/// without a value are left out.
pub(super) fn events(keys: &[&EventKey], limit: usize) -> String {
    let lists = &ValueLists::of(keys.iter().flat_map(|key| key.values()));
    let (mut branches, mut columns) = (Vec::new(), vec![COMMON_COLUMNS]);
    for table in &TABLES {
        if let Some(branch) = table.matching_rows(lists) {
            branches.push(branch);
            let own = table.own_columns.iter().copied().flatten();
            let new: Vec<_> = own.copied().filter(|column| !columns.contains(column)).collect();
            columns.extend(new);
        }
    }
    format!(
        "{lists}let hits = materialize(union\n {branches}\n | mv-expand K to typeof(string) | {newest});\n\
         let dev = hits | distinct DeviceId;\n\
         hits\n\
         | join kind=leftouter ({SYSTEM}) on DeviceId\n\
         | join kind=leftouter ({ADAPTERS}) on DeviceId\n\
         | extend {SHORTENED}\n\
         | project {columns}",
        lists = lists.declarations(),
        branches = branches.join(",\n "),
        newest = kql::newest_of_each_key("Timestamp", limit),
        columns = columns.join(", "),
    )
}

impl EventTable {
    /// The rows that have one of the values, each with the keys of all that it has; none where no
    /// list is for this table.
    fn matching_rows(&self, lists: &ValueLists) -> Option<String> {
        let mut keys: Vec<_> =
            self.key_columns.iter().copied().filter(|(kind, _)| lists.has(kind)).collect();
        if lists.has("domain") {
            keys.extend(self.host_columns.iter().map(|(column, _)| ("domain", *column)));
        }
        if keys.is_empty() {
            return None;
        }
        let conditions: Vec<_> = keys.iter().map(|key| is_listed(*key)).collect();
        Some(format!(
            "({}{}{} | where {} | extend K = array_concat({}))",
            self.name,
            self.rows_worth_reading(lists),
            self.made_columns(),
            conditions.join(" or "),
            keys_of_row(&keys).join(", ")
        ))
    }

    /// Names stand inside texts that are costly to take apart, so rows without one are dropped before.
    fn rows_worth_reading(&self, lists: &ValueLists) -> String {
        if self.host_columns.is_empty() || !lists.has("domain") {
            return String::new();
        }
        let plain = self.key_columns.iter().copied().filter(|(kind, _)| lists.has(kind));
        let names = ValueLists::name("domain");
        let in_text = ["RemoteUrl", "AdditionalFields"].map(|it| format!("{it} has_any ({names})"));
        let conditions: Vec<_> = plain.map(is_listed).chain(in_text).collect();
        format!(" | where {}", conditions.join(" or "))
    }

    fn made_columns(&self) -> String {
        if self.host_columns.is_empty() {
            return String::new();
        }
        let hosts =
            self.host_columns.iter().map(|(name, made)| format!("{name} = tolower({made})"));
        let others = self.made_columns.iter().map(|(name, made)| format!("{name} = {made}"));
        format!(
            " | extend Fields = parse_json(AdditionalFields) | extend {}",
            hosts.chain(others).collect::<Vec<_>>().join(", ")
        )
    }
}

fn is_listed((kind, column): (&str, &str)) -> String {
    format!("{column} in ({})", ValueLists::name(kind))
}

/// A list for each key that the row may have; a name that stands in several columns gives one.
fn keys_of_row(keys: &[(&'static str, &'static str)]) -> Vec<String> {
    let key = |(at, (kind, column)): (usize, &(&'static str, &'static str))| {
        let others = keys[..at].iter().filter(|(other, _)| other == kind);
        let is_new: String = others.map(|(_, other)| format!(" and {column} != {other}")).collect();
        let listed = is_listed((kind, column));
        let key = kql::key_of_column(kind, column);
        format!("iff({listed}{is_new}, pack_array({key}), dynamic([]))")
    };
    keys.iter().enumerate().map(key).collect()
}

/// Writes the query for the adapters of these devices.
pub(super) fn adapters(devices: &[&str]) -> String {
    format!("let dev = {};\n{ADAPTERS}", kql::list(devices.iter().copied()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::malicious;

    fn key(kind: &'static str, value: &str) -> EventKey {
        EventKey { kind, value: value.to_owned() }
    }

    fn queries(keys: &[EventKey], limit: usize) -> Vec<String> {
        groups(keys).iter().map(|group| events(group, limit)).collect()
    }

    #[test]
    fn only_tables_and_lists_with_values_are_named() {
        let [query] = &queries(&[key("sha1", "aa"), key("sha1", "bb")], 100)[..] else {
            panic!("one query")
        };
        assert!(
            query.starts_with("let sha1_values = dynamic(['aa', 'bb']);\nlet hits = "),
            "{query}"
        );
        for absent in ["sha256_values", "md5_values", "ip_values", "DeviceNetworkEvents"] {
            assert!(!query.contains(absent), "{absent}");
        }
        assert!(query.contains("(DeviceFileEvents | where SHA1 in (sha1_values) | extend K = array_concat(iff(SHA1 in (sha1_values), pack_array(strcat('sha1|', SHA1)), dynamic([]))))"));
        assert!(query.contains("where Rank <= 100") && query.contains("PreviousFileName"));
        assert!(queries(&[], 100).is_empty());
    }

    #[test]
    fn all_tables_stand_in_one_query() {
        let keys = [key("md5", "aa"), key("ip", "203.0.113.80"), key("domain", "bad.example")];
        let [query] = &queries(&keys, 7)[..] else { panic!("one query") };
        for part in [
            "let ip_values = dynamic(['203.0.113.80', '::ffff:203.0.113.80']);",
            "(DeviceFileEvents | where MD5 in (md5_values)",
            "(DeviceProcessEvents | where MD5 in (md5_values)",
            "(DeviceNetworkEvents | where RemoteIP in (ip_values) or RemoteUrl has_any (domain_values) or AdditionalFields has_any (domain_values) | extend Fields = parse_json(AdditionalFields)",
            "| where RemoteIP in (ip_values) or Host in (domain_values) or QueriedName in (domain_values) or ServerName in (domain_values) | extend K",
            "iff(QueriedName in (domain_values) and QueriedName != Host, pack_array(strcat('domain|', QueriedName)), dynamic([]))",
            "(DeviceEvents | where MD5 in (md5_values) or RemoteIP in (ip_values) or RemoteUrl has_any",
            "FolderPath, SHA1, SHA256, MD5, FileOriginUrl",
            "where Rank <= 7",
        ] {
            assert!(query.contains(part), "{part} in {query}");
        }
    }

    #[test]
    fn no_column_is_projected_twice() {
        let keys = [key("sha1", "aa"), key("ip", "203.0.113.80"), key("domain", "bad.example")];
        for keys in [&keys[..], &keys[..1], &keys[1..]] {
            let query = &queries(keys, 7)[0];
            let columns: Vec<_> = query.rsplit("| project ").next().unwrap().split(", ").collect();
            let distinct: std::collections::BTreeSet<_> = columns.iter().collect();
            assert_eq!(distinct.len(), columns.len(), "{columns:?}");
        }
    }

    #[test]
    fn a_name_is_searched_in_either_script() {
        let query = &queries(&[key("domain", "xn--bcher-kva.example")], 7)[0];
        let list = "let domain_values = dynamic(['xn--bcher-kva.example', 'bücher.example']);";
        assert!(query.starts_with(list), "{query}");
    }

    #[test]
    fn long_lists_become_several_queries() {
        let keys: Vec<_> = (0..1001).map(|n| key("domain", &format!("d{n}.example"))).collect();
        let ip = key("ip", "203.0.113.80");
        let queries = queries(&[&keys[..], &[ip]].concat(), 1);
        let sizes = queries.iter().map(|query| query.matches(".example'").count());
        assert_eq!(sizes.collect::<Vec<_>>(), [500, 500, 1]);
        assert!(queries[0].contains("let ip_values") && !queries[1].contains("let ip_values"));
    }

    proptest! {
        #[test]
        fn i02_any_value_is_one_literal(values in prop::collection::vec(malicious::value(), 1..6)) {
            let plain: Vec<_> = values.iter().map(|_| key("sha1", "x")).collect();
            let malicious: Vec<_> = values.iter().map(|value| key("sha1", value)).collect();
            let (plain, _) = malicious::kql(&queries(&plain, 100)[0]);
            let (skeleton, literals) = malicious::kql(&queries(&malicious, 100)[0]);
            prop_assert_eq!(skeleton, plain);
            prop_assert_eq!(&literals[..values.len()], &values[..]);
        }

        #[test]
        fn i02_any_device_id_is_one_literal(id in malicious::value()) {
            let (skeleton, literals) = malicious::kql(&adapters(&[&id]));
            prop_assert_eq!(skeleton, malicious::kql(&adapters(&["x"])).0);
            prop_assert_eq!(&literals[0], &id);
        }
    }
}
