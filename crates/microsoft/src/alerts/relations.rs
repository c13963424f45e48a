//! Relations between the observables of an alert's evidence.
//!
//! Source: docs/relays/graph-security.md#relations.

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{RelationName, Relations},
    lenient::{Object, Text},
};

use super::{
    evidence::{Address, Connection, Dns, EvidenceDetails, File, Process},
    types::Alert,
};

pub(super) fn relations(alert: &Alert, origin: &str) -> Relations {
    let mut relations = Relations::from_origin(origin);
    for evidence in &alert.evidence {
        if let Some(file) = evidence.file() {
            add_file(&mut relations, file);
        }
        match &evidence.details {
            EvidenceDetails::Process(process) => add_parent(&mut relations, process),
            EvidenceDetails::Connection(connection) => add_connection(&mut relations, connection),
            EvidenceDetails::Dns(dns) => add_resolution(&mut relations, dns),
            _ => {}
        }
    }
    relations
}

fn add_file(relations: &mut Relations, file: &File) {
    let name = Observable::present(Type::FileName, file.name.as_deref());
    let path = Observable::present(Type::FilePath, file.path());
    for hash in hashes(file) {
        relations.add(name.clone(), RelationName::FileNameOf, Some(hash));
    }
    for hash in hashes(file) {
        relations.add(path.clone(), RelationName::FilePathOf, Some(hash));
    }
}

fn hashes(file: &File) -> impl Iterator<Item = Observable> {
    let hashes = [
        hash(Type::Sha256, &file.sha256),
        hash(Type::Sha1, &file.sha1),
        hash(Type::Md5, &file.md5),
    ];
    hashes.into_iter().flatten()
}

/// Returns the hash in lower case, so that one file is one observable.
fn hash(kind: Type, value: &Text) -> Option<Observable> {
    Observable::present(kind, value.as_deref().map(str::to_lowercase))
}

fn add_parent(relations: &mut Relations, process: &Process) {
    let name = |file: &Object<File>| identity_of(file.as_ref()?);
    relations.add(name(&process.parent), RelationName::ParentOf, name(&process.image));
}

/// Returns the observable that identifies a file: the first it has of SHA-256, SHA-1 and name.
fn identity_of(file: &File) -> Option<Observable> {
    hash(Type::Sha256, &file.sha256)
        .or_else(|| hash(Type::Sha1, &file.sha1))
        .or_else(|| Observable::present(Type::FileName, file.name.as_deref()))
}

fn add_connection(relations: &mut Relations, connection: &Connection) {
    let end = |address: &Object<Address>| ip(address.as_ref()?);
    let (source, destination) = (end(&connection.source), end(&connection.destination));
    relations.add(source, RelationName::ConnectedTo, destination);
}

fn add_resolution(relations: &mut Relations, dns: &Dns) {
    for address in &dns.addresses {
        let domain = Observable::present(Type::Domain, dns.domain.as_deref());
        relations.add(domain, RelationName::ResolvedTo, ip(address));
    }
}

fn ip(address: &Address) -> Option<Observable> {
    Observable::address(address.ip.as_deref()?)
}
