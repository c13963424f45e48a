//! Turns events into CTIM entities and observables into links, without I/O.
//! Specification: docs/relays/gigamon-threatinsight.md#mapping.

mod relations;
mod sighting;
mod vocabulary;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

use relay_core::{
    BaseUrl, Bundle, Error, ErrorKind, Link, Namespace, Observable, Partial, Relay, Time,
    ctim::{
        ExternalReference, Id, Indicator, LongText, MediumText, Relationship, RelationshipType,
        ShortText, Uri, ValidTime,
    },
    http::escaped,
};

use crate::{
    GigamonThreatinsight,
    client::{Event, FoundEvents, Lease, Rule, RuleMatch, Side, query::SearchTerm},
};

/// The product's name in `source`, `producer` and `origin`.
const SOURCE: &str = GigamonThreatinsight::ABOUT.name;

/// The mapper of one call.
pub(crate) struct Mapper<'a> {
    namespace: Namespace,
    /// The portal, for links.
    portal: &'a BaseUrl,
    /// The first lease of each address in each account.
    leases: HashMap<(IpAddr, String), Lease>,
}

/// An event with its id and time, and the detections that led to it, if there are any.
#[derive(Debug)]
pub(crate) struct DatedEvent {
    event: Event,
    uuid: String,
    time: Time,
    rule_match: Option<Arc<RuleMatch>>,
}

impl DatedEvent {
    /// Returns `None` for an event without id or time.
    fn new((mut event, rule_match): (Event, Option<Arc<RuleMatch>>)) -> Option<Self> {
        Some(Self { uuid: event.uuid.take()?, time: event.timestamp?, event, rule_match })
    }

    fn rule(&self) -> Option<&Rule> {
        self.rule_match.as_deref().map(|rule_match| &rule_match.rule)
    }

