//! Faults of the Python originals that this relay does not have. The rows are those of
//! docs/relays/misp.md#differences-from-the-python-originals; other files test the rules in full.

use std::time::Duration;

use sandbox::{
    Fault, Times,
    misp::{API_KEY, sample},
};
use serde_json::{Value, json};
use testkit::distance::{Distance, DistantServer, Issuer, Protocol};

use crate::test_relay::{
    MispAnswer, domains,
    responses::{EVENT, SEARCH, attribute, for_matches, neighbour, serve},
    start, start_before, start_sandbox, start_with,
};

const OBSERVABLES: &[(&str, &str)] = &[("domain", "bad.example")];

/// Row 1.
#[tokio::test(start_paused = true)]
async fn certificates_are_verified() {
    let (sandbox, issuer) = (start_sandbox().await, Issuer::new());
    let distance = Distance { protocol: Protocol::Http1, ..Distance::of(Duration::ZERO) };
    let misp = DistantServer::start(distance, &issuer, sandbox.url()).await;
    let url = misp.url();
    let relay = start_with(&[("API_URL", &url)]).await;
    let answer = relay.health().await;
    answer.assert_fatal("unknown");
    assert!(answer.message().contains("EXTRA_CA_BUNDLE"), "{}", answer.message());
    assert_eq!(misp.requests(), 0);

    let bundle = issuer.bundle().display().to_string();
    let relay = start_with(&[("API_URL", &url), ("EXTRA_CA_BUNDLE", &bundle)]).await;
    assert_eq!(relay.health().await, json!({"data": {"status": "ok"}}));
    assert_eq!(misp.requests(), 2);
}

/// Row 2.
#[tokio::test(start_paused = true)]
async fn every_attribute_of_every_type_counts() {
    let relay = start().await;
    // An ip-dst, an ip-dst|port and a domain|ip, in two events.
    let answer = relay.observe([("ip", sample::RANSOMWARE_ADDRESS)]).await;
    assert_eq!(answer.docs("sightings").len(), 2);
}

/// Row 3.
#[tokio::test(start_paused = true)]
async fn fifty_observables_need_three_requests() {
    let sandbox = start_sandbox().await;
    let names: Vec<_> = (0..50).map(|batch| format!("batch{batch}.sinkhole.example")).collect();
    let observables = domains(&names);
    start_before(&sandbox).await.observe(&observables).await;
    assert!(sandbox.calls().len() <= 3);
}

/// Row 4.
#[tokio::test(start_paused = true)]
async fn a_url_is_answered_as_it_was_sent() {
    let sandbox = start_sandbox().await;
    let observables = format!("https://{}", sample::PHISHING_URI);
    let answer = start_before(&sandbox).await.observe([("url", &observables)]).await;
    assert_eq!(answer.found(), [observables.as_str()]);
    assert_eq!(answer.only("sightings")["observables"][0]["value"], observables);
}

/// Row 5.
#[tokio::test(start_paused = true)]
async fn a_low_threat_is_common_and_never_clean() {
    let sandbox = start_sandbox().await;
    let answer = start_before(&sandbox).await.observe([("ip", sample::SCANNER_ADDRESS)]).await;
    assert_eq!(answer.only("verdicts")["disposition_name"], "Common");
    assert_eq!(answer.only("judgements")["disposition"], 4);
}

/// Row 6.
#[tokio::test(start_paused = true)]
async fn relation_names_and_ids_are_those_of_ctim() {
    let sandbox = start_sandbox().await;
    let answer = start_before(&sandbox).await.observe(OBSERVABLES).await;
    let relations = answer.only("sightings")["relations"].to_string();
    assert!(relations.contains("Related_To") && !relations.contains("related-to"));
    for (collection, prefix) in [
        ("indicators", "transient:indicator-"),
        ("relationships", "transient:relationship-"),
        ("sightings", "transient:sighting-"),
        ("judgements", "transient:judgement-"),
    ] {
        for id in answer.every(collection, "/id") {
            assert!(id.as_str().unwrap().starts_with(prefix), "{id}");
        }
    }
}

/// Row 7.
#[tokio::test(start_paused = true)]
async fn two_observables_of_one_event_have_their_own_ids() {
    let relay = start().await;
    let observables =
        [("domain", sample::RANSOMWARE_DOMAIN), ("sha256", sample::RANSOMWARE_SHA256)];
    let answer = relay.observe(&observables).await;
    let ids = answer.every("sightings", "/id");
    assert_ne!(ids[0], ids[1]);
    let reversed = relay.observe([observables[1], observables[0]]).await;
    assert_eq!(reversed.every("sightings", "/id"), [ids[1], ids[0]]);
}

