//! What a record says of a file's name and path: docs/relays/defender-atp.md#relations-of-an-alert.

use relay_core::{
    Observable,
    ctim::{
        RelationName::{self, FileNameOf, FilePathOf},
        Relations,
    },
};

use super::observables::{file_name, file_path};

/// Adds the name and the path of a file for each of its hashes.
pub fn add_file_names(
    relations: &mut Relations,
    folder: Option<&str>,
    name: Option<&str>,
    hashes: &[Observable],
) {
    add_to_each(relations, file_name(name).as_ref(), FileNameOf, hashes);
    add_to_each(relations, file_path(folder, name).as_ref(), FilePathOf, hashes);
}

/// `source` stands in this relation to each of the hashes.
pub(super) fn add_to_each(
    relations: &mut Relations,
    source: Option<&Observable>,
    name: RelationName,
    hashes: &[Observable],
) {
    let Some(source) = source else { return };
    for hash in hashes {
        relations.add(Some(source.clone()), name, Some(hash.clone()));
    }
}

/// Each of the hashes stands in this relation to `related`.
pub fn add_from_each(
    relations: &mut Relations,
    hashes: &[Observable],
    name: RelationName,
    related: Option<&Observable>,
) {
    let Some(related) = related else { return };
    for hash in hashes {
        relations.add(Some(hash.clone()), name, Some(related.clone()));
    }
}
