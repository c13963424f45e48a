//! The Kusto queries: one for the events about all observables of a call, one for the network
//! adapters of all its devices. Values stand in them as literals only.
//! docs/relays/defender-atp.md#hunting

use relay_core::ObservableType::{Domain, Ip, Ipv6, Md5, Sha1, Sha256};

use super::NormalizedObservable;
use crate::kql::{self, MAX_LIST_VALUES, REMOTE_URL_HOST, ValueLists};

/// The newest record of each network adapter of the devices in `dev`, with its addresses.
const ADAPTERS: &str = "DeviceNetworkInfo | where DeviceId in (dev) | summarize arg_max(Timestamp, MacAddress, IPAddresses) by DeviceId, NetworkAdapterName | sort by DeviceId asc, NetworkAdapterName asc | summarize Adapters = make_list(bag_pack('mac', MacAddress, 'ips', IPAddresses)) by DeviceId";

/// The newest record of the operating system of the devices in `dev`.
const SYSTEM: &str = "DeviceInfo | where DeviceId in (dev) and isnotempty(OSPlatform) | summarize arg_max(Timestamp, OSPlatform, OSArchitecture, OSVersion) by DeviceId | project-away Timestamp";

/// The columns of the result that do not depend on the table.
const COMMON_COLUMNS: &str = "K, Timestamp, DeviceId, DeviceName, ActionType, InitiatingProcessFileName, InitiatingProcessFolderPath, InitiatingProcessSHA1, InitiatingProcessSHA256, InitiatingProcessMD5, InitiatingProcessParentFileName, InitiatingProcessAccountName, OSPlatform, OSArchitecture, OSVersion, Adapters, ReportId";

/// A table of events.
struct EventTable {
    name: &'static str,
    /// Whether the column `Host` has to be made of `RemoteUrl`.
    needs_host: bool,
    /// The columns that are compared with values, each with the kind of its values.
    key_columns: &'static [(&'static str, &'static str)],
    /// The columns of the result that only this table has.
    own_columns: &'static str,
}

