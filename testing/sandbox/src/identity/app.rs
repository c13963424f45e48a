//! The app registrations of the sandbox: which secret each has, and which permissions were consented to.
//!
//! Every app is installed in every tenant, except where noted.

use serde_json::{Value, json};

use super::{Resource, Tenant, tenant};

/// An app registration.
#[derive(Debug, PartialEq, Eq)]
pub struct App {
    /// The application (client) id, a GUID.
    pub id: &'static str,
    /// The value of its client secret.
    pub secret: &'static str,
    /// Application permissions for Microsoft Graph.
    pub graph: &'static [&'static str],
    /// Application permissions for Microsoft Defender for Endpoint.
    pub defender: &'static [&'static str],
    pub(super) secret_is_expired: bool,
    pub(super) tokens_last_one_call: bool,
    pub(super) only_in: Option<&'static Tenant>,
}

impl App {
    /// The claims of a relay's token for this app in a tenant; relays call the app's id differently.
    #[must_use]
    pub fn claims(&self, id: &str, tenant: &Tenant) -> Value {
        json!({id: self.id, "tenant_id": tenant.id, "client_secret": self.secret})
    }

    /// The permissions that its tokens carry for a resource.
    pub(crate) fn roles(&self, resource: Resource) -> &'static [&'static str] {
        match resource {
            Resource::Graph => self.graph,
            Resource::Defender => self.defender,
        }
    }

    /// Whether an administrator of this tenant has installed the app.
    pub(super) fn is_in(&self, tenant: &Tenant) -> bool {
        self.only_in.is_none_or(|only| only == tenant)
    }
}

/// An app that is installed in every tenant, with these permissions for Graph and Defender.
const fn app(
    id: &'static str,
    secret: &'static str,
    graph: &'static [&'static str],
    defender: &'static [&'static str],
) -> App {
    let (secret_is_expired, tokens_last_one_call, only_in) = (false, false, None);
    App { id, secret, graph, defender, secret_is_expired, tokens_last_one_call, only_in }
}

const ALERTS: &str = "SecurityAlert.Read.All";
const HUNTING: &str = "ThreatHunting.Read.All";
const LEGACY: &str = "SecurityEvents.Read.All";

const INCIDENTS: &str = "SecurityIncident.Read.All";
const REPUTATIONS: &str = "ThreatIntelligence.Read.All";

const ALL_GRAPH: &[&str] = &[ALERTS, HUNTING, INCIDENTS, LEGACY, REPUTATIONS];

const ALL_DEFENDER: &[&str] = &[
    "Alert.ReadWrite.All",
    "AdvancedQuery.Read.All",
    "File.Read.All",
    "Machine.CollectForensics",
    "Machine.Isolate",
    "Machine.Read.All",
    "Machine.RestrictExecution",
    "Machine.Scan",
    "Ti.ReadWrite.All",
];

/// The Graph relay's app: alerts, legacy alerts and hunting.
pub static GRAPH: App = app("2824c1c0-9972-4caf-a941-d4072014b3ce", "q8Q~example", ALL_GRAPH, &[]);

/// The Defender relay's app: everything of Defender, and alerts and hunting of Graph.
pub static DEFENDER: App =
    app("12c9791e-558e-48ba-a719-6b50ac2f8670", "Zt8~example", ALL_GRAPH, ALL_DEFENDER);

/// Without the permission to read alerts: `SecurityAlert.Read.All`, `Alert.Read.All`.
pub static WITHOUT_ALERTS: App = app(
    "26ddfffc-601c-47f2-be66-d85865788d9f",
    "a1A~example",
    &[HUNTING, LEGACY],
    &["AdvancedQuery.Read.All", "File.Read.All", "Machine.Read.All", "Ti.ReadWrite.All"],
);

/// Without the permission to hunt: `ThreatHunting.Read.All`, `AdvancedQuery.Read.All`.
pub static WITHOUT_HUNTING: App = app(
    "93e7efe8-7aa5-4132-85d4-9ffda87b9121",
    "b2B~example",
    &[ALERTS, LEGACY],
    &["Alert.Read.All", "File.Read.All", "Machine.Read.All", "Ti.ReadWrite.All"],
);

/// Hunts in Defender, but not in Graph: `AdvancedQuery.Read.All` without `ThreatHunting.Read.All`.
pub static WITHOUT_GRAPH: App =
    app("22f31c35-eac8-412e-9d00-d2adcd8d740b", "c3C~example", &[], ALL_DEFENDER);

/// Only what the legacy alerts need: `SecurityEvents.Read.All`.
pub static LEGACY_ONLY: App =
    app("da3bdc36-37de-4cd4-a7d1-7a445bb671c8", "d4D~example", &[LEGACY], &[]);

/// Reads everything of Defender and changes nothing: no machine actions, no indicators.
pub static READ_ONLY: App = app(
    "f76d8b75-978c-4672-97cf-57cd7f871c49",
    "e5E~example",
    ALL_GRAPH,
    &["Alert.Read.All", "AdvancedQuery.Read.All", "File.Read.All", "Machine.Read.All"],
);

/// Only its own indicators: `Ti.ReadWrite`.
pub static OWN_INDICATORS: App =
    app("7d0c3c52-94e1-4c7f-b6a8-35f2d1e0a9b4", "i9I~example", &[], &["Ti.ReadWrite"]);

/// All permissions; each of its tokens is valid for one call, whatever `expires_in` says.
pub static ONE_CALL: App = App {
    tokens_last_one_call: true,
    ..app("5e359d05-d1b9-4977-863d-830d8e83d7d6", "f6F~example", ALL_GRAPH, ALL_DEFENDER)
};

/// All permissions, and a secret that has expired.
pub static EXPIRED_SECRET: App = App {
    secret_is_expired: true,
    ..app("9ced02f4-4307-477c-9d88-48a53be7a688", "g7G~example", ALL_GRAPH, ALL_DEFENDER)
};

/// All permissions, but installed in [`tenant::FABRIKAM`] only.
pub static FABRIKAM_ONLY: App = App {
    only_in: Some(&tenant::FABRIKAM),
    ..app("41840381-8a2e-4024-a043-41c3b2d8de2f", "h8H~example", ALL_GRAPH, ALL_DEFENDER)
};

/// All apps.
pub static ALL: [&App; 11] = [
    &GRAPH,
    &DEFENDER,
    &WITHOUT_ALERTS,
    &WITHOUT_HUNTING,
    &WITHOUT_GRAPH,
    &LEGACY_ONLY,
    &READ_ONLY,
    &OWN_INDICATORS,
    &ONE_CALL,
    &EXPIRED_SECRET,
    &FABRIKAM_ONLY,
];

/// The app with this id, in any case.
pub(super) fn find(id: &str) -> Option<&'static App> {
    ALL.into_iter().find(|app| app.id.eq_ignore_ascii_case(id))
}
