//! Whatever is asked: valid CTIM or a clear error, and nothing reaches MISP that it would not
//! take to the letter.

use percent_encoding::percent_decode_str;
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest},
    sample::select,
};
use sandbox::{Sandbox, misp::sample};
use tokio::runtime::Runtime;

use crate::{
    test_relay::answer::Answer,
    test_relay::responses::{searches, values},
    test_relay::{Relay, sandbox},
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

/// Values that mean something to MISP, to URLs or to the imitation.
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

fn observables() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    vec((select(TYPES), value()), 0..8)
}

/// One service for all cases of a property.
struct Bench {
    runtime: Runtime,
    sandbox: Sandbox,
    relay: Relay,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sandbox = runtime.block_on(sandbox());
        let relay = runtime.block_on(Relay::with(&sandbox, &[("MISP_MORE_TYPES", "true")]));
        let relay = relay.with_urlscan().claiming("CTR_ENTITIES_LIMIT", 3);
        Self { runtime, sandbox, relay }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }
}

fn as_asked(observables: &[(&'static str, String)]) -> Vec<(&'static str, &'static str)> {
    // A property's few texts may stay for the life of the test.
    observables.iter().map(|(kind, value)| (*kind, &*value.clone().leak())).collect()
}

/// Only the warning about wildcards may come: nothing here is MISP's fault.
fn assert_only_wildcards_complain(answer: &Answer) {
    let errors = answer.errors();
    assert!(errors.is_empty() || errors == [("warning", "invalid argument")], "{errors:?}");
}

/// Whether MISP would take this for a pattern or for no filter.
fn is_special(value: &str) -> bool {
    let value = value.trim();
    value.starts_with('%') || value.ends_with('%') || value.is_empty() || value == "0"
}

#[test]
fn f5_any_observables_get_a_valid_answer_and_only_literal_values_are_searched() {
    let Bench { runtime, sandbox, relay } = Bench::new();
    proptest!(config(), |(observables in observables())| {
        let asked = as_asked(&observables);
        sandbox.forget_calls();
        assert_only_wildcards_complain(&runtime.block_on(relay.observe(&asked)));
        for search in searches(&sandbox) {
            let values = values(&search);
            assert!((1..=50).contains(&values.len()));
            assert!(!values.iter().any(|value| is_special(value)), "{values:?}");
        }
        assert_only_wildcards_complain(&runtime.block_on(relay.deliberate(&asked)));
        assert_only_wildcards_complain(&runtime.block_on(relay.refer(&asked)));
        assert_only_wildcards_complain(&runtime.block_on(relay.respond(&asked)));
    });
}

#[test]
fn f7_a_value_without_normal_form_arrives_exactly_as_asked() {
    let Bench { runtime, sandbox, relay } = Bench::new();
    let exact = select(&["url", "file_name", "user_agent", "mutex", "registry_key"][..]);
    proptest!(config(), |(kind in exact, value in value())| {
        sandbox.forget_calls();
        runtime.block_on(relay.observe(&[(kind, &value)]));
        let sent = searches(&sandbox);
        match is_special(&value) {
            true => assert!(sent.is_empty()),
            false => assert_eq!(values(&sent[0])[0], value),
        }
    });
}

#[test]
fn f7_links_and_action_ids_decode_to_the_value() {
    let Bench { runtime, relay, .. } = Bench::new();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    proptest!(config(), |(value in value())| {
        for link in runtime.block_on(relay.refer(&[("mutex", &value)])).items() {
            let (id, url) = (link["id"].as_str().unwrap(), link["url"].as_str().unwrap());
            assert_eq!(decoded(id.strip_prefix("ref-misp-search-mutex-").unwrap()), value);
            assert_eq!(decoded(url.rsplit_once("/searchall:").unwrap().1), value);
        }
        for action in runtime.block_on(relay.respond(&[("mutex", &value)])).items() {
            let id = action["id"].as_str().unwrap();
            assert_eq!(decoded(id.rsplit_once("-mutex-").unwrap().1), value);
            assert_eq!(action["query-params"]["observable_value"], value);
        }
    });
}

#[test]
fn f5_any_trigger_does_what_it_says_or_nothing() {
    let Bench { runtime, sandbox, relay } = Bench::new();
    let prefixes = select(
        &["respond-misp-sighting-", "respond-misp-false-positive-", "respond-urlscan-action-", "x"]
            [..],
    );
    proptest!(config(), |(prefix in prefixes, kind in select(TYPES), value in value())| {
        sandbox.forget_calls();
        let answer = runtime.block_on(relay.trigger(prefix, kind, &value));
        let calls = sandbox.calls();
        assert!(calls.len() <= 1);
        for call in calls {
            let body = call.json().unwrap();
            match call.path.as_str() {
                "/sightings/add" => {
                    assert!(!is_special(body["values"][0].as_str().unwrap()));
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
