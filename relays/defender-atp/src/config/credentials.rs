//! What a token carries for this product (spec §2).

use microsoft::{Account, Tenant};
use relay_core::{Claim, ClaimKind, Secret, lenient};
use serde::{Deserialize, Deserializer, de};

use crate::config::{Backend, Hunting, meaning};

/// What the token may carry, for the tool that makes tokens.
pub(crate) const CLAIMS: [Claim; 5] = [
    Claim {
        name: "client_id",
        title: "Client ID",
        kind: ClaimKind::Text,
        is_required: true,
        tooltip: "The application (client) id of an app registration in Microsoft Entra with permissions of WindowsDefenderATP.",
    },
    Claim {
        name: "client_secret",
        title: "Client secret",
        kind: ClaimKind::ApiKey,
        is_required: true,
        tooltip: "The value, not the id, of a client secret of the application. It expires; note the day.",
    },
    Claim {
        name: "tenant_id",
        title: "Tenant ID",
        kind: ClaimKind::Text,
        is_required: true,
        tooltip: "The id of the directory (tenant): a GUID, or a verified domain.",
    },
    Claim {
        name: "DEFENDER_HUNTING",
        title: "Hunting",
        kind: ClaimKind::Choice(&["auto", "graph", "mde", "off"]),
        is_required: false,
        tooltip: "Which way hunting queries go; the relay's own setting when left out.",
    },
    Claim {
        name: "DEFENDER_BACKEND",
        title: "Alerts",
        kind: ClaimKind::Choice(&["auto", "mde", "graph"]),
        is_required: false,
        tooltip: "Where alerts come from; the relay's own setting when left out.",
    },
];

/// An application in a tenant, and what it wants otherwise than the operator.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    /// The application (client) id.
    #[serde(deserialize_with = "filled")]
    client_id: String,
    /// The value of the client secret.
    client_secret: Secret,
    #[serde(rename = "tenant_id")]
    pub(crate) tenant: Tenant,
    #[serde(rename = "DEFENDER_HUNTING", default, deserialize_with = "lenient::text")]
    hunting: Option<String>,
    #[serde(rename = "DEFENDER_BACKEND", default, deserialize_with = "lenient::text")]
    backend: Option<String>,
}

impl relay_core::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.client_secret]
    }
}

impl Credentials {
    pub(crate) fn account(&self) -> Account<'_> {
        let Self { tenant, client_id, client_secret, .. } = self;
        Account { tenant, client_id, client_secret }
    }

    /// Unknown words are as good as none.
    pub(crate) fn hunting(&self) -> Option<Hunting> {
        meaning(&Hunting::WORDS, self.hunting.as_deref()?)
    }

    /// Unknown words are as good as none.
    pub(crate) fn backend(&self) -> Option<Backend> {
        meaning(&Backend::WORDS, self.backend.as_deref()?)
    }
}

fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(de::Error::custom("a client id is empty")) } else { Ok(text) }
}
