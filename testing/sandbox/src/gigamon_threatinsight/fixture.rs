//! What it takes to run the ThreatINSIGHT relay.

use jiff::Timestamp;

use super::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE, KEY, SECOND_KEY};
use crate::{
    Product,
    fixture::{Cost, Fixture, Mode},
};

pub(crate) static FIXTURE: Fixture = Fixture {
    product: Product::GigamonThreatinsight,
    base_urls: &[
        ("GTI_DETECTIONS_URL", DETECTIONS_BASE),
        ("GTI_EVENTS_URL", EVENTS_BASE),
        ("GTI_ENTITY_URL", ENTITY_BASE),
    ],
    further_settings: &[],
    // `RECORDED_AT`, for which the data stands as written.
    now: Timestamp::constant(1_772_532_000, 0),
    callers: [&[("key", KEY)], &[("key", SECOND_KEY)]],
    load_claims: &[],
    credentials: &["key"],
    secrets: &["key"],
    host_claim: None,
    login_path: None,
    data_paths: &[""],
    known: &[
        ("ip", "203.0.113.77"),
        ("domain", "c2.bad.example"),
        ("md5", "6b1f0e9d8c7b6a594837261504f3e2d1"),
    ],
    free_text: &[
        "name",
        "description",
        "category",
        "user_agent",
        "status_msg",
        "service",
        "hostname",
    ],
    modes: &[Mode {
        name: "default",
        settings: &[],
        search_path: "",
        first_search_path: "/detections/v1/detections",
        // Of detections; a search that fails for several observables is repeated for each.
        batch_size: 1,
        warm_requests: 4,
        // A server that events of nearly every kind name.
        busy: ("ip", "198.51.100.23"),
        exempt: &[],
    }],
    actions: &[],
    // A family of the API that is not there is left alone for ten minutes.
    remembered_faults: &["404"],
    not_known_faults: &[],
    cost: Cost { dependent_requests: 3, login_requests: 0, max_concurrent_requests: 8 },
    observe_event: include_str!("../../../../events/gigamon-threatinsight/observe.json"),
};
