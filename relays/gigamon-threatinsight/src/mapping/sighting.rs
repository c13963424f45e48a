//! Sightings, and the events that they are about.
//! Specification: docs/relays/gigamon-threatinsight.md#sightings.

use std::{cmp::Ordering, collections::HashSet, iter, sync::Arc};

use relay_core::{
    Error, ErrorKind, Observable,
    ObservableType::{Hostname, MacAddress},
    Partial, Time,
    ctim::{ExternalReference, ObservedTime, Sensor, ShortText, Sighting, Target},
};

use super::{
    Mapper, SOURCE, internal_address, reference,
    relations::relations,
    rule_page, search_page,
    vocabulary::{self, RuleMatch},
};
use crate::client::{
    Detected, Detection, Event, FoundEvents, Lease, Rule, Side, query::SearchTerm,
};

/// An event with its id and time, and the detections that led to it, if there are any. Where nothing
/// is known of the events of a detection, it stands for the detection.
#[derive(Debug)]
pub(crate) struct DatedEvent {
    pub(super) event: Arc<Event>,
    pub(super) uuid: String,
    pub(super) time: Time,
    pub(super) rule_match: Option<Arc<RuleMatch>>,
    /// The time of the first event, if it stands for a detection.
    pub(super) first_seen: Option<Time>,
}

impl DatedEvent {
    /// Returns `None` for an event without id or time.
    fn new(event: Arc<Event>, rule_match: Option<Arc<RuleMatch>>) -> Option<Self> {
        let (uuid, time) = ((*event.uuid).clone()?, event.timestamp?);
        Some(Self { event, uuid, time, rule_match, first_seen: None })
    }

    /// Returns `None` for a detection without id or time.
    fn of_detection(detection: &Detection, rule_match: Option<Arc<RuleMatch>>) -> Option<Self> {
        let (first, _) = detection.period()?;
        let event = Self::new(Arc::new(Event::of_detection(detection)), rule_match)?;
        Some(Self { first_seen: Some(first), ..event })
    }

    pub(super) fn is_detection(&self) -> bool {
        self.first_seen.is_some()
    }

    pub(super) fn rule(&self) -> Option<&Rule> {
        self.rule_match.as_deref().map(|rule_match| &*rule_match.rule)
    }

    pub(super) fn rule_uuid(&self) -> Option<&str> {
        self.rule()?.uuid.as_deref()
    }

    /// Orders newest first; equal times by id, so that the order of responses does not matter.
    fn order(one: &Self, other: &Self) -> Ordering {
        let rank =
            |event: &Self| (event.rule_match.is_none(), event.rule_uuid().map(str::to_owned));
        let by_id = one.uuid.cmp(&other.uuid).then_with(|| rank(one).cmp(&rank(other)));
        other.time.cmp(&one.time).then(by_id)
    }
}

/// Selects the events of one observable: those of detections before those of the search, up to the
/// limit, newest first. A detection without such events is shown itself. Errors: those of `found`,
/// and a warning about what has no id or time.
/// Specification: docs/relays/gigamon-threatinsight.md#matching.
pub(crate) fn select(
    term: &SearchTerm<'_>,
    found: Partial<FoundEvents>,
    limit: usize,
) -> Partial<Vec<DatedEvent>> {
    let Partial { data: FoundEvents { detected, searched }, mut errors } = found;
    let (mut of_detections, mut of_search) = (Vec::new(), Vec::new());
    let (mut has_undated, mut has_undated_detection) = (false, false);
    let detected = detected.unwrap_or_default();
    for Detected { detection, events } in &detected {
        let rule_match = RuleMatch::new(&detected, detection).map(Arc::new);
        let dated = |event: &Arc<Event>| DatedEvent::new(event.clone(), rule_match.clone());
        let dated: Vec<_> = events.iter().filter_map(dated).collect();
        has_undated |= dated.len() < events.len();
        if dated.is_empty() {
            let itself = DatedEvent::of_detection(detection, rule_match);
            has_undated_detection |= itself.is_none();
            of_detections.extend(itself);
        }
        of_detections.extend(dated);
    }
    for event in searched.into_iter().flatten() {
        let event = DatedEvent::new(event, None);
        has_undated |= event.is_none();
        of_search.extend(event);
    }
    errors.extend(has_undated.then(|| undated("events", term)));
    errors.extend(has_undated_detection.then(|| undated("detections", term)));
    Partial { data: merge(of_detections, of_search, limit), errors }
}

/// Merges the events of both sources. An event under two rules is there twice; an event without
/// rule is left out if it is there already.
fn merge(
    mut detected: Vec<DatedEvent>,
    mut searched: Vec<DatedEvent>,
    limit: usize,
) -> Vec<DatedEvent> {
    detected.sort_by(DatedEvent::order);
    searched.sort_by(DatedEvent::order);
    let (mut uuids, mut pairs) = (HashSet::new(), HashSet::new());
    let is_new = |event: &DatedEvent| {
        let is_new_event = uuids.insert(event.uuid.clone());
        let is_new_pair = pairs.insert((event.uuid.clone(), event.rule_uuid().map(str::to_owned)));
        is_new_event || (is_new_pair && event.rule_match.is_some())
    };
    let events = detected.into_iter().chain(searched);
    let mut events: Vec<_> = events.filter(is_new).take(limit).collect();
    events.sort_by(DatedEvent::order);
    events
}

