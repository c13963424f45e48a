//! What it takes to run the relay for Microsoft Graph Security, for each way of finding alerts.

use super::BUSY_ADDRESS;
use crate::{
    Product,
    fixture::{Cost, Fixture, Mode},
    identity::{
        NOW,
        app::GRAPH,
        tenant::{RELECLOUD, WOODGROVE},
    },
};

const BATCH: &str = "/v1.0/$batch";
const HUNT: &str = "/v1.0/security/runHuntingQuery";
/// An address that alerts of both tenants know.
const ADDRESS: &str = "203.0.113.80";

/// Counts and faults of the other modes are those of the alerts alone.
const NO_REPUTATIONS: (&str, &str) = ("MICROSOFT_REPUTATION", "off");
const VERDICTS: &str = "deliberate_returns_the_verdicts_of_observe";

const FILTER: Mode = Mode {
    name: "filter",
    settings: &[("GRAPH_V2_STRATEGY", "filter"), NO_REPUTATIONS],
    search_path: BATCH,
    first_search_path: BATCH,
    batch_size: 20,
    warm_requests: 1,
    busy: ("ip", BUSY_ADDRESS),
    exempt: &[VERDICTS],
};

pub(crate) static FIXTURE: Fixture = Fixture {
    product: Product::GraphSecurity,
    base_urls: &[("GRAPH_BASE_URL", ""), ("LOGIN_BASE_URL", "")],
    further_settings: &[],
    now: NOW,
    callers: [
        &[
            ("application_id", GRAPH.id),
            ("tenant_id", WOODGROVE.id),
            ("client_secret", GRAPH.secret),
        ],
        &[
            ("application_id", GRAPH.id),
            ("tenant_id", RELECLOUD.id),
            ("client_secret", GRAPH.secret),
        ],
    ],
    load_claims: &[],
    credentials: &["application_id", "tenant_id", "client_secret"],
    secrets: &["client_secret"],
    host_claim: None,
    login_path: Some("/oauth2/v2.0/token"),
    data_paths: &["/v1.0"],
    known: &[
        ("sha256", "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009"),
        ("domain", "cdn.contoso-files.example"),
        ("ip", ADDRESS),
    ],
    free_text: &["title", "description", "category"],
    modes: &[
        FILTER,
        Mode {
            name: "hunting",
            settings: &[("GRAPH_V2_STRATEGY", "hunting"), NO_REPUTATIONS],
            search_path: HUNT,
            first_search_path: HUNT,
            batch_size: 500,
            warm_requests: 2,
            // One query is about all observables, so no fault hits one observable alone.
            exempt: &[
                VERDICTS,
                "n05_l04_endless_response_affects_only_its_observables",
                "n05_l04_silent_request_affects_only_its_observables",
                "n06_n16_failed_request_affects_only_its_observables",
                "n11_entities_found_before_429_are_kept",
            ],
            ..FILTER
        },
        Mode {
            name: "alerts",
            settings: &[("GRAPH_BACKEND", "alerts"), NO_REPUTATIONS],
            busy: ("ip", ADDRESS),
            ..FILTER
        },
        Mode {
            name: "reputations",
            settings: &[("GRAPH_V2_STRATEGY", "filter")],
            exempt: &[],
            ..FILTER
        },
    ],
    actions: &[],
    remembered_faults: &[],
    not_known_faults: &[],
    cost: Cost { dependent_requests: 1, login_requests: 1, max_concurrent_requests: 10 },
    observe_event: include_str!("../../../../events/graph-security/observe.json"),
};
