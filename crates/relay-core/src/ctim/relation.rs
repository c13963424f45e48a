//! Relations inside a sighting: what was seen to happen between two observables.

use serde::Serialize;

use super::{Observable, ShortText, distinct::Seen};

/// The relation names that relays use. Most are CTIM's; `File_Name_Of`, `File_Path_Of`,
/// `Queried_For`, `Sent_From`, `Hosted_On` and `SAN_DNS_For` are additions that analysts know
/// from the earlier relays (CTIM's list is open).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[expect(missing_docs, reason = "the words say it")]
pub enum RelationName {
    #[serde(rename = "Connected_To")]
    ConnectedTo,
    Created,
    Deleted,
    #[serde(rename = "Downloaded_From")]
    DownloadedFrom,
    #[serde(rename = "Downloaded_To")]
    DownloadedTo,
    #[serde(rename = "File_Name_Of")]
    FileNameOf,
    #[serde(rename = "File_Path_Of")]
    FilePathOf,
    #[serde(rename = "Hosted_On")]
    HostedOn,
    #[serde(rename = "Parent_Of")]
    ParentOf,
    #[serde(rename = "Queried_For")]
    QueriedFor,
    #[serde(rename = "Refers_To")]
    RefersTo,
    #[serde(rename = "Related_To")]
    RelatedTo,
    Renamed,
    #[serde(rename = "Renamed_To")]
    RenamedTo,
    #[serde(rename = "Resolved_To")]
    ResolvedTo,
    #[serde(rename = "SAN_DNS_For")]
    SanDnsFor,
    #[serde(rename = "Sent_From")]
    SentFrom,
    #[serde(rename = "Sent_To")]
    SentTo,
    #[serde(rename = "Uploaded_From")]
    UploadedFrom,
    #[serde(rename = "Uploaded_To")]
    UploadedTo,
    #[serde(rename = "Wrote_To")]
    WroteTo,
}

/// A relation between two observables.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    relation: RelationName,
    source: Observable,
    related: Observable,
}

/// The relations of one sighting: no repeats, none from an observable to itself, and no more than
/// an answer has place for beside others.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    list: Vec<Relation>,
    seen: Seen,
    origin: ShortText,
    bytes: usize,
    left_out: usize,
}

/// What the relations of one sighting take of an answer, in bytes.
const MAX_RELATIONS_BYTES: usize = 512 * 1024;
/// What a relation takes beside its values.
const RELATION_BYTES: usize = 150;

impl Relations {
    /// Returns an empty list, whose relations all come from `origin`.
    pub fn from_origin(origin: impl Into<ShortText>) -> Self {
        Self { origin: origin.into(), ..Self::default() }
    }

    /// Adds a relation if both ends are known. Returns whether it was added.
    pub fn add(
        &mut self,
        source: Option<Observable>,
        relation: RelationName,
        related: Option<Observable>,
    ) -> bool {
        let (Some(source), Some(related)) = (source, related) else { return false };
        let relation = Relation { relation, source, related };
        if relation.source == relation.related || !self.seen.is_new(&self.list, &relation) {
            return false;
        }
        let values = relation.source.value.len() + relation.related.value.len();
        self.bytes += values + RELATION_BYTES;
        if self.bytes > MAX_RELATIONS_BYTES {
            self.left_out += 1;
            return false;
        }
        self.list.push(relation);
        true
    }

    /// Returns the number of relations that were left out, because there are so many.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Returns the number of relations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// A relation as it is written, as reported by `origin`.
#[derive(Serialize)]
struct ReportedRelation<'a> {
    origin: &'a str,
    relation: RelationName,
    source: &'a Observable,
    related: &'a Observable,
}

impl Serialize for Relations {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let origin = self.origin.as_str();
        serializer.collect_seq(self.list.iter().map(|Relation { relation, source, related }| {
            ReportedRelation { origin, relation: *relation, source, related }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctim::ObservableType::{Domain, Ip};

    #[test]
    fn repeats_loops_and_missing_ends_are_dropped() {
        let mut relations = Relations::from_origin("Product");
        let name = || Some(Observable::new(Domain, "bad.example"));
        let ip = || Some(Observable::new(Ip, "203.0.113.7"));
        assert!(relations.add(name(), RelationName::ResolvedTo, ip()));
        assert!(!relations.add(name(), RelationName::ResolvedTo, ip()));
        assert!(!relations.add(name(), RelationName::RelatedTo, name()));
        assert!(!relations.add(name(), RelationName::RelatedTo, None));
        assert_eq!(relations.len(), 1);
    }

    #[test]
    fn l08_relations_without_end_are_cut_and_counted() {
        let mut relations = Relations::from_origin("Product");
        for number in 0..1000 {
            let name = Observable::new(Domain, format!("{number}-{}", "x".repeat(5000)));
            let ip = Observable::new(Ip, "203.0.113.7");
            relations.add(Some(name), RelationName::ResolvedTo, Some(ip));
        }
        assert_eq!(relations.len() + relations.left_out(), 1000);
        assert!((95..=105).contains(&relations.len()));
    }
}
