//! "Where the originals are wrong" (spec §7), one test for each row. The rows in full have their
//! own modules; here stands that the fault itself cannot happen.

use std::{io::Write, sync::Arc};

use relay_core::http::SystemResolver;
use sandbox::{
    Fault, Times,
    misp::{API_KEY, sample},
};
use serde_json::{Value, json};

use crate::{
    test_relay::responses::{EVENT, SEARCH, for_matches, neighbour, row, serve},
    test_relay::{Relay, sandbox},
    test_relay::tls::TlsMisp,
};

const ASKED: &[(&str, &str)] = &[("domain", "bad.example")];

#[tokio::test]
async fn fault_01_certificates_are_verified() {
    let misp = TlsMisp::start();
    let unknown = [("API_URL", misp.url.as_str())];
    let relay = Relay::set_up(&unknown, Arc::new(SystemResolver)).await.unwrap();
    let answer = relay.health().await;
    answer.assert_refused("unknown");
    assert!(answer.message().contains("EXTRA_CA_BUNDLE"), "{}", answer.message());
    assert_eq!(misp.requests(), 0);

    let mut bundle = tempfile::NamedTempFile::new().unwrap();
    bundle.write_all(misp.certificate.as_bytes()).unwrap();
    let path = bundle.path().to_str().unwrap();
    let known = [("API_URL", misp.url.as_str()), ("EXTRA_CA_BUNDLE", path)];
    let relay = Relay::set_up(&known, Arc::new(SystemResolver)).await.unwrap();
    assert_eq!(relay.health().await.0, json!({"data": {"status": "ok"}}));
    assert_eq!(misp.requests(), 1);
}

#[tokio::test]
async fn fault_02_every_row_of_every_type_counts() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    // An ip-dst, an ip-dst|port and a domain|ip, in two events.
    let answer = relay.observe(&[("ip", sample::RANSOMWARE_ADDRESS)]).await;
    assert_eq!(answer.docs("sightings").len(), 2);
}

#[tokio::test]
async fn fault_03_fifty_observables_cost_two_calls() {
    let sandbox = sandbox().await;
    let names: Vec<_> = (0..50).map(|batch| format!("batch{batch}.sinkhole.example")).collect();
    let asked: Vec<_> = names.iter().map(|name| ("domain", name.as_str())).collect();
    Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(sandbox.calls().len(), 2);
}

#[tokio::test]
async fn fault_04_the_url_that_was_asked_is_answered() {
    let sandbox = sandbox().await;
    let asked = format!("https://{}", sample::PHISHING_URI);
    let answer = Relay::before(&sandbox).await.observe(&[("url", &asked)]).await;
    assert_eq!(answer.found(), [asked.as_str()]);
    assert_eq!(answer.only("sightings")["observables"][0]["value"], asked);
}

#[tokio::test]
async fn fault_05_a_low_threat_is_common_and_never_clean() {
    let sandbox = sandbox().await;
    let answer = Relay::before(&sandbox).await.observe(&[("ip", sample::SCANNER_ADDRESS)]).await;
    assert_eq!(answer.only("verdicts")["disposition_name"], "Common");
    assert_eq!(answer.only("judgements")["disposition"], 4);
}

#[tokio::test]
async fn fault_06_words_and_ids_are_ctims() {
    let sandbox = sandbox().await;
    let answer = Relay::before(&sandbox).await.observe(ASKED).await;
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

#[tokio::test]
async fn fault_07_two_observables_on_one_event_have_their_own_ids() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    let asked = [("domain", sample::RANSOMWARE_DOMAIN), ("sha256", sample::RANSOMWARE_SHA256)];
    let answer = relay.observe(&asked).await;
    let ids = answer.every("sightings", "/id");
    assert_ne!(ids[0], ids[1]);
    let reversed = relay.observe(&[asked[1], asked[0]]).await;
    assert_eq!(reversed.every("sightings", "/id"), [ids[1], ids[0]]);
}

