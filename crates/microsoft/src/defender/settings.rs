//! The settings of the API: its address, the scope of its tokens, and hunting.

use relay_core::{BadSetting, BaseUrl, Environment};

use super::HuntingMode;

/// The host that the vendor documents; the regional ones differ in their first label only.
const DEFAULT_HOST: &str = "https://api.security.microsoft.com";
/// What stands before the documented host for a region.
const REGIONS: [&str; 7] = ["us", "eu", "uk", "au", "swa", "ina", "aea"];
/// The other hosts: of the years before, of the government, and the one that rehearses the day on which
/// Microsoft's are gone, because names below `invalid` never resolve (RFC 2606).
const FURTHER_HOSTS: [&str; 8] = [
    "https://api.securitycenter.microsoft.com",
    "https://api.securitycenter.windows.com",
    "https://api-us.securitycenter.windows.com",
    "https://api-eu.securitycenter.windows.com",
    "https://api-uk.securitycenter.windows.com",
    "https://api-gcc.securitycenter.microsoft.us",
    "https://api-gov.securitycenter.microsoft.us",
    "https://api.security.invalid",
];
const DEFAULT_PREFIX: &str = "/api";
/// The audience that the vendor's pages give for every host of this API.
const DEFAULT_SCOPE: &str = "https://api.securitycenter.microsoft.com/.default";

#[derive(Debug)]
pub(super) struct Settings {
    /// Host and prefix: `DEFENDER_API_BASE`, `DEFENDER_API_PREFIX`.
    pub(super) api: BaseUrl,
    /// Whether its host is one that Microsoft documents.
    pub(super) is_microsofts: bool,
    /// What access tokens are requested for: `DEFENDER_SCOPE`.
    pub(super) scope: String,
    /// `DEFENDER_HUNTING`.
    pub(super) hunting: HuntingMode,
}

impl Settings {
    /// Errors: the first setting that cannot be used.
    pub(super) fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let api = api(environment)?;
        Ok(Self {
            is_microsofts: is_microsofts(&api),
            api,
            scope: environment.text("DEFENDER_SCOPE").unwrap_or(DEFAULT_SCOPE).to_owned(),
            hunting: environment.word(
                "DEFENDER_HUNTING",
                &HuntingMode::WORDS,
                HuntingMode::Auto,
            )?,
        })
    }
}

fn api(environment: &Environment) -> Result<BaseUrl, BadSetting> {
    let set = environment.url("DEFENDER_API_BASE")?;
    let host = set.as_ref().map_or(DEFAULT_HOST, BaseUrl::as_str);
    let prefix = environment.text("DEFENDER_API_PREFIX").unwrap_or(DEFAULT_PREFIX);
    let whole = prefix.starts_with('/').then(|| format!("{host}{prefix}"));
    whole.and_then(|url| BaseUrl::from_environment(&url)).ok_or_else(|| {
        BadSetting::new("DEFENDER_API_PREFIX", "must be a path such as /api or /api/v1.0")
    })
}

fn is_microsofts(api: &BaseUrl) -> bool {
    let address = api.as_str();
    let origin = address.match_indices('/').nth(2).map_or(address, |(end, _)| &address[..end]);
    let is_region = |region: &&str| DEFAULT_HOST.replace("//", &format!("//{region}.")) == origin;
    origin == DEFAULT_HOST || FURTHER_HOSTS.contains(&origin) || REGIONS.iter().any(is_region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, BadSetting> {
        Settings::from_environment(&Environment::of(pairs.iter().copied()))
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.api.as_str(), "https://api.security.microsoft.com/api");
        assert_eq!(settings.scope, DEFAULT_SCOPE);
        assert_eq!(settings.hunting, HuntingMode::Auto);
    }

    #[test]
    fn regions_versions_and_government_clouds_are_reached_by_settings() {
        for (base, prefix, expected) in [
            (
                "https://eu.api.security.microsoft.com",
                "/api",
                "https://eu.api.security.microsoft.com/api",
            ),
            (
                "https://api.securitycenter.windows.com/",
                "/api/v1.0",
                "https://api.securitycenter.windows.com/api/v1.0",
            ),
            (
                "https://api-gov.securitycenter.microsoft.us",
                "/api/",
                "https://api-gov.securitycenter.microsoft.us/api",
            ),
        ] {
            let settings =
                settings(&[("DEFENDER_API_BASE", base), ("DEFENDER_API_PREFIX", prefix)]);
            assert_eq!(settings.unwrap().api.as_str(), expected);
        }
    }

    #[test]
    fn only_documented_hosts_are_microsofts() {
        let check = |base: &str, expected: bool| {
            let settings = settings(&[("DEFENDER_API_BASE", base)]).unwrap();
            assert_eq!(settings.is_microsofts, expected, "{base}");
        };
        assert!(settings(&[]).unwrap().is_microsofts);
        check("https://eu.api.security.microsoft.com", true);
        check("https://api-gov.securitycenter.microsoft.us/", true);
        check("https://api.securitycenter.windows.com", true);
        check("https://api.security.invalid", true);
        check("https://api.securty.microsoft.com", false);
        check("https://eur.api.security.microsoft.com", false);
        check("https://x.eu.api.security.microsoft.com", false);
        check("https://api.security.microsoft.com.example", false);
        check("https://api.security.microsoft.com:8443", false);
        check("http://127.0.0.1:9102", false);
    }

    #[test]
    fn l09_settings_that_cannot_be_used_are_named() {
        for (name, value) in [
            ("DEFENDER_API_BASE", "http://api.security.microsoft.com"),
            ("DEFENDER_API_PREFIX", "api"),
            ("DEFENDER_API_PREFIX", "/api?x"),
            ("DEFENDER_HUNTING", "maybe"),
        ] {
            let complaint = settings(&[(name, value)]).unwrap_err().to_string();
            assert!(complaint.starts_with(name), "{complaint}");
        }
    }
}
