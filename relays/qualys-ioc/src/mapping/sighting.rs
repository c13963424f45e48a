//! Sightings. Specification: docs/relays/qualys-ioc.md#sightings.

use relay_core::{
    Observable,
    ObservableType::{Hostname, MacAddress},
    ctim::{Cell, ObservedTime, Sensor, ShortText, Sighting, Table, Target, Uri},
};

use super::{
    DatedEvent, Mapper, SOURCE, external_ids,
    relations::{address, relations},
    vocabulary,
    wording::Words,
};
use crate::client::Asset;

impl Mapper<'_> {
    /// Returns the sighting of an observable in an event; `page` is its page in the console.
    pub(super) fn sighting(
        &self,
        observable: &Observable,
        DatedEvent { event, time, is_active }: &DatedEvent,
        page: Option<Uri>,
        words: Words<'_>,
    ) -> Sighting {
        let Observable { kind, value } = observable;
        let id = self.namespace.sighting(&[event.key.as_str()], kind.as_str(), value);
        let observed = ObservedTime::at(*time);
        let target = event.asset.as_ref().and_then(|asset| target(asset, observed));
        Sighting {
            source_uri: page,
            title: Some(words.title),
            description: words.description,
            severity: Some(vocabulary::severity(event.score)),
            sensor: Some(Sensor::Endpoint),
            targets: target.into_iter().collect(),
            relations: relations(event),
            data: is_active.and_then(activity),
            external_ids: external_ids(event),
            ..Sighting::of(id, SOURCE, observable.clone(), observed)
        }
    }
}

/// Returns a table of one cell that says whether the event's object exists now.
fn activity(is_active: bool) -> Option<Table> {
    // CTIM has no boolean cells.
    let word = if is_active { "True" } else { "False" };
    Table::of_one_row([("Active", Cell::Text(word.to_owned()))])
}

fn target(asset: &Asset, observed: ObservedTime) -> Option<Target> {
    let name = asset.net_bios_name.as_ref().or(asset.host_name.as_ref());
    let addresses = asset.interfaces.iter().flat_map(|interface| {
        let mac = Observable::present(MacAddress, interface.mac_address.as_deref());
        [address(interface.ip_address.as_deref()), mac]
    });
    let named = [Observable::present(Hostname, name.cloned())].into_iter().chain(addresses);
    Target::endpoint(named.flatten(), observed, ShortText::present(asset.os.as_deref()))
}
