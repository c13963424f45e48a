//! Why an attribute does not make an observable bad, docs/relays/misp.md#verdicts.

use std::{collections::HashMap, fmt};

use relay_core::Observable;

use super::types::{MatchedAttribute, MatchedObservable};
use crate::client::{types::Attribute, worth::Worth};

/// The types whose values are hashes of files.
const FILE_HASHES: &[&str] = &[
    "md5",
    "sha1",
    "sha256",
    "filename|md5",
    "filename|sha1",
    "filename|sha256",
    "malware-sample",
];

/// A reason; its text is the sentence for the analyst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The value is on a warning list of this name.
    WarningList(String),
    /// The attribute is not meant for detection.
    Context,
    /// The attribute names a report.
    Link,
    /// The value is no hash of a file, but one of this type.
    NoFileHash(String),
    /// False positives outnumber sightings.
    FalsePositives { reported: usize, seen: usize },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WarningList(name) => {
                write!(f, "The value is on MISP's warning list \"{name}\".")
            }
            Self::Context => {
                f.write_str("MISP holds the value as context, not for detection (to_ids is false).")
            }
            Self::Link => f.write_str("MISP holds the value as a link to a report."),
            Self::NoFileHash(kind) => {
                write!(f, "MISP holds the value as {kind}, which is no hash of a file.")
            }
            Self::FalsePositives { reported, seen } => write!(
                f,
                "In MISP the value has more reports of a false positive ({reported}) than sightings ({seen})."
            ),
        }
    }
}

impl MatchedObservable {
    /// Notes for each attribute why it does not make the observable bad. A warning list holds
    /// values, so a hit counts for all attributes of the same type.
    pub(crate) fn doubt(&mut self, worths: &HashMap<i64, Worth>) {
        let mut lists: HashMap<String, String> = HashMap::new();
        for attribute in self.attributes() {
            let worth = attribute.id.and_then(|id| worths.get(&id));
            let list = worth.and_then(|worth| worth.warning_list.clone());
            lists.extend(attribute.attribute_type.clone().into_inner().zip(list));
        }
        let Self { observable, events, .. } = self;
        for matched in events.iter_mut().flat_map(|event| event.matched_attributes()) {
            matched.note_doubt(observable, worths, &lists);
        }
    }
}

impl MatchedAttribute {
    fn note_doubt(
        &mut self,
        observable: &Observable,
        worths: &HashMap<i64, Worth>,
        lists: &HashMap<String, String>,
    ) {
        let list = self.attribute.attribute_type.as_ref().and_then(|kind| lists.get(kind));
        let worth = self.attribute.id.and_then(|id| worths.get(&id));
        self.doubt = list
            .cloned()
            .map(Doubt::WarningList)
            .or_else(|| of_attribute(observable, &self.attribute))
            .or_else(|| worth.and_then(of_worth));
    }
}

fn of_attribute(observable: &Observable, attribute: &Attribute) -> Option<Doubt> {
    let kind = attribute.attribute_type.as_deref()?;
    let is_hash = observable.kind.hash_digits().is_some();
    match kind {
        _ if is_hash && !FILE_HASHES.contains(&kind) => Some(Doubt::NoFileHash(kind.to_owned())),
        "link" => Some(Doubt::Link),
        _ => (*attribute.to_ids == Some(false)).then_some(Doubt::Context),
    }
}

fn of_worth(worth: &Worth) -> Option<Doubt> {
    let is_disproved = worth.false_positives > worth.seen;
    let (reported, seen) = (worth.false_positives, worth.seen);
    is_disproved.then_some(Doubt::FalsePositives { reported, seen })
}
