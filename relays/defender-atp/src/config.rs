//! The operator's settings, read once (spec §2). Where Graph and the login live is the settings of
//! `microsoft`.

mod credentials;

use relay_core::{BadSetting, BaseUrl, Environment};

use crate::{ABOUT, actions::Action};

pub(crate) use credentials::CLAIMS;
pub use credentials::Credentials;

/// The documented host; the regional ones differ in their first label only.
const API: &str = "https://api.security.microsoft.com";
const PREFIX: &str = "/api";
/// The audience that the documentation gives for every host of this API.
const SCOPE: &str = "https://api.securitycenter.microsoft.com/.default";
const PORTAL: &str = "https://security.microsoft.com";
/// The host of the portal that had other addresses.
const OLD_PORTAL: &str = "https://securitycenter.windows.com";

/// Where alerts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// The product's own API until it says that it is gone, then Graph.
    Auto,
    /// The product's own API.
    Own,
    /// Microsoft Graph's alerts.
    Graph,
}

impl Backend {
    pub(crate) const WORDS: [(&str, Self); 3] =
        [("auto", Self::Auto), ("mde", Self::Own), ("graph", Self::Graph)];
}

/// Which way hunting may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hunting {
    /// Graph first, the product's own endpoint when Graph refuses.
    Auto,
    /// One way only.
    Only(HuntingWay),
    /// No events, and no addresses of devices from them.
    Off,
}

impl Hunting {
    pub(crate) const WORDS: [(&str, Self); 4] = [
        ("auto", Self::Auto),
        ("graph", Self::Only(HuntingWay::Graph)),
        ("mde", Self::Only(HuntingWay::Endpoint)),
        ("off", Self::Off),
    ];
}

/// An endpoint that runs hunting queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HuntingWay {
    /// Graph's `runHuntingQuery`.
    Graph,
    /// The product's own `advancedqueries/run`, which is being retired.
    Endpoint,
}

/// The meaning of a word, in any case.
pub(crate) fn meaning<T: Copy>(words: &[(&str, T)], text: &str) -> Option<T> {
    let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
    known.map(|(_, meaning)| *meaning)
}

/// All settings of the relay.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What answers call the product. `DEFENDER_PRODUCT_NAME`.
    pub(crate) name: String,
    /// Host and prefix of the product's API. `DEFENDER_API_BASE`, `DEFENDER_API_PREFIX`.
    pub(crate) api: BaseUrl,
    /// What its tokens are for. `DEFENDER_SCOPE`.
    pub(crate) scope: String,
    /// `DEFENDER_HUNTING`; a token may say otherwise.
    pub(crate) hunting: Hunting,
    /// `DEFENDER_BACKEND`; a token may say otherwise.
    pub(crate) backend: Backend,
    /// `DEFENDER_PORTAL_BASE`.
    pub(crate) portal: Portal,
    /// Whether only what the first version could do is offered. `DEFENDER_FEATURES=seed`.
    pub(crate) only_seed_features: bool,
    /// Whether sightings name the scanner that raised the alert. `DEFENDER_SENSORS=fine`.
    pub(crate) fine_sensors: bool,
    /// What is offered and done. `DEFENDER_ACTIONS`.
    pub(crate) offered: Vec<Action>,
    /// Devices that are never isolated or restricted. `DEFENDER_PROTECTED_MACHINES`.
    pub(crate) protected: Protected,
}

impl Settings {
    /// Errors: the first setting that cannot be used.
    pub(crate) fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let text = |name: &str, default: &str| environment.text(name).unwrap_or(default).to_owned();
        let features = [("full", false), ("seed", true)];
        let sensors = [("endpoint", false), ("fine", true)];
        Ok(Self {
            name: text("DEFENDER_PRODUCT_NAME", ABOUT.name),
            api: api(environment)?,
            scope: text("DEFENDER_SCOPE", SCOPE),
            hunting: environment.word("DEFENDER_HUNTING", &Hunting::WORDS, Hunting::Auto)?,
            backend: environment.word("DEFENDER_BACKEND", &Backend::WORDS, Backend::Auto)?,
            portal: Portal(base(environment, "DEFENDER_PORTAL_BASE", PORTAL)?),
            only_seed_features: environment.word("DEFENDER_FEATURES", &features, false)?,
            fine_sensors: environment.word("DEFENDER_SENSORS", &sensors, false)?,
            offered: offered(environment)?,
            protected: Protected::new(environment.list("DEFENDER_PROTECTED_MACHINES")),
        })
    }

    pub(crate) fn offers(&self, action: Action) -> bool {
        !self.only_seed_features && self.offered.contains(&action)
    }
}

fn base(environment: &Environment, name: &str, default: &str) -> Result<BaseUrl, BadSetting> {
    let known = environment.url(name)?.or_else(|| BaseUrl::from_environment(default));
    known.ok_or_else(|| BadSetting::new(name, "has no default; set it"))
}