const TABLES: [EventTable; 2] = [
    EventTable {
        name: "DeviceFileEvents",
        needs_host: false,
        key_columns: &[("sha1", "SHA1"), ("sha256", "SHA256"), ("md5", "MD5")],
        own_columns: "FileName, FolderPath, SHA1, SHA256, MD5, FileOriginUrl, FileOriginReferrerUrl, PreviousFileName",
    },
    EventTable {
        name: "DeviceNetworkEvents",
        needs_host: true,
        key_columns: &[("ip", "RemoteIP"), ("domain", "Host")],
        own_columns: "RemoteIP, RemoteUrl, RemotePort, LocalIP, Protocol",
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

    /// Returns the key as the column `K` has it: `sha1|36b3…`.
    #[must_use]
    pub fn text(&self) -> String {
        kql::key(self.kind, &self.value)
    }
}

/// Writes the queries for the newest `limit` events of each key: as many as the longest list needs.
pub(super) fn events(keys: &[EventKey], limit: usize) -> Vec<String> {
    let values = keys.iter().map(|key| (key.kind, key.value.clone()));
    ValueLists::for_queries(values).iter().map(|lists| events_query(lists, limit)).collect()
}

/// Tables and columns without a value are left out.
fn events_query(lists: &ValueLists, limit: usize) -> String {
    let (mut branches, mut columns) = (Vec::new(), COMMON_COLUMNS.to_owned());
    for table in &TABLES {
        if let Some(branch) = table.matching_rows(lists) {
            branches.push(branch);
            columns = format!("{columns}, {}", table.own_columns);
        }
    }
    format!(
        "{lists}let hits = materialize(union\n {branches}\n | mv-expand K to typeof(string) | {newest});\n\
         let dev = hits | distinct DeviceId;\n\
         hits\n\
         | join kind=leftouter ({SYSTEM}) on DeviceId\n\
         | join kind=leftouter ({ADAPTERS}) on DeviceId\n\
         | project {columns}",
        lists = lists.declarations(),
        branches = branches.join(",\n "),
        newest = kql::newest_of_each_key("Timestamp", limit),
    )
}

impl EventTable {
    /// The rows that have one of the values, each with the keys of all that it has; none where no
    /// list is for this table.
    fn matching_rows(&self, lists: &ValueLists) -> Option<String> {
        let columns: Vec<_> =
            self.key_columns.iter().copied().filter(|(kind, _)| lists.has(kind)).collect();
        if columns.is_empty() {
            return None;
        }
        let is_listed =
            |kind: &str, column: &str| format!("{column} in ({})", ValueLists::name(kind));
        let conditions: Vec<_> =
            columns.iter().map(|(kind, column)| is_listed(kind, column)).collect();
        let keys = columns.iter().map(|(kind, column)| {
            let key = kql::key_of_column(kind, column);
            format!("iff({}, pack_array({key}), dynamic([]))", is_listed(kind, column))
        });
        let keys: Vec<_> = keys.collect();
        let host = match self.needs_host {
            true => format!(" | extend Host = tolower({REMOTE_URL_HOST})"),
            false => String::new(),
        };
        Some(format!(
            "({}{host} | where {} | extend K = array_concat({}))",
            self.name,
            conditions.join(" or "),
            keys.join(", ")
        ))
    }
}

/// Writes the queries for the adapters of these devices.
pub(super) fn adapters(devices: &[&str]) -> Vec<String> {
    let query =
        |devices: &[&str]| format!("let dev = {};\n{ADAPTERS}", kql::list(devices.iter().copied()));
    devices.chunks(MAX_LIST_VALUES).map(query).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::malicious;

    fn key(kind: &'static str, value: &str) -> EventKey {
        EventKey { kind, value: value.to_owned() }
    }

    #[test]
    fn only_tables_and_lists_with_values_are_named() {
        let [query] = &events(&[key("sha1", "aa"), key("sha1", "bb")], 100)[..] else {
            panic!("one query")
        };
        assert!(
            query.starts_with("let sha1_values = dynamic(['aa', 'bb']);\nlet hits = "),
            "{query}"
        );
        for absent in
            ["sha256_values", "md5_values", "ip_values", "DeviceNetworkEvents", "RemoteIP"]
        {
            assert!(!query.contains(absent), "{absent}");
        }
        assert!(query.contains("(DeviceFileEvents | where SHA1 in (sha1_values) | extend K = array_concat(iff(SHA1 in (sha1_values), pack_array(strcat('sha1|', SHA1)), dynamic([]))))"));
        assert!(query.contains("where Rank <= 100") && query.contains("PreviousFileName"));
        assert!(events(&[], 100).is_empty());
    }

    #[test]
    fn both_tables_stand_in_one_query() {
        let keys = [key("md5", "aa"), key("ip", "203.0.113.80"), key("domain", "bad.example")];
        let [query] = &events(&keys, 7)[..] else { panic!("one query") };
        assert!(
            query.contains("where RemoteIP in (ip_values) or Host in (domain_values)"),
            "{query}"
        );
        assert!(query.contains("(DeviceFileEvents | where MD5 in (md5_values)"));
        assert!(query.contains("FolderPath, SHA1, SHA256, MD5") && query.contains("RemotePort"));
        assert!(query.contains("where Rank <= 7"));
    }

    #[test]
    fn long_lists_become_several_queries() {
        let keys: Vec<_> = (0..1001).map(|n| key("domain", &format!("d{n}.example"))).collect();
        let ip = key("ip", "203.0.113.80");
        let queries = events(&[&keys[..], &[ip]].concat(), 1);
        let sizes = queries.iter().map(|query| query.matches(".example'").count());
        assert_eq!(sizes.collect::<Vec<_>>(), [500, 500, 1]);
        assert!(queries[0].contains("let ip_values") && !queries[1].contains("let ip_values"));
        let ids = vec!["f506"; 501];
        assert_eq!(adapters(&ids).len(), 2);
    }

    proptest! {
        #[test]
        fn i02_any_value_is_one_literal(values in prop::collection::vec(malicious::value(), 1..6)) {
            let plain: Vec<_> = values.iter().map(|_| key("domain", "x")).collect();
            let malicious: Vec<_> = values.iter().map(|value| key("domain", value)).collect();
            let (plain, _) = malicious::kql(&events(&plain, 100)[0]);
            let (skeleton, literals) = malicious::kql(&events(&malicious, 100)[0]);
            prop_assert_eq!(skeleton, plain);
            prop_assert_eq!(&literals[..values.len()], &values[..]);
        }

        #[test]
        fn i02_any_device_id_is_one_literal(id in malicious::value()) {
            let (skeleton, literals) = malicious::kql(&adapters(&[&id])[0]);
            prop_assert_eq!(skeleton, malicious::kql(&adapters(&["x"])[0]).0);
            prop_assert_eq!(&literals[0], &id);
        }
    }
}
