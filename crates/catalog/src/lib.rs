//! The one list of all relays: what each says of itself, and how it is started in this process.
//!
//! A further relay is one dependency of this crate and one line in [`RELAYS`].

mod entry;

pub use entry::{CatalogEntry, StartedRelay};

/// Every relay, in the order of the documentation.
pub const RELAYS: &[CatalogEntry] = &[
    CatalogEntry::of::<graph_security::GraphSecurity>(),
    CatalogEntry::of::<defender_atp::DefenderAtp>(),
    CatalogEntry::of::<qualys_ioc::QualysIoc>(),
    CatalogEntry::of::<misp::Misp>(),
    CatalogEntry::of::<gigamon_threatinsight::GigamonThreatinsight>(),
];

/// Returns the relay with this folder name, such as `graph-security`.
#[must_use]
pub fn find(slug: &str) -> Option<&'static CatalogEntry> {
    RELAYS.iter().find(|entry| entry.about.slug == slug)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn every_folder_of_a_relay_is_listed_once() {
        let folders = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../relays")).unwrap();
        let folders: BTreeSet<_> = folders
            .map(|folder| folder.unwrap())
            .filter(|folder| folder.path().join("Cargo.toml").exists())
            .map(|folder| folder.file_name().into_string().unwrap())
            .collect();
        let slugs: Vec<_> = RELAYS.iter().map(|entry| entry.about.slug.to_owned()).collect();
        assert_eq!(slugs.len(), folders.len());
        assert_eq!(BTreeSet::from_iter(slugs), folders);
    }

    #[test]
    fn a_relay_is_found_by_its_folder_name() {
        assert_eq!(find("misp").map(|entry| entry.about.name), Some("MISP"));
        assert!(find("mis").is_none());
    }
}