fn api(environment: &Environment) -> Result<BaseUrl, BadSetting> {
    let host = base(environment, "DEFENDER_API_BASE", API)?;
    let prefix = environment.text("DEFENDER_API_PREFIX").unwrap_or(PREFIX);
    let whole = prefix.starts_with('/').then(|| format!("{}{prefix}", host.as_str()));
    whole.and_then(|url| BaseUrl::from_environment(&url)).ok_or_else(|| {
        BadSetting::new("DEFENDER_API_PREFIX", "must be a path such as /api or /api/v1.0")
    })
}

fn offered(environment: &Environment) -> Result<Vec<Action>, BadSetting> {
    match environment.list("DEFENDER_ACTIONS").as_slice() {
        [] => Ok(Action::all().collect()),
        [none] if none.eq_ignore_ascii_case("none") => Ok(Vec::new()),
        named => named.iter().map(|name| known_action(name)).collect(),
    }
}

fn known_action(name: &str) -> Result<Action, BadSetting> {
    Action::named(name).ok_or_else(|| {
        let ids: Vec<_> = Action::all().map(Action::id).collect();
        BadSetting::new(
            "DEFENDER_ACTIONS",
            format!("must be none, or a list out of: {}", ids.join(", ")),
        )
    })
}

/// The product's console.
#[derive(Debug)]
pub(crate) struct Portal(BaseUrl);

impl Portal {
    /// Without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is the console whose pages had other addresses.
    pub(crate) fn is_old(&self) -> bool {
        self.base() == OLD_PORTAL
    }
}

/// Devices that are never isolated or restricted: ids, full names, or names without a domain.
#[derive(Debug, Default)]
pub(crate) struct Protected(Vec<String>);

impl Protected {
    fn new(listed: Vec<&str>) -> Self {
        Self(listed.into_iter().map(str::to_lowercase).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of a device's ids and names is listed.
    pub(crate) fn holds<'a>(&self, known: impl IntoIterator<Item = &'a str>) -> bool {
        known.into_iter().any(|name| {
            let name = name.trim_end_matches('.').to_lowercase();
            let first = name.split('.').next().unwrap_or_default();
            self.0.iter().any(|listed| *listed == name || listed == first)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, BadSetting> {
        Settings::new(&Environment::of(pairs.iter().copied()))
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.api.as_str(), "https://api.security.microsoft.com/api");
        assert_eq!(settings.scope, SCOPE);
        assert_eq!(settings.portal.base(), PORTAL);
        assert_eq!((settings.hunting, settings.backend), (Hunting::Auto, Backend::Auto));
        assert!(Action::all().all(|action| settings.offers(action)));
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
    fn l09_settings_that_cannot_be_used_are_named() {
        for (name, value) in [
            ("DEFENDER_API_BASE", "http://api.security.microsoft.com"),
            ("DEFENDER_API_PREFIX", "api"),
            ("DEFENDER_API_PREFIX", "/api?x"),
            ("DEFENDER_HUNTING", "maybe"),
            ("DEFENDER_BACKEND", "alerts"),
            ("DEFENDER_PORTAL_BASE", "x"),
            ("DEFENDER_FEATURES", "some"),
            ("DEFENDER_SENSORS", "coarse"),
            ("DEFENDER_ACTIONS", "FullIsolation,Offboard"),
        ] {
            let complaint = settings(&[(name, value)]).unwrap_err().to_string();
            assert!(complaint.starts_with(name), "{complaint}");
        }
    }

    #[test]
    fn actions_are_those_listed_or_none() {
        let listed = settings(&[("DEFENDER_ACTIONS", "fullisolation, remove-indicator")]).unwrap();
        assert_eq!(listed.offered.len(), 2);
        assert!(listed.offers(Action::RemoveIndicator));
        assert!(settings(&[("DEFENDER_ACTIONS", "none")]).unwrap().offered.is_empty());
        let seed = settings(&[("DEFENDER_FEATURES", "seed")]).unwrap();
        assert!(!seed.offers(Action::RemoveIndicator));
    }

    #[test]
    fn protection_goes_by_id_full_name_and_first_label() {
        let listed = ["F506B40928b5b7a767c76fb008f86bebb2737f6a", "srv-7", "dc1.contoso.example"];
        let protected = Protected::new(listed.to_vec());
        for known in [
            "f506b40928b5b7a767c76fb008f86bebb2737f6a",
            "SRV-7.contoso.example",
            "srv-7",
            "DC1.Contoso.example.",
        ] {
            assert!(protected.holds([known]), "{known}");
        }
        for known in ["srv-77.contoso.example", "dc1", "dc1.fabrikam.example", ""] {
            assert!(!protected.holds([known]), "{known}");
        }
        assert!(!Protected::default().holds(["anything"]));
    }
}
