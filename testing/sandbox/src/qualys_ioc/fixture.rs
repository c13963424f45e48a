//! What it takes to run the Qualys relay.

use jiff::Timestamp;

use super::{ACCOUNT, AUTH_PATH, EVENT_SEARCHES, SECOND_TENANT};
use crate::{
    Product,
    fixture::{Cost, Fixture, Mode},
};

pub(crate) static FIXTURE: Fixture = Fixture {
    product: Product::QualysIoc,
    base_urls: &[("API_URL", "")],
    further_settings: &[("PLATFORM_URL", "https://qualysguard.qg2.apps.qualys.com")],
    // 2026-03-03T10:00:00Z, shortly behind the newest event.
    now: Timestamp::constant(1_772_532_000, 0),
    callers: [
        &[("user", ACCOUNT.username), ("pass", ACCOUNT.password)],
        &[("user", SECOND_TENANT.username), ("pass", SECOND_TENANT.password)],
    ],
    load_claims: &[],
    credentials: &["user", "pass"],
    secrets: &["pass"],
    host_claim: Some("API_URL"),
    login_path: Some(AUTH_PATH),
    data_paths: &["/ioc"],
    known: &[
        ("sha256", "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6"),
        ("ip", "203.0.113.77"),
    ],
    free_text: &["threatName", "familyName", "fullOSName", "processName", "arguments", "name"],
    modes: &[Mode {
        name: "four concurrent requests, two observables in each",
        // With fewer, the searches for one observable keep all others waiting. With larger batches, a
        // request about one observable would be about all of a test.
        settings: &[("QUALYS_CONCURRENCY", "4"), ("QUALYS_BATCH_SIZE", "2")],
        search_path: EVENT_SEARCHES,
        first_search_path: EVENT_SEARCHES,
        batch_size: 2,
        warm_requests: 2,
        // A file with events of every score.
        busy: ("md5", "5d41c2b3a4958677f0e1d2c3b4a59687"),
        exempt: &[],
    }],
    actions: &[],
    remembered_faults: &[],
    not_known_faults: &[],
    cost: Cost { dependent_requests: 1, login_requests: 1, max_concurrent_requests: 2 },
    observe_event: include_str!("../../../../events/qualys-ioc/observe.json"),
};
