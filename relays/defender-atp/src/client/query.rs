//! The Kusto queries: one for the events about all observables of a request, one for the network
//! adapters of all its devices (spec §4.4). Values stand in them as literals only.

use microsoft::kql;
use relay_core::ObservableType::{Domain, Ip, Ipv6, Md5, Sha1, Sha256};

use crate::subject::Subject;

/// The most values that one list of a query holds.
pub(super) const MOST_VALUES: usize = 500;

/// The newest record of each network adapter of the devices in `dev`, with its addresses.
const ADAPTERS: &str = "DeviceNetworkInfo | where DeviceId in (dev) | summarize arg_max(Timestamp, MacAddress, IPAddresses) by DeviceId, NetworkAdapterName | sort by DeviceId asc, NetworkAdapterName asc | summarize Adapters = make_list(bag_pack('mac', MacAddress, 'ips', IPAddresses)) by DeviceId";

const SYSTEM: &str = "DeviceInfo | where DeviceId in (dev) and isnotempty(OSPlatform) | summarize arg_max(Timestamp, OSPlatform, OSArchitecture, OSVersion) by DeviceId | project-away Timestamp";

/// What a row says beside the columns of its table.
const COMMON_COLUMNS: &str = "K, Timestamp, DeviceId, DeviceName, ActionType, InitiatingProcessFileName, InitiatingProcessFolderPath, InitiatingProcessSHA1, InitiatingProcessSHA256, InitiatingProcessMD5, InitiatingProcessParentFileName, InitiatingProcessAccountName, OSPlatform, OSArchitecture, OSVersion, Adapters, ReportId";

/// A table of events, and where observables are looked for in it.
struct Table {
    name: &'static str,
    /// Steps that make the compared columns.
    prepared: &'static str,
    columns: &'static [Column],
    /// Columns that only this table has.
    own_columns: &'static str,
}

/// A column that is compared with a list.
struct Column {
    name: &'static str,
    /// The list's name in the query.
    list: &'static str,
    /// The prefix of `K`, the key that leads from a row to its observable.
    prefix: &'static str,
}

const TABLES: [Table; 2] = [
    Table {
        name: "DeviceFileEvents",
        prepared: "",
        columns: &[
            Column { name: "SHA1", list: "s1", prefix: "sha1" },
            Column { name: "SHA256", list: "s2", prefix: "sha256" },
            Column { name: "MD5", list: "m5", prefix: "md5" },
        ],
        own_columns: "FileName, FolderPath, SHA1, SHA256, MD5, FileOriginUrl, FileOriginReferrerUrl, PreviousFileName",
    },
    Table {
        name: "DeviceNetworkEvents",
        prepared: " | extend Host = tolower(tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host))",
        columns: &[
            Column { name: "RemoteIP", list: "ips", prefix: "ip" },
            Column { name: "Host", list: "doms", prefix: "domain" },
        ],
        own_columns: "RemoteIP, RemoteUrl, RemotePort, LocalIP, Protocol",
    },
];

/// What events are looked for by: a column's prefix and a value in normal form, as `K` joins them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    prefix: &'static str,
    value: String,
}

impl Key {
    /// None for types that no event is about.
    pub(crate) fn of(subject: &Subject<'_>) -> Option<Self> {
        let prefix = match subject.kind() {
            Sha1 => "sha1",
            Sha256 => "sha256",
            Md5 => "md5",
            Ip | Ipv6 => "ip",
            Domain => "domain",
            _ => return None,
        };
        Some(Self { prefix, value: subject.value.clone() })
    }

    /// A file by its SHA-1.
    pub(crate) fn sha1(value: String) -> Self {
        Self { prefix: "sha1", value }
    }

    /// `sha1:36b3…`, as the rows have it.
    pub(crate) fn text(&self) -> String {
        format!("{}:{}", self.prefix, self.value)
    }
}

/// As many queries as the longest list needs; at most `most` rows come for each key.
pub(super) fn events(keys: &[Key], most: usize) -> Vec<String> {
    let mut lists: Vec<(&Table, &Column, Vec<&str>)> = Vec::new();
    for table in &TABLES {
        for column in table.columns {
            let wanted = keys.iter().filter(|key| key.prefix == column.prefix);
            lists.push((table, column, wanted.map(|key| key.value.as_str()).collect()));
        }
    }
    let longest = lists.iter().map(|(.., values)| values.len()).max().unwrap_or_default();
    (0..longest.div_ceil(MOST_VALUES)).map(|turn| events_query(&lists, turn, most)).collect()
}

