//! The two searches: what is sent, in which chunks, and whose a row is (spec §3.2, §3.3).

mod counts;
mod values;

use sandbox::{Call, Fault, Sandbox, Times, misp::API_KEY, misp::sample};
use serde_json::{Value, json};

use crate::{
    test_relay::answer::Answer,
    test_relay::responses::{EVENT, for_matches, neighbour_searches, row, searches, serve, values},
    test_relay::{Relay, sandbox},
};

/// So many domains that no event holds.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("d{n}.example")).collect()
}

fn domains(names: &[String]) -> Vec<(&str, &str)> {
    names.iter().map(|name| ("domain", name.as_str())).collect()
}

async fn asked_about(sandbox: &Sandbox, kind: &str, value: &str) -> Answer {
    Relay::before(sandbox).await.observe(&[(kind, value)]).await
}

#[tokio::test]
async fn call_a_is_what_the_documentation_shows() {
    let sandbox = sandbox().await;
    let asked = [("domain", "Bad.example"), ("ip", "203.0.113.77")];
    Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(
        searches(&sandbox),
        [json!({"returnFormat": "json", "value": {"OR": ["bad.example", "203.0.113.77"]},
            "includeContext": 1, "includeEventTags": 1, "limit": 500, "page": 1})]
    );
}

#[tokio::test]
async fn call_b_asks_for_every_type_that_can_be_a_relation() {
    let sandbox = sandbox().await;
    let asked = [("domain", "Bad.example"), ("ip", "203.0.113.77")];
    Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(
        neighbour_searches(&sandbox),
        [json!({"returnFormat": "json", "eventid": ["1483", "1490"], "limit": 5000, "page": 1,
            "type": ["url", "uri", "link", "ip-src", "ip-dst", "ip-src|port", "ip-dst|port",
                "domain", "domain|ip", "hostname", "hostname|port", "md5", "sha1", "sha256",
                "filename|md5", "filename|sha1", "filename|sha256", "malware-sample", "filename",
                "email", "email-src", "email-dst", "mutex", "user-agent", "regkey"]})]
    );
}

#[tokio::test]
async fn deliberate_leaves_out_the_event_tags_and_the_neighbours() {
    let sandbox = sandbox().await;
    Relay::before(&sandbox).await.deliberate(&[("domain", "bad.example")]).await;
    let calls: Vec<Value> = sandbox.calls().iter().map(|call| call.json().unwrap()).collect();
    assert_eq!(
        calls,
        [json!({"returnFormat": "json", "value": {"OR": ["bad.example"]}, "includeContext": 1,
            "limit": 500, "page": 1})]
    );
}

#[tokio::test]
async fn every_call_carries_the_common_headers() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    relay.observe(&[("domain", "bad.example")]).await;
    relay.health().await;
    relay.trigger("respond-misp-sighting-", "domain", "bad.example").await;
    let calls = sandbox.calls();
    assert_eq!(calls.len(), 4);
    let user_agent = format!("threat-relays-misp/{}", env!("CARGO_PKG_VERSION"));
    for Call { path, .. } in &calls {
        assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
    }
    for call in &calls {
        assert_eq!(call.authorization(), Some(API_KEY));
        assert_eq!(call.header("accept"), Some("application/json"));
        assert_eq!(call.header("user-agent"), Some(user_agent.as_str()));
        assert!(call.header("accept-encoding").unwrap().contains("gzip"));
        let media = (!call.body.is_empty()).then_some("application/json");
        assert_eq!(call.header("content-type"), media);
        assert!(call.query.is_empty());
    }
}

#[tokio::test]
async fn the_row_limit_grows_with_observables_within_bounds() {
    for (observables, entities, rows) in
        [(1, 100, 500), (10, 100, 1000), (6, 1, 500), (50, 200, 5000)]
    {
        let sandbox = sandbox().await;
        let relay = Relay::before(&sandbox).await.claiming("CTR_ENTITIES_LIMIT", entities);
        relay.deliberate(&domains(&names(observables))).await;
        assert_eq!(searches(&sandbox)[0]["limit"], rows, "{observables} × {entities}");
    }
}

#[tokio::test]
async fn fifty_values_go_into_one_call() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    let names = names(101);
    relay.deliberate(&domains(&names)).await;
    let searches = searches(&sandbox);
    let mut chunks: Vec<_> = searches.iter().map(values).collect();
    assert_eq!(chunks.len(), 3);
    // Side by side: the order of arrival is nobody's promise.
    chunks.sort_by_key(|chunk| names.iter().position(|name| name == chunk[0]));
    assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 1]);
    assert_eq!(chunks.concat(), names);
}

