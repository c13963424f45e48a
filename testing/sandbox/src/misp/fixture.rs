//! What it takes to run the MISP relay.

use jiff::Timestamp;

use super::{API_KEY, NO_SEARCH_KEY, URLSCAN_API_KEY, sample};
use crate::{
    Product,
    fixture::{Action, Cost, Fixture, Mode},
};

pub(crate) static FIXTURE: Fixture = Fixture {
    product: Product::Misp,
    base_urls: &[("API_URL", ""), ("URLSCAN_API_URL", "/urlscan/api/v1")],
    further_settings: &[],
    // 2026-03-03T10:00:00Z, shortly behind the newest event.
    now: Timestamp::constant(1_772_532_000, 0),
    callers: [
        &[("AuthKey", API_KEY), ("URLSCAN_API_KEY", URLSCAN_API_KEY)],
        &[("AuthKey", NO_SEARCH_KEY)],
    ],
    load_claims: &[],
    credentials: &["AuthKey"],
    secrets: &["AuthKey", "URLSCAN_API_KEY"],
    host_claim: Some("HOST"),
    login_path: None,
    data_paths: &[""],
    known: &[
        ("domain", sample::LOADER_DOMAIN),
        ("sha256", sample::RANSOMWARE_SHA256),
        ("ip", sample::SCANNER_ADDRESS),
    ],
    free_text: &["info", "comment", "category", "name"],
    modes: &[Mode {
        name: "default",
        settings: &[],
        search_path: "/attributes/restSearch",
        first_search_path: "/attributes/restSearch",
        batch_size: 50,
        warm_requests: 3,
        busy: ("ip", sample::SINKHOLE_ADDRESS),
        exempt: &[],
    }],
    actions: &[
        Action {
            name: "sighting in MISP",
            id: "respond-misp-sighting-domain-x",
            observable: ("domain", sample::LOADER_DOMAIN),
            path: "/sightings/add",
        },
        Action {
            name: "scan by urlscan.io",
            id: "respond-urlscan-action-url-x",
            observable: ("url", sample::SCANNABLE_URL),
            path: "/urlscan/api/v1/scan/",
        },
    ],
    remembered_faults: &[],
    not_known_faults: &[],
    cost: Cost { dependent_requests: 2, login_requests: 0, max_concurrent_requests: 4 },
    observe_event: include_str!("../../../../events/misp/observe.json"),
};
