//! Two tenants on one warm instance: neither sees anything of the other's.

use sandbox::identity::{Tenant, app, tenant};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{ADDRESS, BATCH, SHA256, TestRelay, claims, one, sightings};

fn both() -> Value {
    json!([{"type": "ip", "value": ADDRESS}, {"type": "sha256", "value": SHA256}])
}

#[track_caller]
fn assert_about(answer: &Answer, own: &Tenant, other: &Tenant) {
    assert!(!sightings(answer).is_empty());
    let text = answer.to_string();
    for trace in [other.id, other.domain] {
        assert!(!text.contains(trace), "{} sees data of {}", own.name, other.name);
    }
}

#[tokio::test(start_paused = true)]
async fn s02_tenants_in_turn_get_their_own_data_with_their_own_tokens() {
    for backend in ["alerts_v2", "alerts"] {
        let relay = TestRelay::with(&[("GRAPH_BACKEND", backend)]).await;
        let contoso = relay.observe_for(&tenant::CONTOSO, &both()).await;
        let fabrikam = relay.observe_for(&tenant::FABRIKAM, &both()).await;
        assert_about(&contoso, &tenant::CONTOSO, &tenant::FABRIKAM);
        assert_about(&fabrikam, &tenant::FABRIKAM, &tenant::CONTOSO);
        for _ in 0..10 {
            assert_eq!(relay.observe_for(&tenant::CONTOSO, &both()).await, contoso);
            assert_eq!(relay.observe_for(&tenant::FABRIKAM, &both()).await, fabrikam);
        }
        assert_eq!(relay.counts()[0], 2, "one login for each tenant");
        let tokens: Vec<_> =
            relay.calls(BATCH).iter().map(|it| it.authorization().unwrap().to_owned()).collect();
        assert_ne!(tokens[0], tokens[1]);
        let is_own = |(call, token): (usize, &String)| *token == tokens[call % 2];
        assert!(tokens.iter().enumerate().all(is_own));
    }
}

#[tokio::test(start_paused = true)]
async fn s02_tenants_at_the_same_time_get_their_own_data() {
    let relay = TestRelay::open().await;
    let (observables, other) = (both(), both());
    let (contoso, fabrikam) = tokio::join!(
        relay.observe_for(&tenant::CONTOSO, &observables),
        relay.observe_for(&tenant::FABRIKAM, &other)
    );
    assert_about(&contoso, &tenant::CONTOSO, &tenant::FABRIKAM);
    assert_about(&fabrikam, &tenant::FABRIKAM, &tenant::CONTOSO);
}

#[tokio::test(start_paused = true)]
async fn filter_support_is_remembered_for_each_tenant() {
    let relay = TestRelay::open().await;
    for _ in 0..2 {
        for (tenant, hunts) in [(&tenant::NORTHWIND, 1), (&tenant::CONTOSO, 0)] {
            relay.sandbox.forget_calls();
            relay.observe_for(tenant, &one("ip", ADDRESS)).await;
            assert_eq!(relay.counts()[2], hunts, "{}", tenant.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn s01_a_wrong_secret_never_gets_the_token_of_the_right_one() {
    let relay = TestRelay::open().await;
    relay.observe(&both()).await;
    let mut wrong = claims(&app::GRAPH, &tenant::CONTOSO);
    wrong["client_secret"] = json!("not the secret");
    let answer = relay.observe_with(wrong, &both()).await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    assert!(answer["data"].is_null());
    assert!(!sightings(&relay.observe(&both()).await).is_empty());
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Entity limit.
#[tokio::test(start_paused = true)]
async fn each_caller_has_its_own_entity_limit() {
    let relay = TestRelay::open().await;
    let mut narrow = claims(&app::GRAPH, &tenant::CONTOSO);
    narrow["CTR_ENTITIES_LIMIT"] = json!(1);
    for _ in 0..2 {
        let answer = relay.observe_with(narrow.clone(), &one("ip", ADDRESS)).await;
        assert_eq!(sightings(&answer).len(), 1);
        assert_eq!(sightings(&relay.observe(&one("ip", ADDRESS)).await).len(), 4);
    }
}
