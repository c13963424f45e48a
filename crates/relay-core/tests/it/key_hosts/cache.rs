//! How long keys are kept and when they are fetched: catalogue rows K15 to K19.

use futures::future::join_all;
use serde_json::Value;
use testkit::{captured_logs, jwk::Jwk, jwks::KeyResponse, keys::RsaKey};

use super::later;
use crate::{
    concurrent::{Waiting, all_waiting},
    fixture::{Fixture, KID},
    test_call::health,
};

/// How long a set is fresh, and how long it may serve when its host is down.
const FRESH: u64 = 15 * 60;
const STALE: u64 = 24 * 60 * 60;
/// An unknown key makes the relay look again, but not more often than this.
const AGAIN: u64 = 60;

async fn burst_of_unknown_kids(fixture: &Fixture) -> usize {
    let before = fixture.keys.fetches();
    let tokens: Vec<_> = (0..10)
        .map(|kid| fixture.configuration().kid(&format!("unknown-{kid}")).rs256(RsaKey::shared()))
        .collect();
    let asks = (0..1000).map(|at| fixture.accepts(&tokens[at % tokens.len()]));
    assert!(join_all(asks).await.iter().all(|accepted| !accepted));
    fixture.keys.fetches() - before
}

#[tokio::test]
async fn k15_many_unknown_keys_cost_one_fetch() {
    let fixture = Fixture::new().await;
    assert_eq!(burst_of_unknown_kids(&fixture).await, 1, "nothing was known yet");
    assert_eq!(burst_of_unknown_kids(&fixture).await, 0);
    later(&fixture.clock, AGAIN - 1);
    assert_eq!(burst_of_unknown_kids(&fixture).await, 0);
    later(&fixture.clock, 1);
    assert_eq!(burst_of_unknown_kids(&fixture).await, 1);
    // A server that fails meanwhile is not asked more often for it.
    later(&fixture.clock, AGAIN);
    fixture.keys.answer(KeyResponse::status(500));
    assert_eq!(burst_of_unknown_kids(&fixture).await, 1);
    later(&fixture.clock, 5);
    assert_eq!(burst_of_unknown_kids(&fixture).await, 0);
    assert!(fixture.accepts(&fixture.rs256()).await);
}

#[tokio::test]
async fn k16_a_new_key_is_found_with_one_fetch() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.rs256()).await);
    let new = RsaKey::generate();
    let both = || [Jwk::rsa(RsaKey::shared()).kid(KID), Jwk::rsa(&new).kid("new")];
    fixture.keys.publish(both());
    let token = fixture.configuration().kid("new").rs256(&new);
    assert!(!fixture.accepts(&token).await, "the set was read a moment ago");
    later(&fixture.clock, AGAIN);
    assert!(fixture.accepts(&token).await);
    assert!(fixture.accepts(&fixture.rs256()).await && fixture.accepts(&token).await);
    assert_eq!(fixture.keys.fetches(), 2);
}

#[tokio::test]
async fn k17_a_hundred_cold_requests_share_one_fetch() {
    for (answer, good) in [(None, true), (Some(KeyResponse::status(500)), false)] {
        let fixture = Fixture::new().await;
        answer.into_iter().for_each(|answer| fixture.keys.answer(answer));
        fixture.keys.hold();
        let token = fixture.rs256();
        let asks = (0..100).map(|_| health(&token).unchecked(&fixture.service));
        let waiting: Waiting<_> = all_waiting(asks);
        fixture.keys.release();
        let answers = waiting.finish().await;
        assert!(answers.iter().all(|answer| if good {
            answer.is_ok()
        } else {
            answer.is_refusal()
        }));
        let calls = if good { 100 } else { 0 };
        assert_eq!((fixture.keys.fetches(), fixture.product.calls("/me")), (1, calls));
    }
}

#[tokio::test]
async fn k18_known_keys_serve_for_a_day_while_their_server_is_down() {
    let fixture = Fixture::new().await;
    let lines = captured_logs::listen();
    assert!(fixture.accepts(&fixture.rs256()).await);
    fixture.keys.answer(KeyResponse::status(503));
    later(&fixture.clock, FRESH - 1);
    assert!(fixture.accepts(&fixture.rs256()).await);
    assert_eq!((fixture.keys.fetches(), lines.count("the key set could not be read")), (1, 0));
    later(&fixture.clock, 1);
    assert!(fixture.accepts(&fixture.rs256()).await);
    assert_eq!((fixture.keys.fetches(), lines.count("the key set could not be read")), (2, 1));
    later(&fixture.clock, STALE - FRESH);
    assert!(fixture.accepts(&fixture.rs256()).await);
    later(&fixture.clock, 1);
    assert!(!fixture.accepts(&fixture.rs256()).await);
    // As soon as the server is back, so are the keys.
    fixture.keys.publish([Jwk::rsa(RsaKey::shared()).kid(KID)]);
    later(&fixture.clock, 5);
    assert!(fixture.accepts(&fixture.rs256()).await);
}

#[tokio::test]
async fn k19_a_withdrawn_key_is_refused_after_fifteen_minutes() {
    let replaced = vec![Value::from(Jwk::rsa(&RsaKey::generate()).kid("other"))];
    let retired = vec![Value::from(Jwk::rsa(RsaKey::shared()).kid(KID).with("use", "enc"))];
    for keys in [replaced, retired, Vec::new()] {
        let fixture = Fixture::new().await;
        assert!(fixture.accepts(&fixture.rs256()).await);
        fixture.keys.publish(keys.clone());
        later(&fixture.clock, FRESH - 1);
        assert!(fixture.accepts(&fixture.rs256()).await);
        later(&fixture.clock, 1);
        assert!(!fixture.accepts(&fixture.rs256()).await, "{keys:?}");
        assert_eq!(fixture.keys.fetches(), 2);
    }
}
