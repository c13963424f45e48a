//! Turns events into CTIM entities and observables into links, without I/O.
//! Specification: docs/relays/gigamon-threatinsight.md#mapping.

mod relations;
mod sighting;
mod vocabulary;
mod wording;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use relay_core::{
    BaseUrl, Bundle, Link, Namespace, Observable, Relay, Time,
    ctim::{
        ExternalReference, Id, Indicator, LongText, Relationship, RelationshipType, ShortText, Uri,
        ValidTime,
    },
    url::escaped,
};

use crate::{
    GigamonThreatinsight,
    client::{Lease, Rule, Side, query::SearchTerm},
};

pub(crate) use sighting::{DatedEvent, select};

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

/// Returns the internal addresses of the events, each with the newest time at which it was seen.
pub(crate) fn internal_addresses<'a>(
    events: impl IntoIterator<Item = &'a DatedEvent>,
) -> BTreeMap<IpAddr, Time> {
    let mut newest = BTreeMap::new();
    // A detection does not tell the code of its account, without which no lease is its device's.
    for DatedEvent { event, time, .. } in events.into_iter().filter(|event| !event.is_detection()) {
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
        for lease in leases {
            let address = lease.ip.as_deref().and_then(|ip| ip.parse().ok());
            if let Some(key) = address.zip(lease.account().map(str::to_owned)) {
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
            title: Some(wording::rule_title(rule)),
            short_description: wording::rule_text(rule),
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
