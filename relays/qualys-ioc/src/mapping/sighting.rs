//! Sightings: an event with its machine and what else was seen. Source: spec §4.3, §4.5.

use relay_core::{
    Observable,
    ObservableType::{Domain, FileName, FilePath, Hostname, MacAddress, Md5, Sha256},
    ctim::{
        Cell, ObservedTime,
        RelationName::{ConnectedTo, FileNameOf, FilePathOf, ResolvedTo},
        Relations, Sensor, ShortText, Sighting, Table, Target,
    },
};

use super::{Seen, View, external_ids, score};
use crate::client::{Asset, Event};

/// One event, seen from the observable that was asked.
pub(super) fn sighting(asked: &Observable, seen: &Seen, view: &View) -> Sighting {
    let Seen { event, at, is_active } = seen;
    let id = view.namespace.sighting(&[event.key.as_str()], asked.kind.as_str(), &asked.value);
    let observed = ObservedTime::at(*at);
    let description = format!("A Qualys IOC event related to \"{}\"", asked.value);
    let target = event.asset.as_ref().and_then(|asset| target(asset, observed));
    Sighting {
        source_uri: view.link.clone(),
        title: event.score.map(|score| score::title(score, event.kind.as_deref()).into()),
        description: Some(description.into()),
        severity: Some(score::severity(event.score)),
        sensor: Some(Sensor::Endpoint),
        targets: target.into_iter().collect(),
        relations: relations(event, view),
        data: is_active.and_then(activity),
        external_ids: external_ids(event),
        ..Sighting::of(id, view.source, asked.clone(), observed)
    }
}

/// Whether the object still exists, as a table of one cell; CTIM has no boolean.
fn activity(is_active: bool) -> Option<Table> {
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

fn relations(event: &Event, view: &View) -> Relations {
    let mut relations = Relations::from_origin(view.source);
    add_file(event, &mut relations);
    add_connection(event, &mut relations);
    relations
}

fn add_file(event: &Event, relations: &mut Relations) {
    let Some(file) = &event.file else { return };
    let hashes = || {
        let sha256 = Observable::present(Sha256, file.sha256.as_deref());
        [sha256, Observable::present(Md5, file.md5.as_deref())]
    };
    for hash in hashes() {
        let name = Observable::present(FileName, file.file_name.as_deref());
        relations.add(name, FileNameOf, hash);
    }
    for hash in hashes() {
        let path = Observable::present(FilePath, file.full_path.as_deref());
        relations.add(path, FilePathOf, hash);
    }
}

fn add_connection(event: &Event, relations: &mut Relations) {
    let Some(network) = &event.network else { return };
    let process = event.process.as_ref().and_then(|process| process.process_name.as_deref());
    let process = Observable::present(FileName, process);
    let remote = address(network.remote_ip.as_deref());
    let domain = Observable::present(Domain, network.remote_dns.as_deref());
    relations.add(process.clone(), ConnectedTo, remote.clone());
    relations.add(process, ConnectedTo, domain.clone());
    relations.add(domain, ResolvedTo, remote.clone());
    relations.add(address(network.local_ip.as_deref()), ConnectedTo, remote);
}

fn address(text: Option<&str>) -> Option<Observable> {
    Observable::address(text?)
}
