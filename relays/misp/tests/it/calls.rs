//! The requests, docs/relays/misp.md#requests, and the attributes in their responses.

mod counts;
mod values;

use std::sync::Arc;

use sandbox::{Call, Fault, Sandbox, Times, misp::API_KEY, misp::sample};
use serde_json::json;
use testkit::{Answer, Observables};

use crate::test_relay::{
    MispAnswer, domains,
    responses::{
        EVENT, attribute, for_matches, neighbour_searches, searches, serve, values, worth_searches,
    },
    start, start_before, start_sandbox, start_with,
};

/// Domains that no event holds.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("d{n}.example")).collect()
}

async fn observe_one(sandbox: &Arc<Sandbox>, kind: &str, value: &str) -> Answer {
    start_before(sandbox).await.observe([(kind, value)]).await
}

#[tokio::test(start_paused = true)]
async fn the_search_for_values_is_what_the_page_shows() {
    let sandbox = start_sandbox().await;
    let observables = [("domain", "Bad.example"), ("ip", "203.0.113.77")];
    start_before(&sandbox).await.observe(&observables).await;
    let mut search = searches(&sandbox).swap_remove(0);
    let sent = search["value"].take();
    let spellings = ["bad.example", "203.0.113.77", "::ffff:203.0.113.77", "::ffff:cb00:714d"];
    // The 25 networks that contain the address follow, and 7 that are written with it.
    assert_eq!(sent["OR"].as_array().unwrap()[..4], spellings);
    assert_eq!(sent["OR"].as_array().unwrap().len(), 4 + 25 + 7);
    assert_eq!(
        search,
        json!({"returnFormat": "json", "value": null, "includeContext": 1, "includeEventTags": 1,
            "includeAllTags": 1, "order": "Attribute.timestamp desc", "limit": 500, "page": 1})
    );
}

#[tokio::test(start_paused = true)]
async fn the_search_for_neighbours_lists_every_type_that_can_be_a_relation() {
    let sandbox = start_sandbox().await;
    let observables = [("domain", "Bad.example"), ("ip", "203.0.113.77")];
    start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(
        neighbour_searches(&sandbox),
        [json!({"returnFormat": "json", "eventid": ["1483", "1490"], "includeAllTags": 1,
            "order": "Attribute.timestamp desc", "limit": 500, "page": 1,
            "type": ["url", "uri", "link", "ip-src", "ip-dst", "ip-src|port", "ip-dst|port",
                "domain", "domain|ip", "hostname", "hostname|port", "md5", "sha1", "sha256",
                "filename|md5", "filename|sha1", "filename|sha256", "malware-sample", "filename",
                "email", "email-src", "email-dst", "mutex", "user-agent", "regkey"]})]
    );
}

