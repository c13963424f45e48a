//! Microsoft's clouds: hosts of Graph and of its login, and the scope of access tokens.

use relay_core::{BadSetting, BaseUrl, Environment};

use crate::Portal;

/// One of Microsoft's clouds.
///
/// Source: docs/relays/graph-security.md#settings-and-claims; Microsoft's page "Microsoft Graph
/// national cloud deployments". The cloud of 21Vianet is missing because it offers neither
/// `alerts_v2` nor hunting.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// Graph's base URL, without the version.
    pub graph: BaseUrl,
    /// The identity platform's base URL, without the tenant.
    pub login: BaseUrl,
    /// The scope of access tokens: the application's permissions at this cloud's Graph.
    pub scope: &'static str,
    /// The portal where people read alerts.
    pub portal: Portal<'static>,
}

#[derive(Clone, Copy)]
struct Preset {
    graph: &'static str,
    login: &'static str,
    scope: &'static str,
    portal: Portal<'static>,
}

const GLOBAL: Preset = Preset {
    graph: "https://graph.microsoft.com",
    login: "https://login.microsoftonline.com",
    scope: "https://graph.microsoft.com/.default",
    portal: Portal::GLOBAL,
};
const US_GOVERNMENT: Preset = Preset {
    graph: "https://graph.microsoft.us",
    login: "https://login.microsoftonline.us",
    scope: "https://graph.microsoft.us/.default",
    portal: Portal::at("https://security.microsoft.us"),
};
const US_DEFENSE: Preset = Preset {
    graph: "https://dod-graph.microsoft.us",
    login: "https://login.microsoftonline.us",
    scope: "https://dod-graph.microsoft.us/.default",
    portal: Portal::at("https://security.apps.mil"),
};

const CLOUDS: [(&str, Preset); 3] =
    [("global", GLOBAL), ("usgov", US_GOVERNMENT), ("dod", US_DEFENSE)];

impl Cloud {
    /// Reads `GRAPH_CLOUD` (`global`, `usgov`, `dod`), and `GRAPH_BASE_URL` and `LOGIN_BASE_URL`,
    /// which replace the cloud's hosts, not its scope.
    ///
    /// # Errors
    ///
    /// [`BadSetting`] for an unknown cloud, or for a URL that is neither https nor on loopback.
    pub fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let preset = environment.word("GRAPH_CLOUD", &CLOUDS, GLOBAL)?;
        let base = |name: &str, known: &str| {
            let set = environment.url(name)?.or_else(|| BaseUrl::well_known(known));
            set.ok_or_else(|| BadSetting::new(name, "must be set for this cloud"))
        };
        Ok(Self {
            graph: base("GRAPH_BASE_URL", preset.graph)?,
            login: base("LOGIN_BASE_URL", preset.login)?,
            scope: preset.scope,
            portal: preset.portal,
        })
    }

    /// Returns where its login and its Graph are.
    #[must_use]
    pub fn urls(&self) -> [&BaseUrl; 2] {
        [&self.login, &self.graph]
    }

    /// Whether it is the global cloud, which has what the others lack.
    pub(crate) fn is_global(&self) -> bool {
        self.scope == GLOBAL.scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(pairs: &[(&str, &str)]) -> Result<Cloud, BadSetting> {
        Cloud::from_environment(&Environment::of(pairs.iter().copied()))
    }

    #[test]
    fn each_cloud_has_its_hosts_and_scope() {
        let check = |name: &str, graph: &str, login: &str| {
            let cloud = cloud(&[("GRAPH_CLOUD", name)]).unwrap();
            assert_eq!((cloud.graph.as_str(), cloud.login.as_str()), (graph, login));
            assert_eq!(cloud.scope, format!("{graph}/.default"));
        };
        check("", "https://graph.microsoft.com", "https://login.microsoftonline.com");
        check("global", "https://graph.microsoft.com", "https://login.microsoftonline.com");
        check("usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us");
        check("DoD", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us");
    }

    #[test]
    fn hosts_can_be_replaced_and_unknown_clouds_are_refused() {
        let own = cloud(&[
            ("GRAPH_BASE_URL", "http://127.0.0.1:9100"),
            ("LOGIN_BASE_URL", "http://127.0.0.1:9101/"),
        ]);
        let own = own.unwrap();
        assert_eq!(own.graph.as_str(), "http://127.0.0.1:9100");
        assert_eq!(own.login.as_str(), "http://127.0.0.1:9101");
        assert_eq!(own.scope, "https://graph.microsoft.com/.default");
        assert!(cloud(&[("GRAPH_CLOUD", "china")]).is_err());
        assert!(cloud(&[("GRAPH_BASE_URL", "http://graph.example")]).is_err());
    }
}
