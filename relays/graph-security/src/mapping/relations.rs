//! Relations between the observables of a legacy alert.
//!
//! All connections or files of the alert count, not only the matching ones.

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{RelationName, Relations},
    lenient::Text,
};

use super::vocabulary::hash_type;
use crate::client::{Alert, Connection, FileState};

/// Returns the relations of connections for the types of the network, else those of files.
pub(super) fn relations(observable_type: Type, alert: &Alert, origin: &str) -> Relations {
    let mut relations = Relations::from_origin(origin);
    match observable_type {
        Type::Ip | Type::Domain | Type::Url | Type::Hostname => {
            for connection in &alert.network_connections {
                add_connection(&mut relations, connection);
            }
        }
        _ => add_files(&mut relations, &alert.file_states),
    }
    relations
}

fn add_connection(relations: &mut Relations, connection: &Connection) {
    let address = |text: &Text| Observable::address(text.as_deref()?);
    let source = address(&connection.source_address);
    let domain = Observable::present(Type::Domain, connection.destination_domain.as_deref());
    relations.add(source.clone(), RelationName::ConnectedTo, domain);
    let destination = address(&connection.destination_address);
    relations.add(source, RelationName::ConnectedTo, destination);
}

/// Adds the names of all files, then their paths.
fn add_files(relations: &mut Relations, files: &[FileState]) {
    for file in files {
        let name = Observable::present(Type::FileName, file.name.as_deref());
        relations.add(name, RelationName::FileNameOf, hash(file));
    }
    for file in files {
        let path = Observable::present(Type::FilePath, file.path.as_deref());
        relations.add(path, RelationName::FilePathOf, hash(file));
    }
}

fn hash(file: &FileState) -> Option<Observable> {
    let hash = file.hash.as_ref()?;
    let kind = hash_type(hash.kind.as_deref()?)?;
    Observable::present(kind, hash.value.as_deref())
}
