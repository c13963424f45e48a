//! Sightings. Specification: docs/relays/gigamon-threatinsight.md#sightings.

use relay_core::{
    Observable,
    ObservableType::{Hostname, MacAddress},
    ctim::{ExternalReference, LongText, ObservedTime, Sensor, ShortText, Sighting, Target},
};

use super::{
    DatedEvent, Mapper, SOURCE, internal_address, reference, relations::relations, rule_page,
    search_page, vocabulary,
};
use crate::client::{Lease, Side, query::SearchTerm};

impl Mapper<'_> {
    /// Returns the sighting of an observable in an event.
    pub(super) fn sighting(&self, term: &SearchTerm<'_>, event: &DatedEvent) -> Sighting {
        let observable = term.observable;
        let product_ids = [event.uuid.as_str(), event.rule_uuid().unwrap_or("-")];
        let id = self.namespace.sighting(&product_ids, observable.kind.as_str(), &observable.value);
        let observed = ObservedTime::at(event.time);
        let references = self.references(event);
        let external_ids = [Some(event.uuid.as_str()), event.rule_uuid()];
        Sighting {
            source_uri: references.last().and_then(|reference| reference.url.clone()),
            title: title(event),
            description: description(event),
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
        let page = search_page(self.portal, &format!("uuid = '{}'", event.uuid));
        let mut references = vec![reference(&event.uuid, "Event, opens the portal search", page)];
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
        let name = lease.and_then(|lease| lease.hostname.as_deref());
        let mac = lease.and_then(|lease| lease.mac.as_deref());
        let observables = [
            side.ip.into_inner().and_then(Observable::address),
            Observable::present(Hostname, name),
            Observable::present(MacAddress, mac),
        ];
        Target::endpoint(observables.into_iter().flatten(), observed, None)
    }

    fn lease(&self, side: &Side, account: Option<&str>) -> Option<&Lease> {
        self.leases.get(&(internal_address(side)?, account?.to_owned()))
    }
}

fn event_type(event: &DatedEvent) -> Option<String> {
    event.event.event_type.as_deref().map(str::to_uppercase)
}

fn rule_name(event: &DatedEvent) -> Option<&str> {
    event.rule()?.name.as_deref()
}

fn title(event: &DatedEvent) -> Option<ShortText> {
    let title_of_type = || event_type(event).map(|kind| format!("{kind} event"));
    ShortText::present(rule_name(event).map(str::to_owned).or_else(title_of_type))
}

fn description(event: &DatedEvent) -> Option<LongText> {
    // A back-tick would end the Markdown code that holds the name.
    let line =
        |label: &str, name: Option<&str>| Some(format!("- {label}: `{}`", name?.replace('`', "")));
    let lines = [
        line("Event", event_type(event).as_deref()),
        line("Rule", rule_name(event)),
        line("Sensor", event.event.sensor()),
    ];
    LongText::present(Some(lines.into_iter().flatten().collect::<Vec<_>>().join("\n")))
}
