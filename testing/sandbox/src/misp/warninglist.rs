//! Warning lists: values that are known to be good or to mislead.
//!
//! Read of them: lists of type `string`, `substring`, `hostname` and `cidr`; each checks both halves of a
//! composite. Left out: lists of regular expressions.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    content::{Attribute, Content},
    installation::Numbers,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Warninglist {
    id: u64,
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    /// `false_positive` or `known`.
    category: String,
    entries: Vec<String>,
    /// The attribute types that it is for; `ALL` stands for every type.
    types: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    String,
    Substring,
    Hostname,
    Cidr,
}

impl Warninglist {
    fn is_for(&self, kind: &str) -> bool {
        self.types.iter().any(|own| own == kind || own == "ALL")
    }

    /// The entry that the value matches.
    fn entry(&self, value: &str) -> Option<&str> {
        let value = value.to_lowercase();
        let fits = |entry: &&String| match self.kind {
            Kind::String => entry.to_lowercase() == value,
            Kind::Substring => value.contains(&entry.to_lowercase()),
            Kind::Hostname => is_below(host(&value), &entry.to_lowercase()),
            Kind::Cidr => contains(entry, &value),
        };
        self.entries.iter().find(fits).map(String::as_str)
    }
}

/// The hits of an attribute, as `includeWarninglistHits` shows them.
pub(super) fn hits(content: &Content, row: &Attribute, numbers: Numbers) -> Vec<Value> {
    let [first, second] = row.halves().map(|half| half.text);
    let parts = [first, second].into_iter().filter(|part| !part.is_empty());
    let lists = content.warninglists.iter().filter(|list| list.is_for(&row.kind));
    lists
        .filter_map(|list| {
            let (value, entry) = parts.clone().find_map(|part| Some((part, list.entry(part)?)))?;
            Some(json!({
                "match": entry,
                "value": value,
                "warninglist_id": numbers.number(list.id),
                "warninglist_name": list.name,
                "warninglist_category": list.category,
            }))
        })
        .collect()
}

/// `POST /warninglists/checkValue`: the lists that each value is on, whatever its type is.
pub(super) fn check_values(content: &Content, values: &Value, numbers: Numbers) -> Value {
    let values: Vec<&str> = match values {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    };
    let hits = values.into_iter().filter_map(|value| {
        let lists = content.warninglists.iter();
        let hits: Vec<_> = lists
            .filter_map(|list| {
                let id = numbers.number(list.id);
                Some(json!({"id": id, "name": list.name, "matched": list.entry(value)?}))
            })
            .collect();
        (!hits.is_empty()).then(|| (value.to_owned(), hits.into()))
    });
    Value::Object(hits.collect::<Map<_, _>>())
}

/// The host of a URL; any other text as it is.
fn host(value: &str) -> &str {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    rest.split(['/', ':', '?', '#']).next().unwrap_or(rest)
}

fn is_below(host: &str, domain: &str) -> bool {
    let domain = domain.trim_start_matches('.');
    host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// Whether a network (or address) contains an address.
fn contains(network: &str, address: &str) -> bool {
    let (base, length) = network.split_once('/').unwrap_or((network, "128"));
    let (Ok(base), Ok(address), Ok(length)) =
        (base.parse::<IpAddr>(), address.parse::<IpAddr>(), length.parse::<u32>())
    else {
        return false;
    };
    let same = |base: u128, address: u128, width: u32| {
        let low = width.saturating_sub(length);
        base.checked_shr(low).unwrap_or(0) == address.checked_shr(low).unwrap_or(0)
    };
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            same(base.to_bits().into(), address.to_bits().into(), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => same(base.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{contains, host, is_below};

    #[test]
    fn networks_contain_addresses() {
        for (network, address, expected) in [
            ("192.0.2.0/24", "192.0.2.53", true),
            ("192.0.2.0/24", "192.0.3.53", false),
            ("192.0.2.53", "192.0.2.53", true),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "192.0.2.53", false),
            ("192.0.2.0/24", "bad.example", false),
        ] {
            assert_eq!(contains(network, address), expected, "{address} in {network}");
        }
    }

    #[test]
    fn hosts_stand_below_domains() {
        assert!(is_below(host("http://www.good.example:8080/x"), "good.example"));
        assert!(is_below("good.example", ".good.example"));
        assert!(!is_below("bad-good.example", "good.example"));
    }
}