#[tokio::test]
async fn fault_08_host_and_limit_last_one_request() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    let asked = [("md5", sample::RANSOMWARE_MD5)];
    let one = relay.claiming("CTR_ENTITIES_LIMIT", 1);
    assert_eq!(one.observe(&asked).await.events().len(), 1);
    relay.claiming("HOST", "https://127.0.0.1").observe(&asked).await;
    assert_eq!(relay.observe(&asked).await.events().len(), 2);
}

#[tokio::test]
async fn fault_09_no_value_widens_the_search() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    for value in [" ", "0", "%", "%.example", "!bad.example", "a.example&&b.example"] {
        let answer = relay.observe(&[("domain", value)]).await;
        assert_eq!(answer.docs("sightings").len(), 0, "{value}");
    }
}

#[tokio::test]
async fn fault_10_odd_answers_are_no_crash() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    let event = json!({"threat_level_id": "99", "Orgc": null, "info": null});
    serve(&sandbox, &[row(json!({"category": null, "comment": null, "Event": event}))], &[]);
    let answer = relay.observe(ASKED).await;
    assert_eq!((answer.events(), answer.errors()), (vec![EVENT], vec![]));
    assert_eq!(answer.only("sightings").get("description"), None);

    sandbox.clear_faults();
    let dictionary = json!({"errors": [403, {"name": "Forbidden"}]});
    sandbox.fault(SEARCH, Fault::json(200, &dictionary), Times::Always);
    relay.observe(ASKED).await.assert_refused("unknown");
}

#[tokio::test]
async fn fault_11_health_looks_at_the_status() {
    for status in [400, 401, 403, 404, 405, 429, 500] {
        let sandbox = sandbox().await;
        sandbox.fault("/servers", Fault::status(status), Times::Always);
        let answer = Relay::before(&sandbox).await.health().await;
        assert_eq!(answer.errors().len(), 1, "{status}");
        assert_eq!(answer.0.get("data"), None, "{status}");
    }
}

#[tokio::test]
async fn fault_12_times_are_utc_and_indicators_stay_open() {
    let sandbox = sandbox().await;
    let answer = Relay::before(&sandbox).await.observe(ASKED).await;
    assert_eq!(answer.only("verdicts")["valid_time"]["start_time"], "2026-03-03T10:00:00Z");
    let open = json!({"start_time": "2026-02-28T00:00:00Z"});
    assert_eq!(answer.only("indicators")["valid_time"], open);
}

#[tokio::test]
async fn fault_13_nothing_found_is_data_without_collections() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    relay.observe(&[("domain", sample::UNKNOWN_DOMAIN)]).await.assert_nothing_found();
    relay.deliberate(&[("domain", sample::UNKNOWN_DOMAIN)]).await.assert_nothing_found();
}

#[tokio::test]
async fn fault_14_objects_and_composites_count_and_the_category_is_the_rows_own() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    let in_object = relay.observe(&[("sha256", sample::RANSOMWARE_SHA256)]).await;
    assert_eq!(in_object.docs("sightings").len(), 1);
    let in_composite = relay.observe(&[("ip", sample::SCANNER_ADDRESS)]).await;
    assert_eq!(in_composite.docs("sightings").len(), 1);
    // A longer name that contains the asked one must not lend its category.
    let rows = [
        row(
            json!({"id": "2", "value": "very-bad.example", "category": "Wrong", "timestamp": "1772366999"}),
        ),
        row(json!({"category": "Right"})),
    ];
    serve(&sandbox, &rows, &[]);
    let answer = relay.observe(ASKED).await;
    assert_eq!(answer.only("indicators")["short_description"], "Category: Right");
}

#[tokio::test]
async fn fault_15_the_order_is_that_of_the_question() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    let mut names: Vec<_> = (0..60).map(|batch| format!("batch{batch}.sinkhole.example")).collect();
    for _ in 0..3 {
        names.rotate_left(7);
        let asked: Vec<_> = names.iter().map(|name| ("domain", name.as_str())).collect();
        assert_eq!(relay.observe(&asked).await.found(), names);
    }
}

