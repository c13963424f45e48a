//! Claims and settings, docs/relays/misp.md#settings-and-claims.

use std::sync::Arc;

use sandbox::{
    Sandbox,
    misp::{API_KEY, sample},
};
use serde_json::{Value, json};

use crate::test_relay::{
    MispRelay,
    responses::{attribute, neighbour, neighbour_searches, searches, serve},
    start, start_sandbox, start_with,
};

async fn refused(name: &str, value: &str) -> String {
    let outcome = MispRelay::start().with(&[(name, value)]).try_start().await;
    let Err(bad) = outcome else { panic!("{name} may be {value:?}") };
    bad.to_string()
}

async fn assert_bad(name: &str, values: &[&str]) {
    for value in values {
        let complaint = refused(name, value).await;
        assert!(complaint.starts_with(&format!("{name} must ")), "{complaint}");
        assert!(!complaint.contains(value), "{complaint}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_key_that_is_not_empty_is_sent() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    for (claims, sent) in [
        (json!({"AuthKey": API_KEY}), API_KEY),
        (json!({"key": API_KEY}), API_KEY),
        (json!({"AuthKey": "first", "key": API_KEY}), "first"),
        (json!({"AuthKey": "", "key": API_KEY}), API_KEY),
        (json!({"AuthKey": null, "key": API_KEY}), API_KEY),
    ] {
        sandbox.forget_calls();
        relay.with_claims(claims.clone()).health().await;
        assert_eq!(sandbox.calls()[0].authorization(), Some(sent), "{claims}");
    }
}

#[tokio::test(start_paused = true)]
async fn c09_a_token_without_a_key_is_refused() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    for claims in [
        json!({}),
        json!({"AuthKey": "", "key": ""}),
        json!({"AuthKey": null}),
        json!({"key": 7}),
        json!({"AuthKey": ["x"]}),
    ] {
        relay.with_claims(claims).health().await.assert_fatal("authorization error");
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn i10_a_key_that_could_split_a_header_is_refused() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    for key in ["abc\r\nX-Other: 1", "abc\nx", "ab\0c", "ключ", "k\u{e9}y", "a\tb"] {
        let answer = relay.with_claim("AuthKey", key).observe([("domain", "bad.example")]).await;
        answer.assert_fatal("invalid argument");
        assert!(!answer.message().contains(key.trim()));
    }
    assert_eq!(sandbox.calls().len(), 0);
}

/// The base URL of the links.
async fn linked_host(settings: &[(&str, &str)], host: Option<&str>) -> Result<String, String> {
    let mut relay = MispRelay::start().with(&[("API_URL", "")]).with(settings).await;
    if let Some(host) = host {
        relay = relay.with_claim("HOST", host);
    }
    let answer = relay.refer([("domain", "x")]).await;
    match answer.items() {
        [link] => Ok(link["url"].as_str().unwrap().replace("/events/index/searchall:x", "")),
        _ => Err(answer.errors()[0].1.to_owned()),
    }
}

#[tokio::test(start_paused = true)]
async fn the_host_of_the_token_wins_over_the_setting() {
    let operators = [("API_URL", "https://operator.example/misp/")];
    assert_eq!(linked_host(&operators, None).await.unwrap(), "https://operator.example/misp");
    assert_eq!(linked_host(&operators, Some("")).await.unwrap(), "https://operator.example/misp");
    let own = linked_host(&operators, Some("https://caller.example")).await;
    assert_eq!(own.unwrap(), "https://caller.example");
    // The operator's does not replace an invalid one.
    assert_eq!(linked_host(&operators, Some("nonsense")).await.unwrap_err(), "invalid argument");
}

#[tokio::test(start_paused = true)]
async fn hosts_may_have_a_port_and_a_path() {
    for (host, shown) in [
        ("https://misp.corp.example", "https://misp.corp.example"),
        ("https://misp.corp.example/", "https://misp.corp.example"),
        ("https://MISP.corp.example:8443/prefix/", "https://misp.corp.example:8443/prefix"),
        (" https://misp.corp.example ", "https://misp.corp.example"),
        ("https://192.0.2.9", "https://192.0.2.9"),
    ] {
        assert_eq!(linked_host(&[], Some(host)).await.as_deref(), Ok(shown), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_or_unusable_host_is_an_invalid_argument() {
    for host in [
        None,
        Some(" "),
        Some("misp.corp.example"),
        Some("http://misp.corp.example"),
        Some("http://127.0.0.1:9100"),
        Some("ftp://misp.corp.example"),
        Some("https://user@misp.corp.example"),
        Some("https://user:pass@misp.corp.example"),
        Some("https://misp.corp.example/?x=1"),
        Some("https://misp.corp.example/#x"),
        Some("https://"),
        Some("//misp.corp.example"),
    ] {
        assert_eq!(linked_host(&[], host).await.unwrap_err(), "invalid argument", "{host:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_route_that_needs_a_host_says_that_it_is_missing() {
    let relay = start_with(&[("API_URL", "")]).await;
    let observables = [("domain", "bad.example")];
    relay.health().await.assert_fatal("invalid argument");
    relay.observe(&observables).await.assert_fatal("invalid argument");
    relay.deliberate(&observables).await.assert_fatal("invalid argument");
    relay.refer(&observables).await.assert_fatal("invalid argument");
    let answer = relay.trigger("respond-misp-sighting-", "domain", "bad.example").await;
    assert_eq!(answer.errors(), [("fatal", "invalid argument")]);
    assert!(answer.message().contains("HOST"));
}

#[tokio::test(start_paused = true)]
async fn the_url_of_the_setting_is_https_or_loopback() {
    let values = ["http://misp.example", "misp.example", "https://u:p@misp.example", "https://m?x"];
    assert_bad("API_URL", &values).await;
}

#[tokio::test(start_paused = true)]
async fn the_base_url_may_have_a_path() {
    let sandbox = start_sandbox().await;
    let url = format!("{}/security/misp/", sandbox.url());
    let relay = MispRelay::start().before(&sandbox).with(&[("API_URL", &url)]).await;
    relay.health().await.assert_fatal("not found");
    assert_eq!(sandbox.calls()[0].path, "/security/misp/servers/getVersion");
}

/// The number of events in the answer about the sinkhole's address.
async fn events(sandbox: &Arc<Sandbox>, claim: Option<Value>, setting: Option<&str>) -> usize {
    let settings: Vec<_> = setting.map(|limit| ("CTR_ENTITIES_LIMIT", limit)).into_iter().collect();
    let mut relay = MispRelay::start().before(sandbox).with(&settings).await;
    if let Some(claim) = claim {
        relay = relay.with_claim("CTR_ENTITIES_LIMIT", claim);
    }
    let answer = relay.observe([("ip", sample::SINKHOLE_ADDRESS)]).await;
    let events = answer.docs("sightings").len();
    assert_eq!(answer.docs("verdicts").len(), 1);
    assert_eq!(answer.docs("judgements").len(), events);
    assert_eq!(answer.docs("indicators").len(), events);
    assert_eq!(answer.docs("relationships").len(), 2 * events);
    events
}

#[tokio::test(start_paused = true)]
async fn c11_the_limit_counts_events_and_comes_from_claim_environment_default() {
    let sandbox = start_sandbox().await;
    assert_eq!(events(&sandbox, None, None).await, 100);
    assert_eq!(events(&sandbox, None, Some("3")).await, 3);
    assert_eq!(events(&sandbox, Some(json!(2)), Some("3")).await, 2);
    assert_eq!(events(&sandbox, Some(json!("2")), Some("3")).await, 2);
    for malformed in
        [json!(0), json!(-1), json!(2.5), json!("two"), json!(""), json!(null), json!([2])]
    {
        assert_eq!(events(&sandbox, Some(malformed.clone()), Some("3")).await, 3, "{malformed}");
    }
    for malformed in ["0", "-1", "many", "2.5", ""] {
        assert_eq!(events(&sandbox, None, Some(malformed)).await, 100, "{malformed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn c11_a_limit_above_a_thousand_counts_as_a_thousand() {
    let relay = start_with(&[("MISP_RELATIONS_LIMIT", "0")]).await;
    let sandbox = &relay.sandbox;
    for limit in [json!(1000), json!(1001), json!(1_000_000_000), json!("99999999999999999999")] {
        sandbox.forget_calls();
        relay.with_claim("CTR_ENTITIES_LIMIT", limit).deliberate([("domain", "bad.example")]).await;
        assert_eq!(searches(sandbox)[0]["limit"], 1000);
    }
}

#[tokio::test(start_paused = true)]
async fn the_relations_limit_bounds_each_sighting() {
    let sandbox = start_sandbox().await;
    let around: Vec<_> =
        (0..250).map(|n| neighbour(n, "domain", &format!("d{n}.example"))).collect();
    serve(&sandbox, &[attribute(json!({}))], &around);
    for (setting, relations) in [(None, 50), (Some("1"), 1), (Some("200"), 200)] {
        let settings: Vec<_> =
            setting.map(|limit| ("MISP_RELATIONS_LIMIT", limit)).into_iter().collect();
        let relay = MispRelay::start().before(&sandbox).with(&settings).await;
        let answer = relay.observe([("domain", "bad.example")]).await;
        let sighting = answer.only("sightings");
        assert_eq!(sighting["relations"].as_array().unwrap().len(), relations);
    }
    assert_bad("MISP_RELATIONS_LIMIT", &["201", "-1", "some", "1.5"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_relations_limit_of_zero_saves_the_search() {
    let relay = start_with(&[("MISP_RELATIONS_LIMIT", "0")]).await;
    let sandbox = &relay.sandbox;
    let answer = relay.observe([("domain", "bad.example")]).await;
    assert_eq!(answer.only("sightings").get("relations"), None);
    assert_eq!(neighbour_searches(sandbox).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn invalid_switches_and_files_stop_the_relay() {
    assert_bad("MISP_MORE_TYPES", &["perhaps"]).await;
    assert_bad("MISP_ACTIONS", &["2"]).await;
    assert_bad("MISP_VERDICTS", &["bold", "threat_level"]).await;
    assert_bad("URLSCAN_API_URL", &["http://urlscan.example", "urlscan.io"]).await;
    assert_bad("EXTRA_CA_BUNDLE", &["/nonexistent/ca.pem"]).await;
}
