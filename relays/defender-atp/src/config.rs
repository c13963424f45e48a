//! The operator's settings: docs/settings.md#microsoft-defender-for-endpoint. Where the APIs are is
//! read by `microsoft`.

mod credentials;
mod protected_devices;

use relay_core::{BadSetting, BaseUrl, Environment};

use crate::{ABOUT, actions::DefenderAction};

pub(crate) use credentials::CLAIMS;
pub use credentials::Credentials;
pub(crate) use protected_devices::{ProtectedDevices, Verdict};

const DEFAULT_PORTAL: &str = "https://security.microsoft.com";
/// The host of the console whose pages had other addresses.
const OLD_PORTAL: &str = "https://securitycenter.windows.com";

/// Where alerts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// The product's own API until it is retired, then Graph.
    Auto,
    /// The product's own API.
    Defender,
    /// Graph's alerts.
    Graph,
}

impl Backend {
    pub(crate) const WORDS: [(&str, Self); 3] =
        [("auto", Self::Auto), ("mde", Self::Defender), ("graph", Self::Graph)];
}

/// All settings of the relay.
#[derive(Debug)]
pub(crate) struct Config {
    /// What answers call the product: `DEFENDER_PRODUCT_NAME`.
    pub(crate) product_name: String,
    /// `DEFENDER_BACKEND`; a claim may replace it.
    pub(crate) backend: Backend,
    /// `DEFENDER_PORTAL_BASE`.
    pub(crate) portal: Portal,
    /// Whether there are neither links nor actions: `DEFENDER_FEATURES=seed`.
    pub(crate) only_seed_features: bool,
    /// Whether sightings name the scanner that raised the alert: `DEFENDER_SENSORS=fine`.
    pub(crate) has_fine_sensors: bool,
    /// The actions that are offered and done: `DEFENDER_ACTIONS`.
    actions: Vec<DefenderAction>,
    /// `DEFENDER_PROTECTED_MACHINES`.
    pub(crate) protected_devices: ProtectedDevices,
}

impl Config {
    /// Errors: the first setting that cannot be used.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let features = [("full", false), ("seed", true)];
        let sensors = [("endpoint", false), ("fine", true)];
        let product_name = environment.text("DEFENDER_PRODUCT_NAME").unwrap_or(ABOUT.name);
        Ok(Self {
            product_name: product_name.to_owned(),
            backend: environment.word("DEFENDER_BACKEND", &Backend::WORDS, Backend::Auto)?,
            portal: Portal::from_environment(environment)?,
            only_seed_features: environment.word("DEFENDER_FEATURES", &features, false)?,
            has_fine_sensors: environment.word("DEFENDER_SENSORS", &sensors, false)?,
            actions: actions(environment)?,
            protected_devices: ProtectedDevices::from_environment(environment)?,
        })
    }

    /// Whether any action is offered and done.
    pub(crate) fn has_any_action(&self) -> bool {
        !self.only_seed_features && !self.actions.is_empty()
    }

    /// Whether an action is offered and done.
    pub(crate) fn has_action(&self, action: DefenderAction) -> bool {
        !self.only_seed_features && self.actions.contains(&action)
    }
}

fn actions(environment: &Environment) -> Result<Vec<DefenderAction>, BadSetting> {
    match environment.list("DEFENDER_ACTIONS")?.as_slice() {
        [] => Ok(DefenderAction::all().collect()),
        [none] if none.eq_ignore_ascii_case("none") => Ok(Vec::new()),
        names => names.iter().map(|name| action(name)).collect(),
    }
}

fn action(name: &str) -> Result<DefenderAction, BadSetting> {
    DefenderAction::from_setting(name).ok_or_else(|| {
        let ids: Vec<_> = DefenderAction::all().map(DefenderAction::id).collect();
        let reason = format!("must be none, or a list out of: {}", ids.join(", "));
        BadSetting::new("DEFENDER_ACTIONS", reason)
    })
}

/// The product's console.
#[derive(Debug)]
pub(crate) struct Portal(BaseUrl);

impl Portal {
    fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let name = "DEFENDER_PORTAL_BASE";
        let base = environment.url(name)?.or_else(|| BaseUrl::well_known(DEFAULT_PORTAL));
        base.map(Self).ok_or_else(|| BadSetting::new(name, "has no default; set it"))
    }

    /// Without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is the console whose pages had other addresses.
    pub(crate) fn is_old(&self) -> bool {
        self.base() == OLD_PORTAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<Config, BadSetting> {
        Config::from_environment(&Environment::of(pairs.iter().copied()))
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = config(&[]).unwrap();
        assert_eq!(config.portal.base(), DEFAULT_PORTAL);
        assert_eq!(config.backend, Backend::Auto);
        assert!(DefenderAction::all().all(|action| config.has_action(action)));
    }

    #[test]
    fn l09_settings_that_cannot_be_used_are_named() {
        for (name, value) in [
            ("DEFENDER_BACKEND", "alerts"),
            ("DEFENDER_PORTAL_BASE", "x"),
            ("DEFENDER_FEATURES", "some"),
            ("DEFENDER_SENSORS", "coarse"),
            ("DEFENDER_ACTIONS", "FullIsolation,Offboard"),
        ] {
            let complaint = config(&[(name, value)]).unwrap_err().to_string();
            assert!(complaint.starts_with(name), "{complaint}");
        }
    }

    #[test]
    fn actions_are_those_listed_or_none() {
        let listed = config(&[("DEFENDER_ACTIONS", "fullisolation, remove-indicator")]).unwrap();
        assert_eq!(listed.actions.len(), 2);
        assert!(listed.has_action(DefenderAction::RemoveIndicator));
        assert!(config(&[("DEFENDER_ACTIONS", "none")]).unwrap().actions.is_empty());
        let seed = config(&[("DEFENDER_FEATURES", "seed")]).unwrap();
        assert!(!seed.has_action(DefenderAction::RemoveIndicator));
    }
}