#[tokio::test]
async fn fault_16_one_error_leaves_the_rest() {
    let sandbox = sandbox().await;
    let second = for_matches().mentioning("batch50.sinkhole.example\"");
    sandbox.fault(second, Fault::status(500), Times::Always);
    let names: Vec<_> = (0..51).map(|batch| format!("batch{batch}.sinkhole.example")).collect();
    let asked: Vec<_> = names.iter().map(|name| ("domain", name.as_str())).collect();
    let answer = Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!((answer.found().len(), answer.errors().len()), (50, 1));
}

#[tokio::test]
async fn fault_17_any_tag_may_carry_the_tlp_and_only_known_words_count() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    // The third tag of the event.
    let answer = relay.observe(&[("domain", sample::WORM_DOMAIN)]).await;
    assert_eq!(answer.only("indicators")["tlp"], "red");
    // `tlp:ex:chr` is no TLP.
    let answer = relay.observe(&[("domain", sample::ODD_LEVEL_DOMAIN)]).await;
    assert_eq!(answer.only("indicators").get("tlp"), None);
}

#[tokio::test]
async fn fault_18_a_key_with_line_breaks_is_refused_with_a_sentence() {
    let sandbox = sandbox().await;
    let key = format!("{API_KEY}\n");
    let answer = Relay::before(&sandbox).await.claiming("AuthKey", key).observe(ASKED).await;
    answer.assert_refused("invalid argument");
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test]
async fn fault_19_links_are_built_and_a_trigger_tells_the_truth() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    assert_eq!(relay.refer(ASKED).await.items().len(), 1);
    let done = relay.trigger("respond-misp-sighting-", "domain", "bad.example").await;
    assert_eq!(done.0["data"]["status"], "success");
    let not_done = relay.trigger("respond-misp-sighting-", "domain", "harmless.example").await;
    assert_eq!(not_done.0["data"]["status"], "failure");
    assert_eq!(sandbox.calls().len(), 2);
}

#[tokio::test]
async fn fault_20_an_indicator_comes_once_and_sightings_are_of_it() {
    let sandbox = sandbox().await;
    let asked = [("domain", sample::RANSOMWARE_DOMAIN), ("sha256", sample::RANSOMWARE_SHA256)];
    let answer = Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(answer.docs("indicators").len(), 1);
    let kinds = answer.every("relationships", "/relationship_type");
    assert_eq!(kinds, ["sighting-of", "element-of", "sighting-of", "element-of"]);
}

#[tokio::test]
async fn fault_21_links_survive_every_character() {
    let relay = Relay::before(&sandbox().await).await;
    let answer = relay.refer(&[("url", "http://bad.example/a?b=c#d/e")]).await;
    let link = answer.items()[0]["url"].as_str().unwrap();
    let value = link.rsplit_once("searchall:").unwrap().1;
    assert_eq!(value, "http%3A%2F%2Fbad.example%2Fa%3Fb%3Dc%23d%2Fe");
}

#[tokio::test]
async fn fault_22_the_limit_is_read_bounded_and_forgiving() {
    let sandbox = sandbox().await;
    let relay = Relay::with(&sandbox, &[("CTR_ENTITIES_LIMIT", "4")]).await;
    let asked = [("ip", sample::SINKHOLE_ADDRESS)];
    for (claim, events) in [(json!(2), 2), (Value::Null, 4), (json!("all"), 4)] {
        let answer = relay.claiming("CTR_ENTITIES_LIMIT", claim).observe(&asked).await;
        assert_eq!(answer.events().len(), events);
    }
    let neighbours: Vec<_> =
        (0..300).map(|n| neighbour(n, "domain", &format!("d{n}.example"))).collect();
    serve(&sandbox, &[row(json!({}))], &neighbours);
    let answer = relay.observe(ASKED).await;
    assert_eq!(answer.only("sightings")["relations"].as_array().unwrap().len(), 50);
}
