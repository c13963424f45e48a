//! The collections of an answer, and what of them fits into the size that Lambda carries.

use serde::Serialize;

use crate::ctim::{Document, EntityType, FittedBundle};

/// The bytes kept for the braces, names and counts around the entities, and for the warning.
const ENVELOPE_RESERVE_BYTES: usize = 16 * 1024;

/// The collections of an answer; those without documents are left out.
#[derive(Default, Serialize)]
pub(super) struct Collections {
    #[serde(skip_serializing_if = "Collection::is_empty")]
    verdicts: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    judgements: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    sightings: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    indicators: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    relationships: Collection,
}

#[derive(Default, Serialize)]
struct Collection {
    count: usize,
    docs: Vec<Document>,
}

impl Collections {
    pub(super) fn of(bundle: FittedBundle) -> Self {
        let mut collections = Self::default();
        bundle.verdicts.into_iter().for_each(|verdict| collections.verdicts.push(verdict));
        for entity in bundle.entities {
            let collection = match entity.collection {
                EntityType::Judgement => &mut collections.judgements,
                EntityType::Sighting => &mut collections.sightings,
                EntityType::Indicator => &mut collections.indicators,
                EntityType::Relationship => &mut collections.relationships,
            };
            collection.push(entity.document);
        }
        collections
    }

    pub(super) fn len(&self) -> usize {
        self.all().map(|all| all.count).into_iter().sum()
    }

    /// Returns the bytes of all documents.
    pub(super) fn bytes(&self) -> usize {
        self.all().map(|all| bytes(&all.docs)).into_iter().sum()
    }

    fn all(&self) -> [&Collection; 5] {
        let Self { verdicts, judgements, sightings, indicators, relationships } = self;
        [verdicts, judgements, sightings, indicators, relationships]
    }
}

impl Collection {
    fn push(&mut self, document: Document) {
        self.count += 1;
        self.docs.push(document);
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Returns the bytes of documents, with the commas between them.
pub(super) fn bytes(documents: &[Document]) -> usize {
    documents.iter().map(|document| document.carried_bytes() + 1).sum()
}

/// Returns the bytes that are left for entities, links or actions.
pub(super) fn bytes_for_data(max_bytes: usize) -> usize {
    max_bytes.saturating_sub(ENVELOPE_RESERVE_BYTES)
}

/// Returns the items that fit into `max_bytes`, and how many did not.
pub(super) fn list<T: Serialize>(items: Vec<T>, max_bytes: usize) -> (Vec<Document>, usize) {
    let total = items.len();
    let mut bytes_left = bytes_for_data(max_bytes);
    let fits = |document: &Document| {
        let left = bytes_left.checked_sub(document.size());
        bytes_left = left.unwrap_or(bytes_left);
        left.is_some()
    };
    let kept: Vec<_> = items.iter().filter_map(Document::of).take_while(fits).collect();
    let left_out = total - kept.len();
    (kept, left_out)
}
