//! Sightings: one event, seen from the observable that was asked. Source: spec §4.2.

use relay_core::{
    Observable,
    ObservableType::{Hostname, MacAddress},
    ctim::{ExternalReference, LongText, ObservedTime, Sensor, ShortText, Sighting, Target, Uri},
};

use super::{Seen, View, indicator, relations::relations, table::table};
use crate::{iql::Wanted, links};

/// One event, seen from the observable that was asked.
pub(super) fn sighting(wanted: &Wanted<'_>, seen: &Seen, view: &View<'_>) -> Sighting {
    let asked = wanted.asked;
    let product_ids = [seen.uuid.as_str(), seen.rule_uuid().unwrap_or("-")];
    let id = view.namespace.sighting(&product_ids, asked.kind.as_str(), &asked.value);
    let observed = ObservedTime::at(seen.at);
    let references = references(seen, view);
    Sighting {
        source_uri: references.last().and_then(|reference| reference.url.clone()),
        title: title(seen),
        description: description(seen),
        severity: seen.finding.as_ref().and_then(|finding| indicator::severity(&finding.rule)),
        internal: Some(true),
        sensor: Some(Sensor::NetworkSensor),
        targets: target(seen, observed, view).into_iter().collect(),
        relations: relations(wanted, &seen.event, view.source),
        data: table(seen),
        external_ids: [Some(seen.uuid.as_str()), seen.rule_uuid()]
            .into_iter()
            .flatten()
            .map(ShortText::from)
            .collect(),
        external_references: references,
        ..Sighting::of(id, view.source, asked.clone(), observed)
    }
}

fn rule_name(seen: &Seen) -> Option<&str> {
    seen.finding.as_ref()?.rule.name.as_deref()
}

fn event_type(seen: &Seen) -> Option<String> {
    seen.event.event_type.as_deref().map(str::to_uppercase)
}

fn title(seen: &Seen) -> Option<ShortText> {
    let of_type = || event_type(seen).map(|kind| format!("{kind} event"));
    ShortText::present(rule_name(seen).map(str::to_owned).or_else(of_type))
}

/// A Markdown list; back-ticks would end the code that the names stand in.
fn description(seen: &Seen) -> Option<LongText> {
    let line =
        |what: &str, name: Option<&str>| Some(format!("- {what}: `{}`", name?.replace('`', "")));
    let lines = [
        line("Event", event_type(seen).as_deref()),
        line("Rule", rule_name(seen)),
        line("Sensor", seen.event.sensor()),
    ];
    LongText::present(Some(lines.into_iter().flatten().collect::<Vec<_>>().join("\n")))
}

fn references(seen: &Seen, view: &View<'_>) -> Vec<ExternalReference> {
    let reference = |id: &str, description: &str, url: Option<Uri>| ExternalReference {
        description: Some(description.into()),
        external_id: Some(id.into()),
        url,
        ..ExternalReference::to(view.source)
    };
    let event = links::event(view.portal, &seen.uuid);
    let mut all = vec![reference(&seen.uuid, "Event, opens the portal search", event)];
    if let (Some(finding), Some(uuid)) = (&seen.finding, seen.rule_uuid()) {
        let page = links::rule(view.portal, uuid, finding.account.as_deref());
        all.push(reference(uuid, "Rule, opens its page for this account", page));
    }
    all
}

/// The device inside the customer's network, with the names that its lease gives it.
fn target(seen: &Seen, observed: ObservedTime, view: &View<'_>) -> Option<Target> {
    let sides = [seen.event.source(), seen.event.destination()];
    let side = sides.into_iter().find(|side| side.internal == Some(true))?;
    let lease = view.devices.lease(&side, seen.event.customer_id.as_deref());
    let name = lease.and_then(|lease| lease.hostname.as_deref());
    let mac = lease.and_then(|lease| lease.mac.as_deref());
    let observables = [
        side.ip.and_then(Observable::address),
        Observable::present(Hostname, name),
        Observable::present(MacAddress, mac),
    ];
    Target::endpoint(observables.into_iter().flatten(), observed, None)
}