#[tokio::test]
async fn the_variants_of_urls_count_as_values() {
    let sandbox = sandbox().await;
    let urls: Vec<_> = (0..17).map(|n| format!("http://d{n}.example")).collect();
    let asked: Vec<_> = urls.iter().map(|url| ("url", url.as_str())).collect();
    Relay::before(&sandbox).await.deliberate(&asked).await;
    assert_eq!(searches(&sandbox).iter().map(|search| values(search).len()).sum::<usize>(), 51);
    assert_eq!(searches(&sandbox).len(), 2);
}

#[tokio::test]
async fn fifty_events_go_into_one_call_for_neighbours() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await.claiming("CTR_ENTITIES_LIMIT", 120);
    relay.observe(&[("ip", sample::SINKHOLE_ADDRESS)]).await;
    let mut sizes: Vec<_> = neighbour_searches(&sandbox)
        .iter()
        .map(|search| search["eventid"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [20, 50, 50]);
}

#[tokio::test]
async fn an_event_that_several_observables_meet_is_asked_for_once() {
    let sandbox = sandbox().await;
    let asked = [("hostname", sample::RANSOMWARE_HOST), ("sha256", sample::LOCKER_SHA256)];
    Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(neighbour_searches(&sandbox)[0]["eventid"], json!(["1502", "1547"]));
}

#[tokio::test]
async fn a_saturated_search_is_repeated_value_by_value() {
    let sandbox = sandbox().await;
    // The sinkhole's 522 events fill the page before the scanner list's address, which
    // the server holds behind them, gets its turn.
    let asked = [
        ("ip", sample::SINKHOLE_ADDRESS),
        ("domain", "bad.example"),
        ("md5", sample::RANSOMWARE_MD5),
    ];
    let answer = Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(answer.found(), [sample::SINKHOLE_ADDRESS, "bad.example", sample::RANSOMWARE_MD5]);
    assert_eq!(answer.errors(), []);
    let searches = searches(&sandbox);
    let (together, singly) = searches.split_first().unwrap();
    assert_eq!((values(together).len(), &together["limit"]), (3, &json!(500)));
    let mut each: Vec<_> = singly.iter().map(|search| (values(search), &search["limit"])).collect();
    each.sort_by_key(|(values, _)| values[0]);
    let limit = json!(200);
    assert_eq!(
        each,
        [
            (vec![sample::SINKHOLE_ADDRESS], &limit),
            (vec![sample::RANSOMWARE_MD5], &limit),
            (vec!["bad.example"], &limit),
        ]
    );
}

#[tokio::test]
async fn only_the_saturated_chunk_is_repeated() {
    let sandbox = sandbox().await;
    let mut asked = names(99);
    asked.insert(0, sample::LOADER_DOMAIN.to_owned());
    let mut asked = domains(&asked);
    asked[60] = ("ip", sample::SINKHOLE_ADDRESS);
    // 100 observables with a limit of 5: the pages hold 500 rows.
    let relay = Relay::before(&sandbox).await.claiming("CTR_ENTITIES_LIMIT", 5);
    let answer = relay.observe(&asked).await;
    assert_eq!(answer.found(), [sample::LOADER_DOMAIN, sample::SINKHOLE_ADDRESS]);
    let sizes = searches(&sandbox).iter().map(|search| values(search).len()).collect::<Vec<_>>();
    assert_eq!(sizes.iter().filter(|size| **size == 50).count(), 2);
    assert_eq!(sizes.iter().filter(|size| **size == 1).count(), 50);
    assert_eq!(sizes.len(), 52);
    assert!(sandbox.peak_concurrency() <= 4);
}

#[tokio::test]
async fn a_single_value_that_fills_its_page_is_not_asked_again() {
    let sandbox = sandbox().await;
    asked_about(&sandbox, "ip", sample::SINKHOLE_ADDRESS).await;
    assert_eq!(searches(&sandbox).len(), 1);
}

#[tokio::test]
async fn nothing_found_is_one_call() {
    let sandbox = sandbox().await;
    asked_about(&sandbox, "domain", sample::UNKNOWN_DOMAIN).await.assert_nothing_found();
    asked_about(&sandbox, "domain", sample::DELETED_DOMAIN).await.assert_nothing_found();
    assert_eq!(sandbox.calls().len(), 2);
}

