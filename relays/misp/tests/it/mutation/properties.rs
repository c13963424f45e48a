//! Properties of any observables: valid CTIM or a clear error, and MISP gets no value that it would
//! not search literally.

use percent_encoding::percent_decode_str;
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest},
    sample::select,
};
use sandbox::misp::sample;
use testkit::Answer;
use testkit::Observables;
use tokio::runtime::Runtime;

use crate::test_relay::{
    MispRelay,
    responses::{searches, values},
    start_with,
};

const TYPES: &[&str] = &[
    "ip",
    "ipv6",
    "domain",
    "hostname",
    "url",
    "md5",
    "sha1",
    "sha256",
    "email",
    "file_name",
    "user_agent",
    "mutex",
    "registry_key",
    "imei",
    "no_type",
    "DOMAIN",
    "Url",
];

/// Values that mean something to MISP, to URLs or to the simulator.
const TOKENS: &[&str] = &[
    "0",
    " ",
    "%",
    "%x",
    "x%",
    "!x",
    "a&&b",
    "a|b",
    "http://",
    "http://%",
    "http://0/",
    "://",
    "..",
    "127.0.0.1",
    "::1",
    "203.0.113.77",
    "2001:db8::5ca:1",
    "bad.example",
    "Bad.Example.",
    "mail-portal.example",
    "https://login.mail-portal.example",
    "xn--",
    "xn--a-ecp.example",
    "5204fd53af461038ca1fe8ed7311352a",
    "!readme.txt",
    "\"}]",
    "\u{0}",
    "\u{202e}",
    sample::SINKHOLE_ADDRESS,
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        select(TOKENS).prop_map(str::to_owned),
        "[ %0.]{0,2}[a-zäß。０-９]{0,6}[ %0./]{0,3}",
        r"(https?://)?[%a-z0-9\[\]:@?#/\\. ]{0,20}",
        "[0-9a-fA-F]{32}",
    ]
    .prop_filter("an empty value is an invalid body", |value| !value.is_empty())
}

fn observables() -> impl Strategy<Value = Observables> {
    vec((select(TYPES), value()), 0..8).prop_map(|pairs| pairs.into_iter().collect())
}

/// The relay for all cases of a property.
struct Property {
    runtime: Runtime,
    relay: MispRelay,
}

impl Property {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let relay = runtime.block_on(start_with(&[("MISP_MORE_TYPES", "true")]));
        let relay = relay.with_claim("CTR_ENTITIES_LIMIT", 3);
        Self { runtime, relay }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }
}

/// Fails on any error but a warning.
fn assert_only_warnings(answer: &Answer) {
    let errors = answer.errors();
    assert!(errors.iter().all(|(level, _)| *level == "warning"), "{errors:?}");
}

/// Whether MISP would take this for a pattern, or may take it for the empty text.
fn is_special(value: &str) -> bool {
    let has_weight = value.chars().any(char::is_alphanumeric);
    value.starts_with('%') || value.ends_with('%') || !has_weight || value == "0"
}

#[test]
fn f5_any_observables_get_a_valid_answer_and_only_literal_values_are_searched() {
    let Property { runtime, relay } = Property::new();
    proptest!(config(), |(observables in observables())| {
        relay.sandbox.forget_calls();
        assert_only_warnings(&runtime.block_on(relay.observe(&observables)));
        for search in searches(&relay.sandbox) {
            let values = values(&search);
            assert!(!values.is_empty());
            assert!(!values.iter().any(|value| is_special(value)), "{values:?}");
        }
        assert_only_warnings(&runtime.block_on(relay.deliberate(&observables)));
        assert_only_warnings(&runtime.block_on(relay.refer(&observables)));
        assert_only_warnings(&runtime.block_on(relay.respond(&observables)));
    });
}

#[test]
fn f7_a_value_without_normal_form_is_searched_as_sent() {
    let Property { runtime, relay } = Property::new();
    let exact = select(&["url", "file_name", "user_agent", "mutex", "registry_key"][..]);
    proptest!(config(), |(kind in exact, value in "[a-zA-Z0-9!&|_. %é-]{1,12}")| {
        relay.sandbox.forget_calls();
        runtime.block_on(relay.observe([(kind, &value)]));
        for search in searches(&relay.sandbox).iter().take(1) {
            let sent = values(search)[0].trim_matches('\u{200B}');
            assert_eq!(sent, value.trim());
        }
    });
}

#[test]
fn f7_links_and_action_ids_decode_to_the_value() {
    let Property { runtime, relay } = Property::new();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    proptest!(config(), |(value in value())| {
        for link in runtime.block_on(relay.refer([("mutex", &value)])).items() {
            let (id, url) = (link["id"].as_str().unwrap(), link["url"].as_str().unwrap());
            assert_eq!(decoded(id.strip_prefix("ref-misp-search-mutex-").unwrap()), value);
            let searched = decoded(url.rsplit_once("/searchall:").unwrap().1);
            assert!(!searched.contains(['/', '\\', '?']), "{searched}");
        }
        for action in runtime.block_on(relay.respond([("mutex", &value)])).items() {
            let id = action["id"].as_str().unwrap();
            assert_eq!(decoded(id.rsplit_once("-mutex-").unwrap().1), value);
            assert_eq!(action["query-params"]["observable_value"], value);
        }
    });
}

#[test]
fn f5_any_trigger_does_its_action_or_nothing() {
    let Property { runtime, relay } = Property::new();
    let prefixes = select(
        &["respond-misp-sighting-", "respond-misp-false-positive-", "respond-urlscan-action-", "x"]
            [..],
    );
    proptest!(config(), |(prefix in prefixes, kind in select(TYPES), value in value())| {
        relay.sandbox.forget_calls();
        let answer = runtime.block_on(relay.trigger(prefix, kind, &value));
        let calls = relay.calls();
        for call in calls {
            let body = call.json().unwrap();
            match call.path.as_str() {
                "/attributes/restSearch" => {
                    assert!(!values(&body).iter().any(|value| is_special(value)));
                }
                "/sightings/add" => {
                    let ids = body["id"].as_str().unwrap();
                    assert!(ids.split('|').all(|id| id.parse::<u64>().is_ok()), "{body}");
                }
                path => {
                    assert_eq!(path, "/urlscan/api/v1/scan/");
                    assert!(body["url"].as_str().unwrap().contains("://"));
                }
            }
        }
        let codes: Vec<_> = answer.errors().into_iter().map(|(_, code)| code).collect();
        let known = ["invalid argument", "not found", "bad request"];
        assert!(codes.iter().all(|code| known.contains(code)), "{codes:?}");
    });
}
