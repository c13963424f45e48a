//! Which rows of a page are about which observable, where several were searched for in one query.
//! Specification: docs/relays/qualys-ioc.md#one-query-for-many-values.

use std::{collections::HashMap, sync::Arc};

use relay_core::{
    Observable,
    ObservableType::{self, Ip, Ipv6, Md5, Sha256},
};

use super::{Event, Page, query::SearchTerm};

/// A hash or an address in its normal form.
type Mark = (ObservableType, String);

/// The rows of one page by observable.
pub(super) struct Shares {
    /// Of each observable the first rows up to the limit, in the gateway's order.
    pub(super) events: Vec<Vec<Arc<Event>>>,
    /// Whether every row is about one of the observables.
    pub(super) are_all_attributed: bool,
}

/// Attributes each row to all observables whose value it holds.
pub(super) fn shares(terms: &[&SearchTerm<'_>], page: Page, limit: usize) -> Shares {
    let mut numbers: HashMap<Mark, Vec<usize>> = HashMap::new();
    for (number, term) in terms.iter().enumerate() {
        let mark = (field_of(term.observable.kind), term.value.clone());
        numbers.entry(mark).or_default().push(number);
    }
    let mut shares = Shares { events: vec![Vec::new(); terms.len()], are_all_attributed: true };
    for event in page.events.into_iter().map(Arc::new) {
        let named = named(&numbers, &event);
        shares.are_all_attributed &= !named.is_empty();
        for number in named {
            let share = &mut shares.events[number];
            if share.len() < limit {
                share.push(event.clone());
            }
        }
    }
    shares
}

/// Returns the observables that an event is about, by its own fields, or else by its verdicts: those
/// hold the hash of an image that the other fields may lack.
fn named(numbers: &HashMap<Mark, Vec<usize>>, event: &Event) -> Vec<usize> {
    let of = |marks: Vec<Mark>| {
        let named = marks.iter().filter_map(|mark| numbers.get(mark)).flatten().copied();
        let mut named: Vec<_> = named.collect();
        named.sort_unstable();
        named.dedup();
        named
    };
    Some(of(own_marks(event)))
        .filter(|named| !named.is_empty())
        .unwrap_or_else(|| of(judged_marks(event)))
}

fn own_marks(event: &Event) -> Vec<Mark> {
    let image = event.process.as_ref().and_then(|process| process.process_file.as_ref());
    let files = event.file.as_ref().into_iter().chain(image);
    let hashes = files.flat_map(|file| [(Md5, &file.md5), (Sha256, &file.sha256)]);
    let network = event.network.as_ref();
    let addresses = network.into_iter().flat_map(|it| [(Ip, &it.local_ip), (Ip, &it.remote_ip)]);
    hashes.chain(addresses).filter_map(|(kind, text)| mark(kind, text.as_deref()?)).collect()
}

fn judged_marks(event: &Event) -> Vec<Mark> {
    let verdicts = event.verdicts.iter().flatten();
    verdicts.filter_map(|verdict| mark(Sha256, verdict.sha256.as_deref()?)).collect()
}

fn mark(kind: ObservableType, text: &str) -> Option<Mark> {
    // The zone of an address is the endpoint's own.
    let value = text.split('%').next()?;
    Some((kind, Observable::new(kind, value).normal_form()?))
}

/// Both types of address stand in the same fields.
fn field_of(kind: ObservableType) -> ObservableType {
    if kind == Ipv6 { Ip } else { kind }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::query::search_terms;

    /// Returns the observables that an event is about.
    fn attributed(event: serde_json::Value) -> Vec<&'static str> {
        const VALUES: [(ObservableType, &str); 6] = [
            (Md5, "0F1E2D3C4B5A69788796A5B4C3D2E1F0"),
            (Sha256, "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6"),
            (Sha256, "777777777777777777777777777777777777777777777777777777777777777e"),
            (Ip, "203.0.113.77"),
            (Ip, "2001:DB8:0::77"),
            (Ipv6, "2001:db8::77"),
        ];
        let observables = VALUES.map(|(kind, value)| Observable::new(kind, value));
        let terms = search_terms(&observables).data;
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        let page = Page { events: vec![event], is_full: false };
        let Shares { events, are_all_attributed } =
            shares(&terms.iter().collect::<Vec<_>>(), page, 1);
        let found = events.iter().zip(VALUES).filter(|(events, _)| !events.is_empty());
        let found: Vec<_> = found.map(|(_, (_, value))| value).collect();
        assert_eq!(are_all_attributed, !found.is_empty());
        found
    }

    #[test]
    fn a_row_is_about_every_value_that_it_holds() {
        let [md5, sha256, other, ip, v6, same] = [
            "0F1E2D3C4B5A69788796A5B4C3D2E1F0",
            "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6",
            "777777777777777777777777777777777777777777777777777777777777777e",
            "203.0.113.77",
            "2001:DB8:0::77",
            "2001:db8::77",
        ];
        let file = json!({"md5": md5.to_lowercase(), "sha256": sha256.to_uppercase()});
        assert_eq!(attributed(json!({"file": file})), [md5, sha256]);
        assert_eq!(attributed(json!({"process": {"processFile": file}})), [md5, sha256]);
        let network =
            json!({"localIP": "2001:db8:0:0::77%eth0", "remoteIP": "::ffff:203.0.113.77"});
        assert_eq!(attributed(json!({"network": network})), [ip, v6, same]);
        let verdicts = json!([null, {"sha256": other}]);
        assert_eq!(attributed(json!({"indicator2": verdicts})), [other]);
        assert_eq!(attributed(json!({"file": file, "indicator2": verdicts})), [md5, sha256]);
    }

    #[test]
    fn a_row_without_any_value_is_about_none() {
        for event in [
            json!({}),
            json!({"network": {"localIP": "203.0.113.7", "remoteIP": "203.0.113.770"}}),
            json!({"file": {"fileName": "203.0.113.77", "md5": "0f1e"}}),
            json!({"asset": {"interfaces": [{"ipAddress": "203.0.113.77"}]}}),
        ] {
            assert!(attributed(event).is_empty());
        }
    }
}