#[tokio::test(start_paused = true)]
async fn deliberate_leaves_out_the_event_tags_and_the_neighbours() {
    let sandbox = start_sandbox().await;
    start_before(&sandbox).await.deliberate([("domain", "bad.example")]).await;
    let order = "Attribute.timestamp desc";
    assert_eq!(
        searches(&sandbox),
        [json!({"returnFormat": "json", "value": {"OR": ["bad.example"]}, "includeContext": 1,
            "order": order, "limit": 500, "page": 1})]
    );
    assert_eq!(
        worth_searches(&sandbox),
        [json!({"returnFormat": "json", "value": {"OR": ["bad.example"]}, "eventid": ["1483"],
            "includeWarninglistHits": 1, "includeSightings": 1, "order": order, "limit": 1000,
            "page": 1})]
    );
    assert_eq!(sandbox.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn every_request_has_the_common_headers() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    relay.observe([("domain", "bad.example")]).await;
    relay.health().await;
    relay.trigger("respond-misp-sighting-", "domain", "bad.example").await;
    let calls = sandbox.calls();
    assert_eq!(calls.len(), 3 + 2 + 2);
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

#[tokio::test(start_paused = true)]
async fn the_page_size_grows_with_observables_within_bounds() {
    for (observables, entities, attributes) in
        [(1, 100, 500), (10, 100, 1000), (6, 1, 500), (50, 200, 5000)]
    {
        let sandbox = start_sandbox().await;
        let relay = start_before(&sandbox).await.with_claim("CTR_ENTITIES_LIMIT", entities);
        relay.deliberate(domains(&names(observables))).await;
        assert_eq!(searches(&sandbox)[0]["limit"], attributes, "{observables} × {entities}");
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_values_go_into_one_search() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let names = names(101);
    relay.deliberate(domains(&names)).await;
    let searches = searches(sandbox);
    let mut batches: Vec<_> = searches.iter().map(values).collect();
    assert_eq!(batches.len(), 3);
    // Concurrent requests arrive in any order.
    batches.sort_by_key(|batch| names.iter().position(|name| name == batch[0]));
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 1]);
    assert_eq!(batches.concat(), names);
}

#[tokio::test(start_paused = true)]
async fn fifty_observables_go_into_one_search_in_all_their_spellings() {
    let sandbox = start_sandbox().await;
    let urls: Vec<_> = (0..50).map(|n| format!("http://d{n}.example")).collect();
    let observables: Observables = urls.iter().map(|url| ("url", url)).collect();
    start_before(&sandbox).await.deliberate(&observables).await;
    assert_eq!(searches(&sandbox).iter().map(|one| values(one).len()).collect::<Vec<_>>(), [200]);
}

#[tokio::test(start_paused = true)]
async fn all_events_go_into_one_search_for_neighbours() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await.with_claim("CTR_ENTITIES_LIMIT", 120);
    relay.observe([("ip", sample::SINKHOLE_ADDRESS)]).await;
    let searches = neighbour_searches(&sandbox);
    assert_eq!(searches[0]["eventid"].as_array().unwrap().len(), 120);
    assert!(sandbox.calls().len() <= 5);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_several_observables_is_searched_once() {
    let sandbox = start_sandbox().await;
    let observables = [("hostname", sample::RANSOMWARE_HOST), ("sha256", sample::LOCKER_SHA256)];
    start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(neighbour_searches(&sandbox)[0]["eventid"], json!(["1502", "1547"]));
}

#[tokio::test(start_paused = true)]
async fn after_a_full_page_what_decides_and_what_is_rare_is_searched() {
    let sandbox = start_sandbox().await;
    // The sinkhole's 522 events fill the page before the attributes of the others.
    let observables = [
        ("ip", sample::SINKHOLE_ADDRESS),
        ("domain", "bad.example"),
        ("md5", sample::RANSOMWARE_MD5),
    ];
    let answer = start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(answer.found(), [sample::SINKHOLE_ADDRESS, "bad.example", sample::RANSOMWARE_MD5]);
    assert_eq!(answer.errors(), [("warning", "unknown")]);
    assert!(answer.message().contains(sample::SINKHOLE_ADDRESS), "{}", answer.message());
    let searches = searches(&sandbox);
    let rare = searches.last().unwrap();
    assert_eq!(values(rare), ["bad.example", sample::RANSOMWARE_MD5]);
    assert!(sandbox.calls().len() <= 5, "{}", sandbox.calls().len());
}

#[tokio::test(start_paused = true)]
async fn only_the_batch_with_a_full_page_is_searched_further() {
    let sandbox = start_sandbox().await;
    let names = names(98);
    let observables = Observables::from(("domain", sample::LOADER_DOMAIN))
        .and(domains(&names[..59]))
        .and(("ip", sample::SINKHOLE_ADDRESS))
        .and(domains(&names[59..]));
    let relay = start_before(&sandbox).await.with_claim("CTR_ENTITIES_LIMIT", 5);
    let answer = relay.observe(&observables).await;
    assert_eq!(answer.found(), [sample::LOADER_DOMAIN, sample::SINKHOLE_ADDRESS]);
    let first = sample::LOADER_DOMAIN.to_owned();
    let of_first_batch = |search: &&serde_json::Value| values(search).contains(&first.as_str());
    let searches = searches(&sandbox);
    assert_eq!(searches.iter().filter(of_first_batch).count(), 1);
    assert!(searches.len() <= 1 + 3, "{}", searches.len());
    assert!(sandbox.peak_concurrency() <= 4);
}

#[tokio::test(start_paused = true)]
async fn a_full_page_of_one_value_is_followed_by_the_events_that_decide() {
    let sandbox = start_sandbox().await;
    let in_event = |id: usize, level: &str| {
        let uuid = format!("00000000-0000-4000-8000-{id:012}");
        let event = json!({"id": id.to_string(), "uuid": uuid, "threat_level_id": level});
        attribute(json!({"id": id, "event_id": id.to_string(), "Event": event}))
    };
    let page: Vec<_> = (1..=500).map(|id| in_event(id, "3")).collect();
    let list = |attributes| Fault::json(200, &json!({"response": {"Attribute": attributes}}));
    let decisive = for_matches().mentioning(r#""threat_level_id":["1","2"]"#);
    sandbox.fault(decisive, list(vec![in_event(501, "1")]), Times::Always);
    sandbox.fault(for_matches(), list(page), Times::Always);
    let answer = observe_one(&sandbox, "domain", "bad.example").await;
    assert_eq!(answer.only("verdicts")["disposition_name"], "Malicious");
    assert_eq!(searches(&sandbox)[1]["threat_level_id"], json!(["1", "2"]));
    assert_eq!(answer.errors(), [("warning", "unknown")]);
    assert!(answer.message().contains("bad.example"), "{}", answer.message());
    assert!(sandbox.calls().len() <= 5);
}

#[tokio::test(start_paused = true)]
async fn nothing_found_is_one_request() {
    let sandbox = start_sandbox().await;
    observe_one(&sandbox, "domain", sample::UNKNOWN_DOMAIN).await.assert_nothing_found();
    observe_one(&sandbox, "domain", sample::DELETED_DOMAIN).await.assert_nothing_found();
    assert_eq!(sandbox.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_attribute_belongs_to_what_its_value_or_a_part_of_it_names() {
    let relay = start_with(&[("MISP_MORE_TYPES", "true")]).await;
    let sandbox = &relay.sandbox;
    let md5 = "ab".repeat(16);
    let long_form = "2001:db8:0:0:0:0:0:1|443";
    for (kind, value, observables, is_found) in [
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
        ("filename|md5", "a|b|c", ("file_name", "a|b|c"), false),
        ("ip-dst|port", "203.0.113.7|8443", ("file_name", "8443"), false),
        ("ip-dst", "203.0.113.0/24", ("ip", "203.0.113.7"), true),
        ("ip-dst", "203.0.113.7/24", ("ip", "203.0.113.7"), true),
        ("ip-src", "2001:db8:aa::7/64", ("ipv6", "2001:db8:aa::7"), true),
        ("url", "http://bad.example/?a|b", ("file_name", "b"), false),
        ("text", "bad.example", ("domain", "bad.example"), true),
        ("text", "see bad.example", ("domain", "bad.example"), false),
        ("url", "http://bad.example/", ("url", "http://bad.example"), true),
        ("url", "http://bad.example/A", ("url", "http://bad.example/a"), false),
        ("email", "A@bad.example", ("email", "a@BAD.example"), true),
        ("mutex", "Global\\x", ("mutex", "global\\x"), true),
        ("user-agent", "Agent/1", ("user_agent", "agent/1"), false),
    ] {
        serve(sandbox, &[attribute(json!({"type": kind, "value": value}))], &[]);
        let answer = relay.observe([observables]).await;
        assert_eq!(!answer.found().is_empty(), is_found, "{kind} {value} for {observables:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attribute_may_belong_to_several_observables_or_to_none() {
    let sandbox = start_sandbox().await;
    let attributes = [
        attribute(json!({"type": "domain|ip", "value": "bad.example|203.0.113.7"})),
        attribute(
            json!({"value": "other.example", "Event": {"uuid": "22222222-2222-4333-8444-555555555555"}}),
        ),
    ];
    serve(&sandbox, &attributes, &[]);
    let observables = [("ip", "203.0.113.7"), ("domain", "bad.example")];
    let answer = start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(answer.found(), ["203.0.113.7", "bad.example"]);
    assert_eq!(answer.events(), [EVENT, EVENT]);
    assert_eq!(answer.docs("indicators").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_attribute_without_any_event_is_dropped() {
    let sandbox = start_sandbox().await;
    for event in [json!({"uuid": null, "id": null}), json!({"uuid": "", "id": {}})] {
        serve(&sandbox, &[attribute(json!({"event_id": null, "Event": event}))], &[]);
        observe_one(&sandbox, "domain", "bad.example").await.assert_nothing_found();
    }
    serve(&sandbox, &[attribute(json!({"event_id": null, "Event": null}))], &[]);
    observe_one(&sandbox, "domain", "bad.example").await.assert_nothing_found();
}

#[tokio::test(start_paused = true)]
async fn the_list_of_an_old_server_is_read_too() {
    let sandbox = start_sandbox().await;
    let old = json!({"response": [{"Attribute": [attribute(json!({}))]}, {"Attribute": []}]});
    sandbox.fault(for_matches(), Fault::json(200, &old), Times::Always);
    let answer = observe_one(&sandbox, "domain", "bad.example").await;
    assert_eq!(answer.events(), [EVENT]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_no_context_leaves_what_it_sends() {
    let sandbox = start_sandbox().await;
    let mut bare = attribute(json!({"first_seen": "2026-02-27T08:00:00.000000+00:00"}));
    bare["Event"] = json!({"org_id": "1", "distribution": "1", "publish_timestamp": "1772453600"});
    serve(&sandbox, &[bare], &[]);
    let answer = observe_one(&sandbox, "domain", "bad.example").await;
    assert_eq!(answer.only("verdicts")["disposition_name"], "Unknown");
    let sighting = answer.only("sightings");
    assert_eq!(sighting["external_ids"], json!(["7"]));
    assert_eq!(
        sighting["observed_time"],
        json!({"start_time": "2026-02-27T08:00:00.000Z", "end_time": "2026-03-01T12:00:00Z"})
    );
    assert_eq!(sighting["title"], "MISP event 7");
    assert_eq!(neighbour_searches(&sandbox)[0]["eventid"], json!(["7"]));
}
