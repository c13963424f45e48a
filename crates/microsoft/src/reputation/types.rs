//! What the service says of a host.

use relay_core::lenient::{Integer, List, Text};
use serde::Deserialize;

/// The reputation of a host.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HostReputation {
    /// `unknown`, `neutral`, `suspicious`, `malicious`.
    pub(super) classification: Text,
    /// 0 to 100; a higher one is worse.
    pub(super) score: Integer,
    /// What the score is made of.
    pub(super) rules: List<ReputationRule>,
}

/// A rule that the reputation rests on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ReputationRule {
    pub(super) name: Text,
    pub(super) description: Text,
    /// `unknown`, `low`, `medium`, `high`.
    pub(super) severity: Text,
    /// A page for people.
    pub(super) related_details_url: Text,
}
