//! How long keys are kept and when they are fetched: catalogue rows K15 to K19.

use futures::future::join_all;
use serde_json::Value;
use testkit::{jwk::Jwk, jwks::Answer, keys::RsaKey};

use super::later;
use crate::{
    ask::health,
    side_by_side::{Waiting, all_waiting},
    stage::{KID, Stage},
};

/// How long a set is fresh, and how long it may serve when its host is down.
const FRESH: u64 = 15 * 60;
const STALE: u64 = 24 * 60 * 60;
/// An unknown key makes the relay look again, but not more often than this.
const AGAIN: u64 = 60;

async fn burst_of_unknown_kids(stage: &Stage) -> usize {
    let before = stage.keys.fetches();
    let tokens: Vec<_> = (0..10)
        .map(|kid| stage.configuration().kid(&format!("unknown-{kid}")).rs256(RsaKey::shared()))
        .collect();
    let asks = (0..1000).map(|at| stage.accepts(&tokens[at % tokens.len()]));
    assert!(join_all(asks).await.iter().all(|accepted| !accepted));
    stage.keys.fetches() - before
}

#[tokio::test]
async fn k15_a_burst_of_unknown_keys_costs_one_fetch() {
    let stage = Stage::set().await;
    assert_eq!(burst_of_unknown_kids(&stage).await, 1, "nothing was known yet");
    assert_eq!(burst_of_unknown_kids(&stage).await, 0);
    later(&stage.clock, AGAIN - 1);
    assert_eq!(burst_of_unknown_kids(&stage).await, 0);
    later(&stage.clock, 1);
    assert_eq!(burst_of_unknown_kids(&stage).await, 1);
    // A server that fails meanwhile is not asked more often for it.
    later(&stage.clock, AGAIN);
    stage.keys.answer(Answer::status(500));
    assert_eq!(burst_of_unknown_kids(&stage).await, 1);
    later(&stage.clock, 5);
    assert_eq!(burst_of_unknown_kids(&stage).await, 0);
    assert!(stage.accepts(&stage.rs256()).await);
}

#[tokio::test]
async fn k16_a_new_key_is_found_with_one_fetch() {
    let stage = Stage::set().await;
    assert!(stage.accepts(&stage.rs256()).await);
    let new = RsaKey::generate();
    let both = || [Jwk::rsa(RsaKey::shared()).kid(KID), Jwk::rsa(&new).kid("new")];
    stage.keys.publish(both());
    let token = stage.configuration().kid("new").rs256(&new);
    assert!(!stage.accepts(&token).await, "the set was read a moment ago");
    later(&stage.clock, AGAIN);
    assert!(stage.accepts(&token).await);
    assert!(stage.accepts(&stage.rs256()).await && stage.accepts(&token).await);
    assert_eq!(stage.keys.fetches(), 2);
}

#[tokio::test]
async fn k17_a_hundred_cold_requests_share_one_fetch() {
    for (answer, good) in [(None, true), (Some(Answer::status(500)), false)] {
        let stage = Stage::set().await;
        answer.into_iter().for_each(|answer| stage.keys.answer(answer));
        stage.keys.hold();
        let token = stage.rs256();
        let asks = (0..100).map(|_| health(&token).unchecked(&stage.service));
        let waiting: Waiting<_> = all_waiting(asks);
        stage.keys.release();
        let answers = waiting.finish().await;
        assert!(answers.iter().all(|answer| if good {
            answer.is_ok()
        } else {
            answer.is_refusal()
        }));
        let calls = if good { 100 } else { 0 };
        assert_eq!((stage.keys.fetches(), stage.product.calls("/me")), (1, calls));
    }
}

#[tokio::test]
async fn k18_known_keys_serve_for_a_day_while_their_server_is_down() {
    let stage = Stage::set().await;
    let lines = crate::heard::listen();
    assert!(stage.accepts(&stage.rs256()).await);
    stage.keys.answer(Answer::status(503));
    later(&stage.clock, FRESH - 1);
    assert!(stage.accepts(&stage.rs256()).await);
    assert_eq!((stage.keys.fetches(), lines.count("the key set could not be read")), (1, 0));
    later(&stage.clock, 1);
    assert!(stage.accepts(&stage.rs256()).await);
    assert_eq!((stage.keys.fetches(), lines.count("the key set could not be read")), (2, 1));
    later(&stage.clock, STALE - FRESH);
    assert!(stage.accepts(&stage.rs256()).await);
    later(&stage.clock, 1);
    assert!(!stage.accepts(&stage.rs256()).await);
    // As soon as the server is back, so are the keys.
    stage.keys.publish([Jwk::rsa(RsaKey::shared()).kid(KID)]);
    later(&stage.clock, 5);
    assert!(stage.accepts(&stage.rs256()).await);
}

#[tokio::test]
async fn k19_a_withdrawn_key_is_refused_after_fifteen_minutes() {
    let replaced = vec![Value::from(Jwk::rsa(&RsaKey::generate()).kid("other"))];
    let retired = vec![Value::from(Jwk::rsa(RsaKey::shared()).kid(KID).with("use", "enc"))];
    for keys in [replaced, retired, Vec::new()] {
        let stage = Stage::set().await;
        assert!(stage.accepts(&stage.rs256()).await);
        stage.keys.publish(keys.clone());
        later(&stage.clock, FRESH - 1);
        assert!(stage.accepts(&stage.rs256()).await);
        later(&stage.clock, 1);
        assert!(!stage.accepts(&stage.rs256()).await, "{keys:?}");
        assert_eq!(stage.keys.fetches(), 2);
    }
}
