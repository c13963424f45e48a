//! A token request, and whether it may be granted.

use super::{
    app,
    refusal::Refusal,
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

/// What the form says; a parameter without a value counts as missing.
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

    fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.parameter(name).ok_or(Refusal::MissingParameter(name))
    }

    /// The checks in the order in which the endpoint makes them.
    pub(super) fn grant(&self, tenant: &str) -> Result<Grant, Refusal> {
        let tenant = known_tenant(tenant)?;
        let grant_type = self.required("grant_type")?;
        if grant_type != "client_credentials" {
            return Err(Refusal::UnsupportedGrant(grant_type.to_owned()));
        }
        let id = self.required("client_id")?;
        let scope = self.required("scope")?;
        let app = app::find(id)
            .filter(|app| app.is_in(tenant))
            .ok_or_else(|| Refusal::UnknownApp { id: id.to_owned(), tenant })?;
        let secret = self.parameter("client_secret").ok_or(Refusal::MissingSecret)?;
        if secret != app.secret {
            return Err(Refusal::WrongSecret(app));
        }
        if app.secret_is_expired {
            return Err(Refusal::ExpiredSecret(app));
        }
        Ok(Grant { tenant, app, resource: resource(scope, tenant)? })
    }
}

fn known_tenant(text: &str) -> Result<&'static Tenant, Refusal> {
    let is_well_formed = text.contains(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    if !is_well_formed {
        return Err(Refusal::MalformedTenant(text.to_owned()));
    }
    tenant::find(text).ok_or_else(|| Refusal::UnknownTenant(text.to_owned()))
}

/// The resource of a scope, which must end with `/.default`.
fn resource(scope: &str, tenant: &'static Tenant) -> Result<Resource, Refusal> {
    let name = scope
        .strip_suffix("/.default")
        .ok_or_else(|| Refusal::NotDefaultScope(scope.to_owned()))?;
    let name = name.strip_suffix('/').unwrap_or(name);
    let known = RESOURCES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known
        .map(|(_, resource)| resource)
        .ok_or_else(|| Refusal::UnknownResource { name: name.to_owned(), tenant })
}
