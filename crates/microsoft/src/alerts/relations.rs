//! What an alert's evidence says of observables among themselves. Source: spec §6.4.

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{RelationName, Relations},
};

use super::{
    evidence::{Address, Connection, Dns, File, Process, Subject},
    wire::Alert,
};

pub(super) fn relations(alert: &Alert, origin: &str) -> Relations {
    let mut relations = Relations::from_origin(origin);
    for evidence in &alert.evidence {
        if let Some(file) = evidence.file() {
            add_file(&mut relations, file);
        }
        match &evidence.subject {
            Subject::Process(process) => add_parent(&mut relations, process),
            Subject::Connection(connection) => add_connection(&mut relations, connection),
            Subject::Dns(dns) => add_resolution(&mut relations, dns),
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

/// In lower case, as analysts ask: one file is one observable.
fn hash(kind: Type, value: &Option<String>) -> Option<Observable> {
    Observable::present(kind, value.as_deref().map(str::to_lowercase))
}

fn add_parent(relations: &mut Relations, process: &Process) {
    let name = |file: &Option<File>| foremost(file.as_ref()?);
    relations.add(name(&process.parent), RelationName::ParentOf, name(&process.image));
}

/// The one observable that stands for a file: the first there is of SHA-256, SHA-1 and name.
fn foremost(file: &File) -> Option<Observable> {
    hash(Type::Sha256, &file.sha256)
        .or_else(|| hash(Type::Sha1, &file.sha1))
        .or_else(|| Observable::present(Type::FileName, file.name.as_deref()))
}

fn add_connection(relations: &mut Relations, connection: &Connection) {
    let end = |address: &Option<Address>| ip(address.as_ref()?);
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
