//! CTIM 1.3.29, as far as relays write it: typed entities that cannot be written wrong.
//!
//! Closed vocabularies are enums, ids have a type of their own, texts are cut to the length CTIM
//! allows and times carry their zone. Source: the CTIM schemas of threatgrid/ctim.

mod bundle;
mod distinct;
mod document;
mod id;
mod indicator;
mod judgement;
mod observable;
mod relation;
mod relationship;
mod sighting;
mod table;
mod text;
mod time;
mod uri;
mod verdict;
mod vocabulary;
mod word;

pub(crate) use bundle::FittedBundle;
pub use bundle::{Bundle, MAX_ANSWER_BYTES};
pub use distinct::each_once;
pub(crate) use document::Document;
pub(crate) use id::EntityType;
pub use id::{Id, Namespace};
pub use indicator::Indicator;
pub use judgement::Judgement;
pub use observable::{Observable, ObservableType};
pub use relation::{Relation, RelationName, Relations};
pub use relationship::{Relationship, RelationshipType};
pub use sighting::{Resolution, Sensor, Sighting, Target};
pub use table::{Cell, Column, ColumnType, Table};
pub(crate) use text::harmless;
pub use text::{LongText, MediumText, ShortText, Text};
pub use time::{ObservedTime, Time, ValidTime};
pub use uri::{ExternalReference, Uri};
pub use verdict::Verdict;
pub use vocabulary::{Confidence, Disposition, Severity, Tlp};
pub use word::{Fixed, SCHEMA_VERSION, Word};