#[tokio::test]
async fn a_row_belongs_to_whom_its_value_or_a_half_of_it_names() {
    let sandbox = sandbox().await;
    let relay = Relay::with(&sandbox, &[("MISP_MORE_TYPES", "true")]).await;
    let md5 = "ab".repeat(16);
    let long_form = "2001:db8:0:0:0:0:0:1|443";
    for (kind, value, asked, is_found) in [
        ("domain", "BAD.Example.", ("domain", "bad.example"), true),
        ("domain", "bücher.example", ("domain", "xn--bcher-kva.example"), true),
        ("domain", "xn--bcher-kva.example", ("domain", "Bücher.example"), true),
        ("domain|ip", "bad.example|203.0.113.7", ("domain", "bad.example"), true),
        ("domain|ip", "bad.example|203.0.113.7", ("ip", "203.0.113.7"), true),
        ("ip-dst|port", long_form, ("ipv6", "2001:db8::1"), true),
        ("filename|md5", &format!("a.exe|{}", md5.to_uppercase()), ("md5", &md5), true),
        ("malware-sample", &format!("a.exe|{md5}"), ("md5", &md5), true),
        ("malware-sample", &format!("a.exe|{md5}"), ("file_name", "a.exe"), true),
        ("filename|md5", "a|b|c", ("file_name", "a"), true),
        ("filename|md5", "a|b|c", ("file_name", "b"), false),
        ("filename|md5", "a|b|c", ("file_name", "a|b|c"), true),
        ("url", "http://bad.example/?a|b", ("file_name", "b"), false),
        ("text", "bad.example", ("domain", "bad.example"), true),
        ("text", "see bad.example", ("domain", "bad.example"), false),
        ("url", "http://bad.example/", ("url", "http://bad.example"), true),
        ("url", "http://bad.example/A", ("url", "http://bad.example/a"), false),
        ("email", "A@bad.example", ("email", "a@BAD.example"), true),
        ("mutex", "Global\\x", ("mutex", "global\\x"), false),
    ] {
        serve(&sandbox, &[row(json!({"type": kind, "value": value}))], &[]);
        let answer = relay.observe(&[asked]).await;
        assert_eq!(!answer.found().is_empty(), is_found, "{kind} {value} for {asked:?}");
    }
}

#[tokio::test]
async fn one_row_may_belong_to_several_and_a_foreign_one_to_nobody() {
    let sandbox = sandbox().await;
    let rows = [
        row(json!({"type": "domain|ip", "value": "bad.example|203.0.113.7"})),
        row(
            json!({"value": "other.example", "Event": {"uuid": "22222222-2222-4333-8444-555555555555"}}),
        ),
    ];
    serve(&sandbox, &rows, &[]);
    let asked = [("ip", "203.0.113.7"), ("domain", "bad.example")];
    let answer = Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(answer.found(), ["203.0.113.7", "bad.example"]);
    assert_eq!(answer.events(), [EVENT, EVENT]);
    assert_eq!(answer.docs("indicators").len(), 1);
}

#[tokio::test]
async fn a_row_without_any_event_is_dropped() {
    let sandbox = sandbox().await;
    for event in [json!({"uuid": null, "id": null}), json!({"uuid": "", "id": {}})] {
        serve(&sandbox, &[row(json!({"event_id": null, "Event": event}))], &[]);
        asked_about(&sandbox, "domain", "bad.example").await.assert_nothing_found();
    }
    serve(&sandbox, &[row(json!({"event_id": null, "Event": null}))], &[]);
    asked_about(&sandbox, "domain", "bad.example").await.assert_nothing_found();
}

#[tokio::test]
async fn the_list_of_an_old_server_is_read_too() {
    let sandbox = sandbox().await;
    let old = json!({"response": [{"Attribute": [row(json!({}))]}, {"Attribute": []}]});
    sandbox.fault(for_matches(), Fault::json(200, &old), Times::Always);
    let answer = asked_about(&sandbox, "domain", "bad.example").await;
    assert_eq!(answer.events(), [EVENT]);
}

#[tokio::test]
async fn a_server_that_sends_no_context_leaves_what_it_sends() {
    let sandbox = sandbox().await;
    let mut bare = row(json!({"first_seen": "2026-02-27T08:00:00.000000+00:00"}));
    bare["Event"] = json!({"org_id": "1", "distribution": "1", "publish_timestamp": "1772453600"});
    serve(&sandbox, &[bare], &[]);
    let answer = asked_about(&sandbox, "domain", "bad.example").await;
    assert_eq!(answer.only("verdicts")["disposition_name"], "Unknown");
    let sighting = answer.only("sightings");
    assert_eq!(sighting["external_ids"], json!(["7"]));
    assert_eq!(
        sighting["observed_time"],
        json!({"start_time": "2026-02-27T08:00:00.000Z", "end_time": "2026-03-01T12:00:00Z"})
    );
    assert_eq!(sighting.get("title"), None);
    assert_eq!(neighbour_searches(&sandbox)[0]["eventid"], json!(["7"]));
}