fn undated(records: &str, term: &SearchTerm<'_>) -> Error {
    let text = format!(
        "{SOURCE} sent {records} without an id or a readable time; they were left out. Look for the observable in the portal."
    );
    Error::new(ErrorKind::Malformed, text).as_warning().about([&term.observable.value])
}

impl Mapper<'_> {
    /// Returns the sighting of an observable in an event.
    pub(super) fn sighting(&self, term: &SearchTerm<'_>, event: &DatedEvent) -> Sighting {
        let observable = term.observable;
        let product_ids = [event.uuid.as_str(), event.rule_uuid().unwrap_or("-")];
        let id = self.namespace.sighting(&product_ids, observable.kind.as_str(), &observable.value);
        let observed = ObservedTime::between(event.first_seen.unwrap_or(event.time), event.time);
        let references = self.references(event);
        let external_ids = [Some(event.uuid.as_str()), event.rule_uuid()];
        Sighting {
            source_uri: references.last().and_then(|reference| reference.url.clone()),
            title: Some(self.title(event)),
            description: self.description(event),
            severity: event.rule().and_then(|rule| vocabulary::severity(rule.severity.as_deref())),
            internal: Some(true),
            sensor: Some(Sensor::NetworkSensor),
            targets: self.target(event, observed).into_iter().collect(),
            relations: relations(term, &event.event),
            data: vocabulary::table(event),
            external_ids: external_ids.into_iter().flatten().map(ShortText::from).collect(),
            external_references: references,
            ..Sighting::of(id, SOURCE, observable.clone(), observed)
        }
    }

    fn references(&self, event: &DatedEvent) -> Vec<ExternalReference> {
        let mut references = match event.is_detection() {
            // The portal's address of a detection is not known.
            true => vec![reference(&event.uuid, "Detection", None)],
            false => {
                let page = search_page(self.portal, &format!("uuid = '{}'", event.uuid));
                vec![reference(&event.uuid, "Event, opens the portal search", page)]
            }
        };
        if let (Some(rule_match), Some(uuid)) = (&event.rule_match, event.rule_uuid()) {
            let page = rule_page(self.portal, uuid, rule_match.account.as_deref());
            references.push(reference(uuid, "Rule, opens its page for this account", page));
        }
        references
    }

    /// Returns the internal device, with the names of its lease.
    fn target(
        &self,
        DatedEvent { event, .. }: &DatedEvent,
        observed: ObservedTime,
    ) -> Option<Target> {
        let sides = [event.source(), event.destination()];
        let side = sides.into_iter().find(|side| *side.internal == Some(true))?;
        let lease = self.lease(&side, event.customer_id.as_deref());
        let names = lease.into_iter().flat_map(Lease::names);
        let mac = lease.and_then(|lease| lease.mac.as_deref());
        let address = side.ip.into_inner().and_then(Observable::address);
        let names = names.map(|name| Observable::present(Hostname, Some(name)));
        let mac = Observable::present(MacAddress, mac);
        let observables = iter::once(address).chain(names).chain([mac]);
        Target::endpoint(observables.flatten(), observed, None)
    }

    /// Returns the lease of an internal address in an account.
    pub(super) fn lease(&self, side: &Side, account: Option<&str>) -> Option<&Lease> {
        self.leases.get(&(internal_address(side)?, account?.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(uuid: &str, second: i64, rule: Option<&str>) -> DatedEvent {
        let rule = rule.map(|uuid| Rule { uuid: uuid.into(), ..Rule::default() });
        let rule_match = rule.map(|rule| RuleMatch {
            rule: Arc::new(rule),
            account: None,
            device_count: 1,
            value_count: 1,
        });
        DatedEvent {
            event: Arc::default(),
            uuid: uuid.to_owned(),
            time: Time::from_unix_seconds(second).unwrap(),
            rule_match: rule_match.map(Arc::new),
            first_seen: None,
        }
    }

    fn ids(events: Vec<DatedEvent>) -> Vec<String> {
        let id = |event: &DatedEvent| format!("{}{}", event.uuid, event.rule_uuid().unwrap_or("-"));
        events.iter().map(id).collect()
    }

    #[test]
    fn events_of_detections_come_first_and_the_newest_are_kept() {
        let detected = || vec![event("a", 1, Some("R")), event("b", 3, Some("R"))];
        let searched = || vec![event("c", 2, None), event("d", 9, None)];
        let merged = |limit| ids(merge(detected(), searched(), limit));
        assert_eq!(merged(1), ["bR"]);
        assert_eq!(merged(2), ["bR", "aR"]);
        assert_eq!(merged(3), ["d-", "bR", "aR"]);
        assert_eq!(merged(9), ["d-", "bR", "c-", "aR"]);
    }

    #[test]
    fn an_event_is_there_once_for_each_rule_or_else_once() {
        let detected = vec![
            event("a", 1, None),
            event("a", 1, Some("R")),
            event("a", 1, Some("Q")),
            event("a", 1, Some("R")),
        ];
        let searched = vec![event("a", 1, None), event("b", 1, None), event("b", 1, None)];
        assert_eq!(ids(merge(detected, searched, 9)), ["aQ", "aR", "b-"]);
    }
}
