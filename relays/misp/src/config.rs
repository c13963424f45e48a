//! The relay's settings, docs/relays/misp.md#settings-and-claims.

mod credentials;

use relay_core::{BadSetting, BaseUrl, Call, Environment, Error, ErrorKind, Result, Secret};
use serde::Serialize;

pub use credentials::Credentials;

pub(crate) use credentials::CLAIMS;

const MAX_RELATIONS: usize = 200;
const DEFAULT_RELATIONS: usize = 50;
const URLSCAN_BASE_URL: &str = "https://urlscan.io/api/v1";

/// The operator's settings; holds nothing of any caller.
pub(crate) struct Config {
    /// `API_URL`: the server for tokens without `HOST`.
    pub(crate) base_url: Option<BaseUrl>,
    /// `MISP_RELATIONS_LIMIT`: the largest number of relations on one sighting.
    pub(crate) relations_limit: usize,
    /// `MISP_VERDICTS`: whether a bad event alone makes an observable bad.
    pub(crate) verdicts: Verdicts,
    /// `MISP_MORE_TYPES`: email, file name, user agent, mutex and registry key are supported.
    pub(crate) has_more_types: bool,
    /// `MISP_ACTIONS`: sightings can be added.
    pub(crate) has_sightings: bool,
    /// Settings of urlscan.io.
    pub(crate) urlscan: UrlscanConfig,
}

/// What decides a verdict, docs/relays/misp.md#verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdicts {
    /// The threat level of the event, and what else MISP knows about the attribute.
    Careful,
    /// The threat level of the event alone.
    ThreatLevel,
}

/// The settings of urlscan.io.
pub(crate) struct UrlscanConfig {
    /// `URLSCAN_API_URL`.
    pub(crate) base_url: BaseUrl,
    /// `URLSCAN_API_KEY`, for tokens without one.
    pub(crate) api_key: Option<Secret>,
    /// `URLSCAN_VISIBILITY`.
    pub(crate) visibility: Visibility,
}

/// Who sees a scan of urlscan.io. Source: <https://urlscan.io/docs/api/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Visibility {
    Public,
    Unlisted,
    Private,
}

impl Config {
    /// Reads the settings.
    ///
    /// Errors: the setting that cannot be used.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            base_url: environment.url("API_URL")?,
            relations_limit: environment.number(
                "MISP_RELATIONS_LIMIT",
                0..=MAX_RELATIONS,
                DEFAULT_RELATIONS,
            )?,
            verdicts: environment.word(
                "MISP_VERDICTS",
                &[("careful", Verdicts::Careful), ("threat-level", Verdicts::ThreatLevel)],
                Verdicts::Careful,
            )?,
            has_more_types: environment.flag("MISP_MORE_TYPES", false)?,
            has_sightings: environment.flag("MISP_ACTIONS", true)?,
            urlscan: UrlscanConfig::from_environment(environment)?,
        })
    }

    /// Returns the base URL of the caller's own server, else the operator's. An unusable one in the
    /// token is not replaced, because the caller's key must not go to another server.
    ///
    /// Errors: `InvalidInput` without a usable one.
    pub(crate) fn base_url_for(&self, call: &Call<'_, Credentials>) -> Result<BaseUrl> {
        let base_url = match &call.credentials.host {
            Some(host) => BaseUrl::from_token(host),
            None => call.lent(self.base_url.clone()),
        };
        base_url.ok_or_else(|| {
            let message = "HOST is missing or is not an https URL; set it in the token, or API_URL in the relay's settings.";
            call.explain_missing(Error::new(ErrorKind::InvalidInput, message))
        })
    }
}

impl UrlscanConfig {
    /// Returns the caller's own key, else the operator's.
    pub(crate) fn api_key_for<'a>(&'a self, call: &Call<'a, Credentials>) -> Option<&'a Secret> {
        call.credentials.urlscan_key.as_ref().or_else(|| call.lent(self.api_key.as_ref()))
    }

    fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let set = environment.url("URLSCAN_API_URL")?;
        let base_url = set.or_else(|| BaseUrl::well_known(URLSCAN_BASE_URL));
        Ok(Self {
            base_url: base_url
                .ok_or_else(|| BadSetting::new("URLSCAN_API_URL", "must be an https URL"))?,
            api_key: environment.text("URLSCAN_API_KEY").and_then(Secret::new),
            visibility: environment.word(
                "URLSCAN_VISIBILITY",
                &Visibility::WORDS,
                Visibility::Unlisted,
            )?,
        })
    }
}

impl Visibility {
    const WORDS: [(&str, Self); 3] =
        [("public", Self::Public), ("unlisted", Self::Unlisted), ("private", Self::Private)];

    /// Returns urlscan.io's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Private => "private",
        }
    }
}