/// Row 8.
#[tokio::test(start_paused = true)]
async fn host_and_limit_end_with_the_call() {
    let relay = start().await;
    let observables = [("md5", sample::RANSOMWARE_MD5)];
    let one = relay.with_claim("CTR_ENTITIES_LIMIT", 1);
    assert_eq!(one.observe(&observables).await.events().len(), 1);
    relay.with_claim("HOST", "https://127.0.0.1").observe(&observables).await;
    assert_eq!(relay.observe(&observables).await.events().len(), 2);
}

/// Row 9.
#[tokio::test(start_paused = true)]
async fn no_value_widens_the_search() {
    let relay = start().await;
    for value in [" ", "0", "%", "%.example", "!bad.example", "a.example&&b.example"] {
        let answer = relay.observe([("domain", value)]).await;
        assert_eq!(answer.docs("sightings").len(), 0, "{value}");
    }
}

/// Row 10.
#[tokio::test(start_paused = true)]
async fn malformed_responses_are_no_panic() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let event = json!({"threat_level_id": "99", "Orgc": null, "info": null});
    serve(sandbox, &[attribute(json!({"category": null, "comment": null, "Event": event}))], &[]);
    let answer = relay.observe(OBSERVABLES).await;
    assert_eq!((answer.events(), answer.errors()), (vec![EVENT], vec![]));
    assert_eq!(answer.only("sightings").get("description"), None);

    sandbox.clear_faults();
    let dictionary = json!({"errors": [403, {"name": "Forbidden"}]});
    sandbox.fault(SEARCH, Fault::json(200, &dictionary), Times::Always);
    relay.observe(OBSERVABLES).await.assert_fatal("unknown");
}

/// Row 11.
#[tokio::test(start_paused = true)]
async fn health_reads_the_status() {
    for status in [400, 401, 403, 404, 405, 429, 500] {
        let sandbox = start_sandbox().await;
        sandbox.fault("/servers", Fault::status(status), Times::Always);
        let answer = start_before(&sandbox).await.health().await;
        assert_eq!(answer.errors().len(), 1, "{status}");
        assert_eq!(answer.get("data"), None, "{status}");
    }
}

/// Row 12.
#[tokio::test(start_paused = true)]
async fn times_are_utc_and_indicators_stay_open() {
    let sandbox = start_sandbox().await;
    let answer = start_before(&sandbox).await.observe(OBSERVABLES).await;
    assert_eq!(answer.only("verdicts")["valid_time"]["start_time"], "2026-03-03T10:00:00Z");
    let open = json!({"start_time": "2026-02-28T00:00:00Z"});
    assert_eq!(answer.only("indicators")["valid_time"], open);
}

/// Row 13.
#[tokio::test(start_paused = true)]
async fn nothing_found_is_data_without_collections() {
    let relay = start().await;
    relay.observe([("domain", sample::UNKNOWN_DOMAIN)]).await.assert_nothing_found();
    relay.deliberate([("domain", sample::UNKNOWN_DOMAIN)]).await.assert_nothing_found();
}

/// Row 14.
#[tokio::test(start_paused = true)]
async fn objects_and_composites_count_and_the_category_is_the_attributes_own() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let in_object = relay.observe([("sha256", sample::RANSOMWARE_SHA256)]).await;
    assert_eq!(in_object.docs("sightings").len(), 1);
    let in_composite = relay.observe([("ip", sample::SCANNER_ADDRESS)]).await;
    assert_eq!(in_composite.docs("sightings").len(), 1);
    // A longer name that contains the observable must not lend its category.
    let attributes = [
        attribute(
            json!({"id": "2", "value": "very-bad.example", "category": "Wrong", "timestamp": "1772366999"}),
        ),
        attribute(json!({"category": "Right"})),
    ];
    serve(sandbox, &attributes, &[]);
    let answer = relay.observe(OBSERVABLES).await;
    assert_eq!(answer.only("indicators")["short_description"], "Category: Right");
}

