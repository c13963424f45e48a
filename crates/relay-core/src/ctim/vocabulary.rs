//! The closed vocabularies that several entities share.

use serde::{Serialize, Serializer};

/// How sure the source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the words are CTIM's own")]
pub enum Confidence {
    None,
    Info,
    Low,
    Medium,
    High,
    Unknown,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the words are CTIM's own")]
pub enum Severity {
    None,
    Info,
    Low,
    Medium,
    High,
    Critical,
    Unknown,
}

/// Traffic light protocol, from free to restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are the protocol's own")]
pub enum Tlp {
    White,
    Green,
    Amber,
    Red,
}

/// What is thought of an observable; a number on the wire, beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words are CTIM's own")]
pub enum Disposition {
    Clean = 1,
    Malicious = 2,
    Suspicious = 3,
    Common = 4,
    Unknown = 5,
}

impl Disposition {
    /// CTIM's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "Clean",
            Self::Malicious => "Malicious",
            Self::Suspicious => "Suspicious",
            Self::Common => "Common",
            Self::Unknown => "Unknown",
        }
    }
}

impl Serialize for Disposition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}
