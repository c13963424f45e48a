//! Relations between the observables of an event.
//! Specification: docs/relays/qualys-ioc.md#relations.

use relay_core::{
    Observable,
    ObservableType::{Domain, FileName, FilePath, Md5, Sha256},
    ctim::{
        RelationName::{ConnectedTo, FileNameOf, FilePathOf, ResolvedTo},
        Relations,
    },
};

use super::SOURCE;
use crate::client::{Event, File, Network, Process};

/// Returns what happened between the observables of an event.
pub(super) fn relations(event: &Event) -> Relations {
    let mut relations = Relations::from_origin(SOURCE);
    if let Some(file) = event.file.as_ref() {
        let names = [file.file_name.as_deref(), file.full_path.as_deref()];
        add_file(names, file, &mut relations);
    }
    if let Some(process) = event.process.as_ref() {
        add_image(process, &mut relations);
    }
    if let Some(network) = event.network.as_ref() {
        let process = event.process.as_ref().and_then(|process| process.process_name.as_deref());
        add_connection(process, network, &mut relations);
    }
    relations
}

/// The image of a process, which is a file; what its own fields lack, the process says.
fn add_image(process: &Process, relations: &mut Relations) {
    let Some(image) = process.process_file.as_ref() else { return };
    let name = image.file_name.as_deref().or(process.process_name.as_deref());
    let path = image.full_path.as_deref().or(process.full_path.as_deref());
    add_file([name, path], image, relations);
}

fn add_file([name, path]: [Option<&str>; 2], file: &File, relations: &mut Relations) {
    let name = Observable::present(FileName, name);
    let path = Observable::present(FilePath, path);
    let hashes = [
        Observable::present(Sha256, file.sha256.as_deref()),
        Observable::present(Md5, file.md5.as_deref()),
    ];
    for (source, relation) in [(name, FileNameOf), (path, FilePathOf)] {
        for hash in &hashes {
            relations.add(source.clone(), relation, hash.clone());
        }
    }
}

fn add_connection(process: Option<&str>, network: &Network, relations: &mut Relations) {
    let process = Observable::present(FileName, process);
    let remote = address(network.remote_ip.as_deref());
    let domain = Observable::present(Domain, network.remote_dns.as_deref());
    relations.add(process.clone(), ConnectedTo, remote.clone());
    relations.add(process, ConnectedTo, domain.clone());
    relations.add(domain, ResolvedTo, remote.clone());
    relations.add(address(network.local_ip.as_deref()), ConnectedTo, remote);
}

/// Returns the address as `ip` or `ipv6`.
pub(super) fn address(text: Option<&str>) -> Option<Observable> {
    Observable::address(text?)
}
