//! What a token carries for this product: docs/relays/defender-atp.md#settings-and-claims.

use microsoft::{Account, CLIENT_SECRET_CLAIM, TENANT_CLAIM, Tenant, defender::HuntingMode};
use relay_core::{Claim, ClaimKind, Secret, lenient::Text};
use serde::{Deserialize, Deserializer, de};

use super::Backend;

/// The claims, for the tool that makes tokens.
pub(crate) const CLAIMS: [Claim; 5] = [
    Claim {
        name: "client_id",
        former_name: None,
        title: "Client ID",
        kind: ClaimKind::Text,
        is_required: true,
        tooltip: "The application (client) id of an app registration in Microsoft Entra with permissions of WindowsDefenderATP.",
    },
    CLIENT_SECRET_CLAIM,
    TENANT_CLAIM,
    Claim {
        name: "DEFENDER_HUNTING",
        former_name: None,
        title: "Hunting",
        kind: ClaimKind::Choice(&["auto", "graph", "mde", "off"]),
        is_required: false,
        tooltip: "Where hunting queries go; the relay's own setting when left out.",
    },
    Claim {
        name: "DEFENDER_BACKEND",
        former_name: None,
        title: "Alerts",
        kind: ClaimKind::Choice(&["auto", "mde", "graph"]),
        is_required: false,
        tooltip: "Where alerts come from; the relay's own setting when left out.",
    },
];

/// An application in a tenant, and what replaces the operator's settings.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    /// The application (client) id.
    #[serde(deserialize_with = "not_empty")]
    client_id: String,
    /// The value of the client secret.
    client_secret: Secret,
    #[serde(rename = "tenant_id")]
    pub(crate) tenant: Tenant,
    #[serde(rename = "DEFENDER_HUNTING", default)]
    hunting: Text,
    #[serde(rename = "DEFENDER_BACKEND", default)]
    backend: Text,
}

impl relay_core::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.client_secret]
    }

    fn account(&self) -> String {
        format!("tenant {}, application {}", self.tenant.as_str(), self.client_id)
    }
}

impl Credentials {
    pub(crate) fn account(&self) -> Account<'_> {
        let Self { tenant, client_id, client_secret, .. } = self;
        Account { tenant, client_id, client_secret }
    }

    /// None for an unknown word.
    pub(crate) fn hunting(&self) -> Option<HuntingMode> {
        meaning(&HuntingMode::WORDS, &self.hunting)
    }

    /// None for an unknown word.
    pub(crate) fn backend(&self) -> Option<Backend> {
        meaning(&Backend::WORDS, &self.backend)
    }
}

/// The meaning of a word, in any case.
fn meaning<T: Copy>(words: &[(&str, T)], claim: &Text) -> Option<T> {
    let claim = claim.as_deref()?.trim();
    let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(claim));
    known.map(|(_, meaning)| *meaning)
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(de::Error::custom("a client id is empty")) } else { Ok(text) }
}