    fn rule_uuid(&self) -> Option<&str> {
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
/// limit, newest first. Errors: those of `found`, and a warning about events without id or time.
/// Specification: docs/relays/gigamon-threatinsight.md#matching.
pub(crate) fn select(found: Partial<FoundEvents>, limit: usize) -> Partial<Vec<DatedEvent>> {
    let Partial { data: FoundEvents { detected, searched }, mut errors } = found;
    let [detected, searched] = [detected, searched].map(Option::unwrap_or_default);
    let found_count = detected.len() + searched.len();
    let [detected, searched] = [detected, searched]
        .map(|events| events.into_iter().filter_map(DatedEvent::new).collect::<Vec<_>>());
    if detected.len() + searched.len() < found_count {
        errors.push(undated_events());
    }
    Partial { data: merge(detected, searched, limit), errors }
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

fn undated_events() -> Error {
    let text =
        "Gigamon ThreatINSIGHT sent events without an id or a readable time; they were left out.";
    Error::new(ErrorKind::Malformed, text).as_warning()
}

/// Returns the internal addresses of the events, each with the newest time at which it was seen.
pub(crate) fn internal_addresses<'a>(
    events: impl IntoIterator<Item = &'a DatedEvent>,
) -> BTreeMap<IpAddr, Time> {
    let mut newest = BTreeMap::new();
    for DatedEvent { event, time, .. } in events {
        for side in [event.source(), event.destination()] {
            if let Some(address) = internal_address(&side) {
                let newest_time = newest.entry(address).or_insert(*time);
                *newest_time = *time.max(newest_time);
            }
        }
    }
    newest
}

fn internal_address(side: &Side) -> Option<IpAddr> {
    side.ip.as_deref().filter(|_| *side.internal == Some(true))?.parse().ok()
}

impl<'a> Mapper<'a> {
    /// Creates the mapper of one call.
    pub(crate) fn new(portal: &'a BaseUrl, leases: Vec<Lease>) -> Self {
        let mut first = HashMap::new();
        for mut lease in leases {
            let address = lease.ip.as_deref().and_then(|ip| ip.parse().ok());
            if let Some(key) = address.zip(lease.account_code.take()) {
                first.entry(key).or_insert(lease);
            }
        }
        let namespace = GigamonThreatinsight::ABOUT.namespace();
        Self { namespace, portal, leases: first }
    }

    /// Returns the entities of one observable.
    pub(crate) fn entities(&self, term: &SearchTerm<'_>, events: &[DatedEvent]) -> Bundle {
        let mut bundle = Bundle::default();
        for event in events {
            let sighting = self.sighting(term, event);
            if let Some(indicator) = event.rule().and_then(|rule| self.indicator(rule)) {
                bundle.add_relationship(Relationship::of(
                    self.namespace,
                    SOURCE,
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

    /// Returns the indicator of a rule, which has one id for all observables.
    fn indicator(&self, rule: &Rule) -> Option<Indicator> {
        let uuid = rule.uuid.as_deref()?;
        let id = Id::indicator_of_uuid(uuid).unwrap_or_else(|| self.namespace.indicator(&[uuid]));
        let page = rule_page(self.portal, uuid, None);
        Some(Indicator {
            source_uri: page.clone(),
            title: ShortText::present(rule.name.as_deref()),
            short_description: MediumText::present(rule.name.as_deref()),
            description: LongText::present(rule.description.as_deref()),
            valid_time: ValidTime::from(rule.created),
            confidence: vocabulary::confidence(rule.confidence.as_deref()),
            severity: vocabulary::severity(rule.severity.as_deref()),
            tags: ShortText::present(rule.category.as_deref()).into_iter().collect(),
            external_ids: vec![uuid.into()],
            external_references: vec![reference(uuid, "Rule, opens its page", page)],
            ..Indicator::of(id, SOURCE)
        })
    }
}

fn reference(id: &str, description: &str, url: Option<Uri>) -> ExternalReference {
    ExternalReference {
        description: Some(description.into()),
        external_id: Some(id.into()),
        url,
        ..ExternalReference::to(SOURCE)
    }
}

/// Returns the links of observables into the portal's search.
/// Specification: docs/relays/gigamon-threatinsight.md#links.
pub(crate) fn links(portal: &BaseUrl, observables: &[Observable]) -> Vec<Link> {
    observables.iter().filter_map(|observable| link(portal, observable)).collect()
}

fn link(portal: &BaseUrl, observable: &Observable) -> Option<Link> {
    let name = GigamonThreatinsight::ABOUT.name_of(observable.kind)?;
    // The portal searches for a bare value in all fields.
    let query = SearchTerm::of(observable).map(|term| term.query());
    let query = query.unwrap_or_else(|| observable.value.clone());
    Some(Link {
        id: format!("ref-gti-search-{}-{}", observable.kind, escaped(&observable.value)),
        title: format!("Search for this {name}"),
        description: format!("Lookup this {name} on {SOURCE}"),
        url: search_page(portal, &query)?,
        categories: vec!["Search", SOURCE],
    })
}

fn search_page(portal: &BaseUrl, query: &str) -> Option<Uri> {
    Uri::parse(&format!("{}/search?query={}", portal.as_str(), escaped(query)))
}

/// Returns the page of a rule, for one account or for all.
fn rule_page(portal: &BaseUrl, uuid: &str, account: Option<&str>) -> Option<Uri> {
    let account = account.map(|uuid| format!("?account_uuid={}", escaped(uuid)));
    let (portal, uuid) = (portal.as_str(), escaped(uuid));
    Uri::parse(&format!("{portal}/detections/rules/{uuid}{}", account.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::{self, Domain, Ip};

    use super::*;

    fn event(uuid: &str, second: i64, rule: Option<&str>) -> DatedEvent {
        let rule = rule.map(|uuid| Rule { uuid: uuid.into(), ..Rule::default() });
        let rule_match =
            rule.map(|rule| RuleMatch { rule, account: None, device_count: 1, value_count: 1 });
        DatedEvent {
            event: Event::default(),
            uuid: uuid.to_owned(),
            time: Time::from_unix_seconds(second).unwrap(),
            rule_match: rule_match.map(Arc::new),
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

    fn portal() -> BaseUrl {
        BaseUrl::from_environment("https://portal.icebrg.io").unwrap()
    }

    fn url(kind: ObservableType, value: &str) -> String {
        link(&portal(), &Observable::new(kind, value)).unwrap().url.as_str().to_owned()
    }

    #[test]
    fn a_link_holds_the_query() {
        let link = link(&portal(), &Observable::new(Ip, "203.0.113.77")).unwrap();
        assert_eq!(
            serde_json::to_value(link).unwrap(),
            serde_json::json!({
                "id": "ref-gti-search-ip-203.0.113.77", "title": "Search for this IP",
                "description": "Lookup this IP on Gigamon ThreatINSIGHT",
                "url": "https://portal.icebrg.io/search?query=ip%20%3D%20%27203.0.113.77%27",
                "categories": ["Search", "Gigamon ThreatINSIGHT"],
            })
        );
    }

    #[test]
    fn values_are_escaped_and_malformed_ones_linked_bare() {
        assert!(url(Domain, "C2.Bad.Example").ends_with("=domain%20%3D%20%27c2.bad.example%27"));
        assert!(url(Domain, "a b' OR '&x=1#").ends_with("?query=a%20b%27%20OR%20%27%26x%3D1%23"));
    }

    #[test]
    fn a_rule_has_a_page_for_all_accounts_and_for_one() {
        let page = |account| rule_page(&portal(), "r/1", account).unwrap().as_str().to_owned();
        assert_eq!(page(None), "https://portal.icebrg.io/detections/rules/r%2F1");
        assert_eq!(
            page(Some("a&b")),
            "https://portal.icebrg.io/detections/rules/r%2F1?account_uuid=a%26b"
        );
    }
}
