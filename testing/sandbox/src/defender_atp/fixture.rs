//! What it takes to run the relay for Defender for Endpoint, for each source of alerts.

use super::sample;
use crate::{
    Product,
    fixture::{Action, Cost, Fixture, Mode},
    identity::{
        NOW,
        app::DEFENDER,
        tenant::{RELECLOUD, WOODGROVE},
    },
};

/// Counts and faults of the other modes are those of alerts and events alone.
const NO_REPUTATIONS: (&str, &str) = ("MICROSOFT_REPUTATION", "off");

const MDE: Mode = Mode {
    name: "mde",
    settings: &[("DEFENDER_BACKEND", "mde"), NO_REPUTATIONS],
    search_path: "/api",
    first_search_path: "/api",
    batch_size: 1,
    warm_requests: 2,
    busy: ("ip", sample::ADDRESS),
    exempt: &["deliberate_returns_the_verdicts_of_observe"],
};

pub(crate) static FIXTURE: Fixture = Fixture {
    product: Product::DefenderAtp,
    base_urls: &[("DEFENDER_API_BASE", ""), ("GRAPH_BASE_URL", ""), ("LOGIN_BASE_URL", "")],
    further_settings: &[],
    now: NOW,
    callers: [
        &[
            ("client_id", DEFENDER.id),
            ("tenant_id", WOODGROVE.id),
            ("client_secret", DEFENDER.secret),
        ],
        &[
            ("client_id", DEFENDER.id),
            ("tenant_id", RELECLOUD.id),
            ("client_secret", DEFENDER.secret),
        ],
    ],
    // The relay itself keeps hunting within the quota that Microsoft documents.
    load_claims: &[("DEFENDER_HUNTING", "off")],
    credentials: &["client_id", "tenant_id", "client_secret"],
    secrets: &["client_secret"],
    host_claim: None,
    login_path: Some("/oauth2/v2.0/token"),
    data_paths: &["/v1.0", "/api"],
    known: &[
        ("ip", sample::ADDRESS),
        ("sha1", sample::SCRIPT_HOST_SHA1),
        ("domain", sample::DOMAIN),
    ],
    free_text: &["title", "description", "category", "threatFamilyName", "assignedTo"],
    modes: &[
        MDE,
        Mode {
            name: "graph",
            settings: &[("DEFENDER_BACKEND", "graph"), NO_REPUTATIONS],
            search_path: "/v1.0/$batch",
            first_search_path: "/v1.0/$batch",
            batch_size: 20,
            ..MDE
        },
        Mode {
            name: "reputations",
            settings: &[("DEFENDER_BACKEND", "mde")],
            warm_requests: 3,
            exempt: &[],
            ..MDE
        },
    ],
    actions: &[
        Action {
            name: "isolation of a device",
            id: "microsoft-defender-FullIsolation",
            observable: ("ms_machine_id", sample::LAPTOP),
            path: "/api/machines/",
        },
        Action {
            name: "new indicator",
            id: "microsoft-defender-add-indicator-alert",
            observable: ("domain", "new.example"),
            path: "/api/indicators",
        },
    ],
    remembered_faults: &["429, Retry-After 60 s"],
    not_known_faults: &["404"],
    cost: Cost { dependent_requests: 1, login_requests: 2, max_concurrent_requests: 16 },
    observe_event: include_str!("../../../../events/defender-atp/observe.json"),
};
