//! A tenant of Microsoft Entra, and an application that is registered in it.

use std::fmt;

use relay_core::{
    BaseUrl, Claim, ClaimKind, Error, ErrorKind, Response, Result, Secret,
    oauth::{ClientCredentials, login_refusal},
};
use serde::{Deserialize, Deserializer, de};

/// A tenant: its GUID or one of its verified domains. Letters, digits, dots and hyphens only, so
/// that it is one segment of the login's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// Reads a tenant; none for a text that cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let is_tenant = (1..=253).contains(&text.len())
            && text.bytes().all(is_allowed)
            && text.bytes().any(|byte| byte.is_ascii_alphanumeric());
        is_tenant.then(|| Self(text.to_owned()))
    }

    /// Returns the tenant as the token names it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Tenant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("a tenant is a GUID or a domain"))
    }
}

/// The claim that names the tenant.
pub const TENANT_CLAIM: Claim = Claim {
    name: "tenant_id",
    former_name: None,
    title: "Tenant ID",
    kind: ClaimKind::Text,
    is_required: true,
    tooltip: "The id of the directory (tenant): a GUID, or a verified domain.",
};

/// The claim that holds the secret of the application.
pub const CLIENT_SECRET_CLAIM: Claim = Claim {
    name: "client_secret",
    former_name: None,
    title: "Client secret",
    kind: ClaimKind::ApiKey,
    is_required: true,
    tooltip: "The value, not the id, of a client secret of the application. It expires; note the day.",
};

/// An application in a tenant, with its secret.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The application (client) id.
    pub client_id: &'a str,
    /// The value of the client secret.
    pub client_secret: &'a Secret,
}

impl<'a> Account<'a> {
    /// Returns the login of this application for `scope` at Microsoft's identity platform.
    ///
    /// Source: docs/relays/graph-security.md#login; Microsoft's page "Microsoft identity platform
    /// and the OAuth 2.0 client credentials flow".
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a tenant that cannot stand in a path, which [`Tenant`] rules out.
    pub fn login(&self, platform: &BaseUrl, scope: &'a str) -> Result<ClientCredentials<'a>> {
        Ok(ClientCredentials {
            endpoint: platform.segments(&[self.tenant.as_str(), "oauth2", "v2.0", "token"])?,
            client_id: self.client_id,
            client_secret: self.client_secret,
            scope,
            refusal: login_error,
        })
    }
}

fn login_error(response: &Response, message: &str) -> Error {
    match response.status() {
        404 => {
            let text = "Authorization failed: Microsoft does not know the tenant; check tenant_id and GRAPH_CLOUD.";
            Error::new(ErrorKind::Unauthorized, text).with_context("product.status", 404)
        }
        403 => login_refusal(response, message).with_kind(ErrorKind::Forbidden),
        500 => login_refusal(response, message).with_kind(ErrorKind::Unexpected),
        _ => login_refusal(response, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i08_a_tenant_is_one_segment_of_a_path() {
        let longest = "a".repeat(253);
        for good in ["a4c123b1-612d-4272-a137-1c17149d4395", "contoso.example", "x", &longest] {
            assert_eq!(Tenant::parse(good).unwrap().as_str(), good);
        }
        let too_long = "a".repeat(254);
        for bad in [
            "",
            ".",
            "..",
            "-",
            "../common",
            "a/b",
            "a?b",
            "a#b",
            "a@b",
            "a b",
            "a\nb",
            "ä",
            "a%2e",
            &too_long,
        ] {
            assert_eq!(Tenant::parse(bad), None, "{bad}");
        }
    }
}
