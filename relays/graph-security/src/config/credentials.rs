//! The credentials in a caller's token.
//!
//! Source: docs/relays/graph-security.md#settings-and-claims.

use microsoft::{Account, CLIENT_SECRET_CLAIM, TENANT_CLAIM, Tenant};
use relay_core::{Claim, ClaimKind, Secret};
use serde::{Deserialize, de::IgnoredAny};

use super::Backend;

/// The claims that a token may have, in the order in which a form asks for them.
pub(crate) const CLAIMS: [Claim; 4] = [
    Claim {
        name: "application_id",
        former_name: None,
        title: "Application ID",
        kind: ClaimKind::Text,
        is_required: true,
        tooltip: "The application (client) id of an app registration in Microsoft Entra with the permission SecurityAlert.Read.All.",
    },
    TENANT_CLAIM,
    CLIENT_SECRET_CLAIM,
    Claim {
        name: "GRAPH_BACKEND",
        former_name: None,
        title: "Alerts",
        kind: ClaimKind::Choice(&["alerts_v2", "alerts"]),
        is_required: false,
        tooltip: "Where alerts come from; the relay's own setting when left out. The legacy alerts are retired by Microsoft.",
    },
];

/// The claims of a token: an application of the caller's tenant, and its choice of the backend.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Claims")]
pub struct Credentials {
    application_id: String,
    pub(crate) tenant: Tenant,
    client_secret: Secret,
    pub(crate) backend: Option<Backend>,
}

impl Credentials {
    /// Returns the account that requests to Microsoft are made with.
    pub(crate) fn account(&self) -> Account<'_> {
        Account {
            tenant: &self.tenant,
            client_id: &self.application_id,
            client_secret: &self.client_secret,
        }
    }
}

impl relay_core::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.client_secret]
    }
}

#[derive(Deserialize)]
struct Claims {
    application_id: String,
    tenant_id: Tenant,
    client_secret: Secret,
    #[serde(rename = "GRAPH_BACKEND")]
    backend: Option<Choice>,
}

/// An unknown word leaves the choice to the setting.
#[derive(Deserialize)]
#[serde(untagged)]
enum Choice {
    Known(Backend),
    Unknown(IgnoredAny),
}

impl TryFrom<Claims> for Credentials {
    type Error = &'static str;

    fn try_from(claims: Claims) -> Result<Self, Self::Error> {
        if claims.application_id.is_empty() {
            return Err("no application id");
        }
        Ok(Self {
            application_id: claims.application_id,
            tenant: claims.tenant_id,
            client_secret: claims.client_secret,
            backend: match claims.backend {
                Some(Choice::Known(backend)) => Some(backend),
                Some(Choice::Unknown(_)) | None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TENANT: &str = "a4c123b1-612d-4272-a137-1c17149d4395";

    fn read(changes: &[(&str, Value)]) -> Option<Credentials> {
        let mut claims =
            json!({"application_id": "app", "tenant_id": TENANT, "client_secret": "marker-7"});
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        serde_json::from_value(claims).ok()
    }

    #[test]
    fn c09_every_credential_is_a_text_that_is_not_empty() {
        assert!(read(&[]).is_some());
        for name in ["application_id", "tenant_id", "client_secret"] {
            for malformed in [json!(null), json!(""), json!(7), json!(["x"])] {
                assert!(read(&[(name, malformed.clone())]).is_none(), "{name} {malformed}");
            }
        }
        assert!(read(&[("tenant_id", json!("../common"))]).is_none());
    }

    #[test]
    fn the_token_chooses_the_backend_with_a_known_word_only() {
        let backend = |claim: Value| read(&[("GRAPH_BACKEND", claim)]).unwrap().backend;
        assert_eq!(backend(json!("alerts")), Some(Backend::Legacy));
        assert_eq!(backend(json!("alerts_v2")), Some(Backend::AlertsV2));
        for malformed in [json!(null), json!("other"), json!(2), json!({"a": 1})] {
            assert_eq!(backend(malformed.clone()), None, "{malformed}");
        }
    }

    #[test]
    fn p03_the_secret_is_not_printed() {
        assert!(!format!("{:?}", read(&[]).unwrap()).contains("marker-7"));
    }
}