/// The query over the `turn`th piece of each list; tables without a value are left out.
fn events_query(lists: &[(&Table, &Column, Vec<&str>)], turn: usize, most: usize) -> String {
    let pieces: Vec<_> = lists
        .iter()
        .filter_map(|(table, column, values)| {
            Some((*table, *column, values.chunks(MOST_VALUES).nth(turn)?))
        })
        .collect();
    let lists: String = pieces
        .iter()
        .map(|(_, column, values)| {
            format!("let {} = {};\n", column.list, kql::list(values.iter().copied()))
        })
        .collect();
    let mut branches = Vec::new();
    let mut columns = COMMON_COLUMNS.to_owned();
    for table in &TABLES {
        let named = pieces.iter().filter(|(of, ..)| of.name == table.name);
        let named: Vec<_> = named.map(|(_, column, _)| *column).collect();
        if !named.is_empty() {
            branches.push(table.hits(&named));
            columns = format!("{columns}, {}", table.own_columns);
        }
    }
    format!(
        "{lists}let hits = materialize(union\n {branches}\n | mv-expand K to typeof(string) | sort by K asc, Timestamp desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= {most});\n\
         let dev = hits | distinct DeviceId;\n\
         hits\n\
         | join kind=leftouter ({SYSTEM}) on DeviceId\n\
         | join kind=leftouter ({ADAPTERS}) on DeviceId\n\
         | project {columns}",
        branches = branches.join(",\n ")
    )
}

impl Table {
    /// The rows that have one of the values, each with the keys of all that it has.
    fn hits(&self, columns: &[&Column]) -> String {
        let is_in = |column: &&Column| format!("{} in ({})", column.name, column.list);
        let key = |column: &&Column| {
            let Column { name, prefix, .. } = column;
            format!("iff({}, pack_array(strcat('{prefix}:', {name})), dynamic([]))", is_in(column))
        };
        format!(
            "({}{} | where {} | extend K = array_concat({}))",
            self.name,
            self.prepared,
            columns.iter().map(is_in).collect::<Vec<_>>().join(" or "),
            columns.iter().map(key).collect::<Vec<_>>().join(", ")
        )
    }
}

/// The adapters of these devices.
pub(super) fn adapters(devices: &[&str]) -> String {
    format!("let dev = {};\n{ADAPTERS}", kql::list(devices.iter().copied()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(prefix: &'static str, value: &str) -> Key {
        Key { prefix, value: value.to_owned() }
    }

    /// The query with an `X` for each literal, and the literals' values: Kusto's rules, read
    /// without the writer's help.
    fn taken_apart(query: &str) -> (String, Vec<String>) {
        let (mut frame, mut values) = (String::new(), Vec::new());
        let mut letters = query.chars();
        while let Some(letter) = letters.next() {
            if letter != '\'' {
                frame.push(letter);
                continue;
            }
            let mut value = String::new();
            loop {
                match letters.next().expect("a literal ends") {
                    '\'' => break,
                    '\\' => value.push(match letters.next().expect("an escape is whole") {
                        't' => '\t',
                        'r' => '\r',
                        'n' => '\n',
                        'u' => {
                            let digits: String = letters.by_ref().take(4).collect();
                            let code = u32::from_str_radix(&digits, 16).expect("four hex digits");
                            char::from_u32(code).expect("a letter")
                        }
                        plain @ ('\\' | '\'') => plain,
                        other => panic!("unknown escape {other}"),
                    }),
                    '\n' | '\r' => panic!("a literal over two lines"),
                    plain => value.push(plain),
                }
            }
            frame.push('X');
            values.push(value);
        }
        (frame, values)
    }

    #[test]
    fn only_tables_and_lists_with_values_are_named() {
        let [query] = &events(&[key("sha1", "aa"), key("sha1", "bb")], 100)[..] else {
            panic!("one query")
        };
        assert!(query.starts_with("let s1 = dynamic(['aa', 'bb']);\nlet hits = "), "{query}");
        for absent in ["let s2", "let m5", "let ips", "let doms", "DeviceNetworkEvents", "RemoteIP"]
        {
            assert!(!query.contains(absent), "{absent}");
        }
        assert!(query.contains("(DeviceFileEvents | where SHA1 in (s1) | extend K = array_concat(iff(SHA1 in (s1), pack_array(strcat('sha1:', SHA1)), dynamic([]))))"));
        assert!(query.contains("where Rank <= 100") && query.contains("PreviousFileName"));
        assert!(events(&[], 100).is_empty());
    }

    #[test]
    fn both_tables_stand_in_one_query() {
        let keys = [key("md5", "aa"), key("ip", "203.0.113.80"), key("domain", "bad.example")];
        let [query] = &events(&keys, 7)[..] else { panic!("one query") };
        assert!(query.contains("where RemoteIP in (ips) or Host in (doms)"), "{query}");
        assert!(query.contains("(DeviceFileEvents | where MD5 in (m5)"));
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
        assert!(queries[0].contains("let ips") && !queries[1].contains("let ips"));
    }

    proptest! {
        #[test]
        fn i02_any_value_is_one_literal(values in prop::collection::vec(any::<String>(), 1..6)) {
            let plain: Vec<_> = values.iter().map(|_| key("domain", "x")).collect();
            let odd: Vec<_> = values.iter().map(|value| key("domain", value)).collect();
            let (plain, _) = taken_apart(&events(&plain, 100)[0]);
            let (frame, found) = taken_apart(&events(&odd, 100)[0]);
            prop_assert_eq!(frame, plain);
            prop_assert_eq!(&found[..values.len()], &values[..]);
        }

        #[test]
        fn i02_any_device_id_is_one_literal(id in any::<String>()) {
            let (frame, found) = taken_apart(&adapters(&[&id]));
            prop_assert_eq!(frame, taken_apart(&adapters(&["x"])).0);
            prop_assert_eq!(&found[0], &id);
        }
    }
}
