//! Speaks CTIM: what detections and events say about one observable. Pure functions.

mod indicator;
mod relations;
mod sighting;
mod table;
mod url;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

use relay_core::{
    BaseUrl, Bundle, Namespace, Time,
    ctim::{Relationship, RelationshipType},
};

use crate::{
    client::{Event, Lease, Rule, Side},
    iql::Wanted,
};

/// What mapping has to know besides the events.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// The product's name.
    pub(crate) source: &'static str,
    pub(crate) namespace: Namespace,
    pub(crate) portal: &'a BaseUrl,
    pub(crate) devices: Devices,
}

/// What is said of the detections of one rule and account about one observable.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) rule: Rule,
    pub(crate) account: Option<String>,
    /// How many devices were hit.
    pub(crate) devices: usize,
    /// How many values the rule found.
    pub(crate) values: usize,
}

/// An event with its time, and the finding that led to it, if one did.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) event: Event,
    pub(crate) uuid: String,
    pub(crate) at: Time,
    pub(crate) finding: Option<Arc<Finding>>,
}

impl Seen {
    /// None for an event without id or time.
    pub(crate) fn of(mut event: Event, finding: Option<Arc<Finding>>) -> Option<Self> {
        Some(Self { uuid: event.uuid.take()?, at: event.timestamp?, event, finding })
    }

    fn rule_uuid(&self) -> Option<&str> {
        self.finding.as_ref()?.rule.uuid.as_deref()
    }

    /// Newest first; who answered first has no say in the order of equal times.
    fn order(one: &Self, other: &Self) -> Ordering {
        let rank = |seen: &Self| (seen.finding.is_none(), seen.rule_uuid().map(str::to_owned));
        let by_id = one.uuid.cmp(&other.uuid).then_with(|| rank(one).cmp(&rank(other)));
        other.at.cmp(&one.at).then(by_id)
    }
}

/// The events that the answer is about: those of detections first, then those of the search, both
/// newest first and none twice, as many as the limit allows; then all newest first.
///
/// Under two rules an event is two things; without a rule it is nothing new.
pub(crate) fn chosen(mut detected: Vec<Seen>, mut searched: Vec<Seen>, limit: usize) -> Vec<Seen> {
    detected.sort_by(Seen::order);
    searched.sort_by(Seen::order);
    let (mut events, mut pairs) = (HashSet::new(), HashSet::new());
    let is_new = |seen: &Seen| {
        let is_new_event = events.insert(seen.uuid.clone());
        let is_new_pair = pairs.insert((seen.uuid.clone(), seen.rule_uuid().map(str::to_owned)));
        is_new_event || (is_new_pair && seen.finding.is_some())
    };
    let mut chosen: Vec<_> =
        detected.into_iter().chain(searched).filter(is_new).take(limit).collect();
    chosen.sort_by(Seen::order);
    chosen
}

/// The addresses inside the customer's network, each with the newest time it was seen.
pub(crate) fn inside<'a>(all: impl IntoIterator<Item = &'a Seen>) -> BTreeMap<IpAddr, Time> {
    let mut newest = BTreeMap::new();
    for seen in all {
        for side in [seen.event.source(), seen.event.destination()] {
            if let Some(address) = address_inside(&side) {
                let at = newest.entry(address).or_insert(seen.at);
                *at = seen.at.max(*at);
            }
        }
    }
    newest
}

fn address_inside(side: &Side) -> Option<IpAddr> {
    side.ip.as_deref().filter(|_| side.internal == Some(true))?.parse().ok()
}

/// Which device had which address in which account.
#[derive(Debug, Default)]
pub(crate) struct Devices(HashMap<(IpAddr, String), Lease>);

impl Devices {
    /// Of several leases of one address the first counts.
    pub(crate) fn of(leases: Vec<Lease>) -> Self {
        let mut devices = HashMap::new();
        for mut lease in leases {
            let address = lease.ip.as_deref().and_then(|ip| ip.parse().ok());
            if let Some(place) = address.zip(lease.account_code.take()) {
                devices.entry(place).or_insert(lease);
            }
        }
        Self(devices)
    }

    fn lease(&self, side: &Side, account: Option<&str>) -> Option<&Lease> {
        self.0.get(&(address_inside(side)?, account?.to_owned()))
    }
}

/// All entities about one observable; indicators and relationships follow from the sightings.
pub(crate) fn entities(wanted: &Wanted<'_>, chosen: &[Seen], view: &View<'_>) -> Bundle {
    let mut bundle = Bundle::default();
    for seen in chosen {
        let sighting = sighting::sighting(wanted, seen, view);
        let rule = seen.finding.as_ref().map(|finding| &finding.rule);
        if let Some(indicator) = rule.and_then(|rule| indicator::indicator(rule, view)) {
            bundle.add_relationship(Relationship::of(
                view.namespace,
                view.source,
                sighting.id(),
                RelationshipType::SightingOf,
                indicator.id(),
            ));
            bundle.add_indicator(indicator);
        }
        bundle.add_sighting(sighting);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(uuid: &str, second: i64, rule: Option<&str>) -> Seen {
        let rule = rule.map(|uuid| Rule { uuid: Some(uuid.to_owned()), ..Rule::default() });
        let finding = rule.map(|rule| Finding { rule, account: None, devices: 1, values: 1 });
        Seen {
            event: Event::default(),
            uuid: uuid.to_owned(),
            at: Time::from_unix_seconds(second).unwrap(),
            finding: finding.map(Arc::new),
        }
    }

    fn ids(all: Vec<Seen>) -> Vec<String> {
        all.iter().map(|seen| format!("{}{}", seen.uuid, seen.rule_uuid().unwrap_or("-"))).collect()
    }

    #[test]
    fn no07_detections_come_before_the_search_and_the_newest_before_the_cut() {
        let detected = || vec![seen("a", 1, Some("R")), seen("b", 3, Some("R"))];
        let searched = || vec![seen("c", 2, None), seen("d", 9, None)];
        let chosen = |limit| ids(chosen(detected(), searched(), limit));
        assert_eq!(chosen(1), ["bR"]);
        assert_eq!(chosen(2), ["bR", "aR"]);
        assert_eq!(chosen(3), ["d-", "bR", "aR"]);
        assert_eq!(chosen(9), ["d-", "bR", "c-", "aR"]);
    }

    #[test]
    fn no12_an_event_is_there_once_for_each_rule_and_else_once() {
        let detected = vec![
            seen("a", 1, None),
            seen("a", 1, Some("R")),
            seen("a", 1, Some("Q")),
            seen("a", 1, Some("R")),
        ];
        let searched = vec![seen("a", 1, None), seen("b", 1, None), seen("b", 1, None)];
        assert_eq!(ids(chosen(detected, searched, 9)), ["aQ", "aR", "b-"]);
    }
}