/// Row 15.
#[tokio::test(start_paused = true)]
async fn the_order_is_that_of_the_request() {
    let relay = start().await;
    let mut names: Vec<_> = (0..60).map(|batch| format!("batch{batch}.sinkhole.example")).collect();
    for _ in 0..3 {
        names.rotate_left(7);
        let observables = domains(&names);
        assert_eq!(relay.observe(&observables).await.found(), names);
    }
}

/// Row 16.
#[tokio::test(start_paused = true)]
async fn one_error_leaves_the_rest() {
    let sandbox = start_sandbox().await;
    let second = for_matches().mentioning("batch50.sinkhole.example\"");
    sandbox.fault(second, Fault::status(500), Times::Always);
    let names: Vec<_> = (0..51).map(|batch| format!("batch{batch}.sinkhole.example")).collect();
    let observables = domains(&names);
    let answer = start_before(&sandbox).await.observe(&observables).await;
    assert_eq!((answer.found().len(), answer.errors().len()), (50, 1));
}

/// Row 17.
#[tokio::test(start_paused = true)]
async fn any_tag_may_carry_the_tlp_and_only_known_words_count() {
    let relay = start().await;
    // The third tag of the event.
    let answer = relay.observe([("domain", sample::WORM_DOMAIN)]).await;
    assert_eq!(answer.only("indicators")["tlp"], "red");
    // `tlp:ex:chr` is no TLP.
    let answer = relay.observe([("domain", sample::ODD_LEVEL_DOMAIN)]).await;
    assert_eq!(answer.only("indicators").get("tlp"), None);
}

/// Row 18.
#[tokio::test(start_paused = true)]
async fn a_key_with_line_breaks_is_rejected_with_a_message() {
    let sandbox = start_sandbox().await;
    let (start, end) = API_KEY.split_at(4);
    let key = format!("{start}\n{end}");
    let answer = start_before(&sandbox).await.with_claim("AuthKey", key).observe(OBSERVABLES).await;
    answer.assert_fatal("invalid argument");
    assert_eq!(sandbox.calls().len(), 0);
}

/// Row 19.
#[tokio::test(start_paused = true)]
async fn links_are_built_and_a_trigger_reports_its_outcome() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    assert_eq!(relay.refer(OBSERVABLES).await.items().len(), 1);
    let done = relay.trigger("respond-misp-sighting-", "domain", "bad.example").await;
    assert_eq!(done["data"]["status"], "success");
    let not_done = relay.trigger("respond-misp-sighting-", "domain", "harmless.example").await;
    assert_eq!(not_done["data"]["status"], "failure");
    assert_eq!(sandbox.calls().len(), 2 + 1);
}

/// Row 20.
#[tokio::test(start_paused = true)]
async fn an_indicator_comes_once_and_sightings_are_of_it() {
    let sandbox = start_sandbox().await;
    let observables =
        [("domain", sample::RANSOMWARE_DOMAIN), ("sha256", sample::RANSOMWARE_SHA256)];
    let answer = start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(answer.docs("indicators").len(), 1);
    let kinds = answer.every("relationships", "/relationship_type");
    assert_eq!(kinds, ["sighting-of", "element-of", "sighting-of", "element-of"]);
}

/// Row 21.
#[tokio::test(start_paused = true)]
async fn links_survive_every_character() {
    let relay = start().await;
    let answer = relay.refer([("url", "http://bad.example/a?b=c#d/e")]).await;
    let link = answer.items()[0]["url"].as_str().unwrap();
    let value = link.rsplit_once("searchall:").unwrap().1;
    assert_eq!(value, "http%3A__bad.example_a_b%3Dc%23d_e");
}

/// Row 22.
#[tokio::test(start_paused = true)]
async fn the_limit_is_bounded_and_forgiving() {
    let relay = start_with(&[("CTR_ENTITIES_LIMIT", "4")]).await;
    let sandbox = &relay.sandbox;
    let observables = [("ip", sample::SINKHOLE_ADDRESS)];
    for (claim, events) in [(json!(2), 2), (Value::Null, 4), (json!("all"), 4)] {
        let answer = relay.with_claim("CTR_ENTITIES_LIMIT", claim).observe(&observables).await;
        assert_eq!(answer.events().len(), events);
    }
    let neighbours: Vec<_> =
        (0..300).map(|n| neighbour(n, "domain", &format!("d{n}.example"))).collect();
    serve(sandbox, &[attribute(json!({}))], &neighbours);
    let answer = relay.observe(OBSERVABLES).await;
    assert_eq!(answer.only("sightings")["relations"].as_array().unwrap().len(), 50);
}
