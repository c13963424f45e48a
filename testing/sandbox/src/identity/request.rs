//! A token request, and the checks before it is granted.

use super::{
    app,
    error::TokenError,
    tenant::{self, Tenant},
    tokens::Grant,
};

/// An API that tokens are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Microsoft Graph.
    Graph,
    /// Microsoft Defender for Endpoint.
    Defender,
}

/// The hosts under which the resources are known, also those of the government clouds.
const RESOURCES: [(&str, Resource); 9] = [
    ("https://graph.microsoft.com", Resource::Graph),
    ("https://graph.microsoft.us", Resource::Graph),
    ("https://dod-graph.microsoft.us", Resource::Graph),
    ("https://api.securitycenter.microsoft.com", Resource::Defender),
    ("https://api.security.microsoft.com", Resource::Defender),
    ("https://api.securitycenter.windows.com", Resource::Defender),
    ("https://securitycenter.onmicrosoft.com/windowsatpservice", Resource::Defender),
    ("https://api-gcc.securitycenter.microsoft.us", Resource::Defender),
    ("https://api-gov.securitycenter.microsoft.us", Resource::Defender),
];

/// The parameters of the form; one without a value counts as missing.
#[derive(Debug, Default)]
pub(super) struct TokenRequest {
    parameters: Vec<(String, String)>,
}

impl TokenRequest {
    pub(super) fn read(form: &[u8]) -> Self {
        Self { parameters: url::form_urlencoded::parse(form).into_owned().collect() }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let (_, value) = self.parameters.iter().find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<&str, TokenError> {
        self.parameter(name).ok_or(TokenError::MissingParameter(name))
    }

    /// The checks in the order in which the endpoint makes them.
    pub(super) fn grant(&self, tenant: &str) -> Result<Grant, TokenError> {
        let tenant = known_tenant(tenant)?;
        let grant_type = self.required("grant_type")?;
        if grant_type != "client_credentials" {
            return Err(TokenError::UnsupportedGrant(grant_type.to_owned()));
        }
        let id = self.required("client_id")?;
        let scope = self.required("scope")?;
        let app = app::find(id)
            .filter(|app| app.is_in(tenant))
            .ok_or_else(|| TokenError::UnknownApp { id: id.to_owned(), tenant })?;
        let secret = self.parameter("client_secret").ok_or(TokenError::MissingSecret)?;
        if secret != app.secret {
            return Err(TokenError::WrongSecret(app));
        }
        if app.secret_is_expired {
            return Err(TokenError::ExpiredSecret(app));
        }
        Ok(Grant { tenant, app, resource: resource(scope, tenant)? })
    }
}

fn known_tenant(text: &str) -> Result<&'static Tenant, TokenError> {
    let is_well_formed = text.contains(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    if !is_well_formed {
        return Err(TokenError::MalformedTenant(text.to_owned()));
    }
    tenant::find(text).ok_or_else(|| TokenError::UnknownTenant(text.to_owned()))
}

/// The resource of a scope, which must end with `/.default`.
fn resource(scope: &str, tenant: &'static Tenant) -> Result<Resource, TokenError> {
    let name = scope
        .strip_suffix("/.default")
        .ok_or_else(|| TokenError::NotDefaultScope(scope.to_owned()))?;
    let name = name.strip_suffix('/').unwrap_or(name);
    let known = RESOURCES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known
        .map(|(_, resource)| resource)
        .ok_or_else(|| TokenError::UnknownResource { name: name.to_owned(), tenant })
}
