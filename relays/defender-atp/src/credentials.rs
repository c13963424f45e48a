//! What a token carries for this product (spec §2).

use microsoft_graph::{Account, Tenant};
use relay_core::{Secret, lenient};
use serde::{Deserialize, Deserializer, de};

use crate::settings::{Backend, Hunting, meaning};

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
