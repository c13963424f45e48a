//! Hunting: where its queries go, what its failures cost, and what it can read:
//! docs/relays/defender-atp.md#hunting.

use std::time::Duration;

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{App, app, tenant},
};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{HUNT, OBSERVE, OWN_HUNT, TestRelay, alert_ids, contoso, many, one};

/// How many alerts and how many events there are.
fn found(answer: &Answer) -> (usize, usize) {
    let ids = alert_ids(answer);
    let events = ids.iter().filter(|id| **id == "-").count();
    (ids.len() - events, events)
}

/// Calls to Graph's hunting and to the product's own.
fn hunts(relay: &TestRelay) -> (usize, usize) {
    (relay.calls(HUNT).len(), relay.calls(OWN_HUNT).len())
}

async fn ask(relay: &TestRelay, app: &App) -> Answer {
    relay.observe_for(app, &tenant::CONTOSO, &one("ip", sample::ADDRESS)).await
}

#[tokio::test(start_paused = true)]
async fn hunting_asks_graph_first() {
    let relay = TestRelay::open().await;
    let answer = ask(&relay, &app::DEFENDER).await;
    assert_eq!((found(&answer), hunts(&relay)), ((4, 12), (2, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_caller_refused_by_graph_hunts_at_the_own_api_for_a_day() {
    let relay = TestRelay::open().await;
    let answer = ask(&relay, &app::WITHOUT_GRAPH).await;
    assert_eq!((found(&answer), answer.errors()), ((4, 12), vec![]));
    // The query for adapters may leave before Graph has refused the one for events.
    assert!(matches!(hunts(&relay), (1 | 2, 2)), "{:?}", hunts(&relay));
    relay.sandbox.forget_calls();
    // Another caller's choice is another one.
    ask(&relay, &app::DEFENDER).await;
    assert_eq!(hunts(&relay), (2, 0));
    relay.sandbox.forget_calls();
    relay.clock.advance(Duration::from_secs(24 * 3600 - 1));
    ask(&relay, &app::WITHOUT_GRAPH).await;
    assert_eq!(hunts(&relay), (0, 2));
    relay.sandbox.forget_calls();
    relay.clock.advance(Duration::from_secs(15 * 60));
    ask(&relay, &app::WITHOUT_GRAPH).await;
    assert!(matches!(hunts(&relay), (1 | 2, 2)), "{:?}", hunts(&relay));
}

#[tokio::test(start_paused = true)]
async fn a_caller_refused_by_both_apis_asks_graph_first_again() {
    let relay = TestRelay::open().await;
    for _ in 0..2 {
        relay.sandbox.forget_calls();
        ask(&relay, &app::WITHOUT_HUNTING).await;
        assert!(hunts(&relay).0 > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn both_hunting_apis_give_the_same_answer() {
    let observables = many(&[("ip", sample::ADDRESS), ("sha256", sample::UPDATER_SHA256)]);
    let graph = TestRelay::with(&[("DEFENDER_HUNTING", "graph")]).await;
    let own = TestRelay::with(&[("DEFENDER_HUNTING", "mde")]).await;
    assert_eq!(graph.observe(&observables).await, own.observe(&observables).await);
    assert_eq!((hunts(&graph).1, hunts(&own).0), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_refused_by_both_apis_is_told_both_permissions() {
    let relay = TestRelay::open().await;
    let answer = ask(&relay, &app::WITHOUT_HUNTING).await;
    assert_eq!((found(&answer), answer.errors()), ((4, 0), vec![("warning", "permission denied")]));
    for permission in ["ThreatHunting.Read.All", "AdvancedQuery.Read.All"] {
        assert!(answer.message().contains(permission), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forced_hunting_api_is_kept() {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "graph")]).await;
    let answer = ask(&relay, &app::WITHOUT_GRAPH).await;
    assert_eq!((found(&answer), answer.errors()), ((4, 0), vec![("warning", "permission denied")]));
    assert_eq!(hunts(&relay).1, 0);
}

#[tokio::test(start_paused = true)]
async fn hunting_that_is_off_sends_nothing_and_reports_nothing() {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    let answer = ask(&relay, &app::WITHOUT_HUNTING).await;
    assert_eq!((found(&answer), answer.errors()), ((4, 0), vec![]));
    assert_eq!(hunts(&relay), (0, 0));
    assert!(answer.docs("sightings")[0]["targets"][0]["os"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_claim_chooses_the_hunting_api() {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
    for (word, expected) in
        [(json!("mde"), (0, 2)), (json!("GRAPH"), (2, 0)), (json!("x"), (0, 0)), (json!(1), (0, 0))]
    {
        relay.sandbox.forget_calls();
        relay.clock.advance(Duration::from_secs(3600));
        let mut claims = contoso();
        claims["DEFENDER_HUNTING"] = word.clone();
        relay.ask_with(claims, OBSERVE, &one("ip", sample::ADDRESS)).await;
        assert_eq!(hunts(&relay), expected, "{word}");
    }
}

/// Row 6 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn a_failed_hunting_query_costs_only_the_events() {
    let heavy = json!({"error": {
        "code": "BadRequest",
        "message": "Query execution has exceeded the allowed result size.",
    }});
    let throttled = Fault::TooManyRequests { retry_after: Some("900".to_owned()) };
    for (fault, code) in [
        (Fault::json(400, &heavy), "invalid argument"),
        (throttled, "too many requests"),
        (Fault::status(500), "unknown"),
        (Fault::status(503), "service unavailable"),
        (Fault::Html, "unknown"),
        (Fault::json(200, &json!({})), "unknown"),
        (Fault::json(200, &json!({"results": null})), ""),
        (Fault::ResetBeforeAnswer, "connection error"),
        (Fault::ResetInBody, "connection error"),
    ] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault(HUNT, fault.clone(), Times::Always);
        let answer = ask(&relay, &app::DEFENDER).await;
        let expected = if code.is_empty() { vec![] } else { vec![("warning", code)] };
        assert_eq!((found(&answer), answer.errors()), ((4, 0), expected), "{fault:?} {answer}");
        if !code.is_empty() {
            assert!(answer.message().starts_with("Hunting failed"), "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_used_up_quota_is_reported_with_the_message_of_the_product() {
    let relay = TestRelay::with(&[("DEFENDER_HUNTING", "mde")]).await;
    let headers = vec![("retry-after".to_owned(), "900".to_owned())];
    let body = json!({"error": {"code": "TooManyRequests", "message": "You exceeded 15 hunts."}});
    let fault = Fault::Status { code: 429, headers, body: body.to_string() };
    relay.sandbox.fault(OWN_HUNT, fault, Times::Always);
    let answer = ask(&relay, &app::DEFENDER).await;
    assert_eq!((found(&answer), answer.errors()), ((4, 0), vec![("warning", "too many requests")]));
    for words in ["Hunting failed", "900 seconds", "You exceeded 15 hunts."] {
        assert!(answer.message().contains(words), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_hunting_query_costs_only_the_events() {
    let relay = TestRelay::open().await;
    ask(&relay, &app::DEFENDER).await;
    let events = When::path(HUNT).mentioning("let hits");
    relay.sandbox.fault(events, Fault::SlowHeaders, Times::Always);
    let time = Duration::from_millis(1200);
    let (bearer, observables) = (crate::test_relay::bearer(contoso()), one("ip", sample::ADDRESS));
    let answer = relay.send_within(time, &bearer, OBSERVE, &observables.to_string()).await;
    assert_eq!((found(&answer), answer.errors()), ((4, 0), vec![("warning", "connection error")]));
}

#[tokio::test(start_paused = true)]
async fn an_alert_looks_the_same_whatever_hunting_returned() {
    let alerts = |answer: &Answer| -> Vec<Value> {
        let alert = |it: &&Value| it["external_ids"][0].is_string();
        answer.docs("sightings").iter().filter(alert).cloned().collect()
    };
    let relay = TestRelay::open().await;
    let whole = ask(&relay, &app::DEFENDER).await;
    let relay = TestRelay::open().await;
    let events = When::path(HUNT).mentioning("let hits");
    relay.sandbox.fault(events, Fault::status(500), Times::Always);
    let without = ask(&relay, &app::DEFENDER).await;
    assert_eq!(alerts(&whole), alerts(&without));
    assert!(whole.docs("sightings").len() > without.docs("sightings").len());
}

/// Row 15 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn each_observable_has_its_newest_events_without_repeats() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "6")]).await;
    let observables = many(&[("ip", sample::ADDRESS), ("domain", sample::DOMAIN)]);
    let few = relay.observe(&observables).await;
    let relay = TestRelay::open().await;
    let all = relay.observe(&observables).await;
    let events = |answer: &Answer, kind: &str| -> Vec<String> {
        let of_it =
            answer.docs("sightings").iter().filter(|it| it["observables"][0]["type"] == kind);
        let events = of_it.filter(|it| it["external_ids"][0].is_null());
        events.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    for kind in ["ip", "domain"] {
        let (few, mut all) = (events(&few, kind), events(&all, kind));
        assert_eq!(few, all[..2]);
        let total = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), total);
    }
}

#[tokio::test(start_paused = true)]
async fn many_observables_share_the_rows_of_one_query() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "1000")]).await;
    let observables: Value = (0..1000)
        .map(|n| json!({"type": "sha1", "value": format!("{n:040x}")}))
        .chain(many(&[("ip", sample::ADDRESS)]).as_array().unwrap().clone())
        .skip(1)
        .collect();
    let answer = relay.observe(&observables).await;
    let queries: Vec<_> =
        relay.calls(HUNT).iter().map(|call| call.json().unwrap().to_string()).collect();
    assert!(queries.iter().any(|query| query.contains("where Rank <= 5);")), "{queries:?}");
    assert_eq!(found(&answer).1, 5);
    let warned = answer["errors"].to_string();
    assert!(warned.contains("newest 5 events") && warned.contains("last 30 days"), "{warned}");
}

#[tokio::test(start_paused = true)]
async fn the_relay_has_no_limit_of_its_own() {
    let relay = TestRelay::open().await;
    for _ in 0..50 {
        let answer = relay
            .observe_for(&app::DEFENDER, &tenant::WOODGROVE, &one("ip", sample::ADDRESS))
            .await;
        assert_eq!((found(&answer), answer.errors()), ((4, 12), vec![]));
    }
    assert!(hunts(&relay).0 > 50);
}

#[tokio::test(start_paused = true)]
async fn hunting_pauses_as_long_as_the_product_says() {
    let relay = TestRelay::open().await;
    let events = When::path(HUNT).mentioning("let hits");
    let throttled = Fault::TooManyRequests { retry_after: Some("900".to_owned()) };
    relay.sandbox.fault(events, throttled, Times::Next(1));
    for seconds in [900, 300] {
        let answer = ask(&relay, &app::DEFENDER).await;
        assert!(answer.errors().iter().all(|it| *it == ("warning", "too many requests")));
        let errors = answer["errors"].to_string();
        assert!(errors.contains(&format!("{seconds} seconds")), "{errors}");
        relay.clock.advance(Duration::from_secs(600));
        relay.sandbox.forget_calls();
    }
    assert_eq!(ask(&relay, &app::DEFENDER).await.errors(), []);
    assert!(hunts(&relay).0 > 1);
}

#[tokio::test(start_paused = true)]
async fn a_query_waits_for_its_turn_where_the_deadline_allows() {
    let relay = TestRelay::open().await;
    let events = When::path(HUNT).mentioning("let hits");
    let throttled = Fault::TooManyRequests { retry_after: Some("900".to_owned()) };
    relay.sandbox.fault(events, throttled, Times::Next(1));
    ask(&relay, &app::DEFENDER).await;
    // Another caller is not concerned.
    let address = one("ip", sample::ADDRESS);
    let other = relay.observe_for(&app::DEFENDER, &tenant::WOODGROVE, &address).await;
    assert_eq!(other.errors(), []);
    relay.clock.advance(Duration::from_secs(899));
    let answer = ask(&relay, &app::DEFENDER).await;
    assert_eq!((found(&answer), answer.errors()), ((4, 12), vec![]));
}
