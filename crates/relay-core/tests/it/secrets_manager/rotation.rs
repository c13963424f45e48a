//! Rotation under a running relay, and many of them: catalogue rows S08 and L06.

use std::time::Duration;

use futures::future::join_all;
use testkit::captured_logs;
use tokio::time::Instant;

use super::{FIRST, SECOND, SecretStore, THIRD, reading, simulator::Failure};
use crate::{
    concurrent::all_waiting,
    fixture::{Fixture, account},
    test_call::health,
};

/// How old a secret may be, and how young one that does not verify.
const FRESH: u64 = 300;
const EARLY: u64 = 30;
/// How long a secret verifies that cannot be read any more.
const HOUR: u64 = 3600;

async fn fixture(store: &SecretStore) -> Fixture {
    Fixture::with(reading(store)).await
}

fn signed(secret: &str) -> String {
    account().hs256(secret.as_bytes())
}

fn later(fixture: &Fixture, seconds: u64) {
    fixture.clock.advance(Duration::from_secs(seconds));
}

#[tokio::test]
async fn s08_the_current_and_the_previous_secret_verify() {
    let store = SecretStore::of(&[FIRST, SECOND]).await;
    let fixture = fixture(&store).await;
    assert!(fixture.accepts(&signed(SECOND)).await && fixture.accepts(&signed(FIRST)).await);
    assert!(!fixture.accepts(&signed(THIRD)).await);
    assert_eq!((store.reads("AWSCURRENT"), store.reads("AWSPREVIOUS")), (1, 1));
    for (headers, body) in store.asked() {
        assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
        assert_eq!(headers["x-amz-security-token"], "session-token");
        assert_eq!(body["SecretId"], super::ARN);
        let signature = headers["authorization"].to_str().unwrap();
        // The region is the secret's own, not the function's.
        assert!(signature.contains("/eu-central-1/secretsmanager/aws4_request"), "{signature}");
    }
}

#[tokio::test]
async fn s08_a_secret_that_was_never_rotated_verifies_alone() {
    let store = SecretStore::of(&[FIRST]).await;
    let fixture = fixture(&store).await;
    assert!(fixture.accepts(&signed(FIRST)).await);
    assert!(!fixture.accepts(&signed("")).await && !fixture.accepts(&signed(SECOND)).await);
}

#[tokio::test]
async fn s08_a_rotated_secret_is_read_after_five_minutes() {
    let store = SecretStore::of(&[FIRST]).await;
    let fixture = fixture(&store).await;
    store.rotate(SECOND);
    later(&fixture, FRESH - 1);
    assert!(fixture.accepts(&signed(FIRST)).await);
    assert_eq!(store.reads("AWSCURRENT"), 1);
    later(&fixture, 1);
    assert!(fixture.accepts(&signed(FIRST)).await && fixture.accepts(&signed(SECOND)).await);
    assert_eq!(store.reads("AWSCURRENT"), 2);
    store.rotate(THIRD);
    later(&fixture, FRESH);
    assert!(!fixture.accepts(&signed(FIRST)).await, "two rotations ago");
    assert!(fixture.accepts(&signed(SECOND)).await && fixture.accepts(&signed(THIRD)).await);
    assert_eq!(store.reads("AWSCURRENT"), 3);
}

#[tokio::test]
async fn s08_a_bad_signature_makes_it_read_early_but_not_often() {
    let store = SecretStore::of(&[FIRST]).await;
    let fixture = fixture(&store).await;
    store.rotate(SECOND);
    later(&fixture, EARLY - 1);
    assert!(!fixture.accepts(&signed(SECOND)).await);
    later(&fixture, 1);
    assert!(fixture.accepts(&signed(SECOND)).await);
    assert_eq!(store.reads("AWSCURRENT"), 2);
    let forged = signed(THIRD);
    let burst = async || {
        let before = store.reads("AWSCURRENT");
        let accepted = join_all((0..1000).map(|_| fixture.accepts(&forged))).await;
        assert!(accepted.iter().all(|accepted| !accepted));
        store.reads("AWSCURRENT") - before
    };
    assert_eq!(burst().await, 0);
    later(&fixture, EARLY);
    assert_eq!(burst().await, 1);
    // A store that fails is spared as well.
    store.fail(Failure::Error(400, "AccessDeniedException"));
    later(&fixture, EARLY);
    assert_eq!(burst().await, 1);
    assert_eq!(burst().await, 0);
    later(&fixture, EARLY - 1);
    assert_eq!(burst().await, 0);
    later(&fixture, 1);
    assert_eq!(burst().await, 1);
}

#[tokio::test]
async fn s08_known_secrets_outlive_a_store_that_fails() {
    let failures = [
        Failure::Error(400, "AccessDeniedException"),
        Failure::Error(400, "ResourceNotFoundException"),
        Failure::Error(400, "DecryptionFailure"),
        Failure::Nonsense,
    ];
    let store = SecretStore::of(&[FIRST, SECOND]).await;
    let fixture = fixture(&store).await;
    let lines = captured_logs::listen();
    for (count, failure) in failures.into_iter().enumerate() {
        store.fail(failure);
        later(&fixture, FRESH);
        assert!(fixture.accepts(&signed(FIRST)).await && fixture.accepts(&signed(SECOND)).await);
        let failures =
            lines.count("the secret could not be read again") + lines.count("will be refused soon");
        assert_eq!(failures, count + 1, "{failure:?}");
        assert!(!fixture.accepts(&signed(THIRD)).await && !fixture.accepts(&signed("")).await);
    }
    store.fail(Failure::None);
    store.rotate(THIRD);
    later(&fixture, EARLY);
    assert!(fixture.accepts(&signed(THIRD)).await);
}

#[tokio::test]
async fn s09_a_secret_that_was_taken_away_verifies_for_an_hour() {
    let store = SecretStore::of(&[FIRST, SECOND]).await;
    let fixture = fixture(&store).await;
    let lines = captured_logs::listen();
    store.fail(Failure::Error(400, "AccessDeniedException"));
    for _ in 0..HOUR / FRESH {
        later(&fixture, FRESH);
        assert!(fixture.accepts(&signed(FIRST)).await && fixture.accepts(&signed(SECOND)).await);
    }
    // The first failure may pass; from ten minutes on each raises the alarm.
    assert_eq!(lines.count("\"level\":\"WARN\""), 1);
    assert_eq!(lines.count("\"level\":\"ERROR\""), 11);
    later(&fixture, 1);
    for secret in [FIRST, SECOND] {
        let answer = fixture.answer(health(&signed(secret))).await;
        assert_eq!(answer.codes(), ["internal error"], "{answer:?}");
        assert!(answer.message().contains("could not be read for an hour"), "{answer:?}");
    }
    store.fail(Failure::None);
    later(&fixture, EARLY);
    assert!(fixture.accepts(&signed(FIRST)).await && fixture.accepts(&signed(SECOND)).await);
}

#[tokio::test(start_paused = true)]
async fn s08_the_previous_secret_outlives_a_store_that_forgets_it_for_a_while() {
    let store = SecretStore::of(&[FIRST, SECOND]).await;
    let fixture = fixture(&store).await;
    for kind in ["ThrottlingException", "InternalServiceError"] {
        store.fail(Failure::OfPrevious(500, kind));
        later(&fixture, FRESH);
        assert!(fixture.accepts(&signed(FIRST)).await, "{kind}");
        assert!(fixture.accepts(&signed(SECOND)).await, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn s08_a_slow_store_costs_a_caller_three_seconds() {
    let store = SecretStore::of(&[FIRST]).await;
    let fixture = fixture(&store).await;
    store.fail(Failure::Silence);
    later(&fixture, FRESH);
    let start = Instant::now();
    assert!(fixture.accepts(&signed(FIRST)).await);
    assert_eq!(start.elapsed().as_secs(), 3);
    // The next caller does not wait.
    assert!(fixture.accepts(&signed(FIRST)).await);
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn s08_nobody_is_refused_while_the_secret_is_rotated() {
    let store = SecretStore::of(&[FIRST]).await;
    let fixture = fixture(&store).await;
    fixture.product.hold();
    let ask = |secret| health(&signed(secret)).unchecked(&fixture.service);
    let on_their_way = all_waiting((0..50).map(|_| ask(FIRST)));
    store.rotate(SECOND);
    later(&fixture, FRESH);
    let mixed = all_waiting([FIRST, SECOND].into_iter().cycle().take(100).map(ask));
    fixture.product.release();
    let answers = [on_their_way.finish().await, mixed.finish().await].concat();
    assert!(answers.len() == 150 && answers.iter().all(|answer| answer.is_ok()));
    assert_eq!(store.reads("AWSCURRENT"), 2);
}

#[tokio::test]
async fn l06_each_instance_reads_the_secret_once_however_many_ask() {
    const INSTANCES: usize = 20;
    let store = SecretStore::of(&[FIRST]).await;
    let instances = join_all((0..INSTANCES).map(|_| fixture(&store))).await;
    let token = signed(FIRST);
    let asks = (0..10).flat_map(|_| &instances);
    let asks = asks.map(|instance| health(&token).unchecked(&instance.service));
    let answers = join_all(asks).await;
    assert!(answers.len() == 10 * INSTANCES && answers.iter().all(|answer| answer.is_ok()));
    assert_eq!(store.reads("AWSCURRENT"), INSTANCES);
}

#[tokio::test]
async fn s08_a_hundred_callers_share_one_reading() {
    let store = SecretStore::of(&[FIRST]).await;
    let fixture = fixture(&store).await;
    later(&fixture, FRESH);
    let token = signed(FIRST);
    let asks = (0..100).map(|_| health(&token).unchecked(&fixture.service));
    assert!(all_waiting(asks).finish().await.iter().all(|answer| answer.is_ok()));
    assert_eq!((store.reads("AWSCURRENT"), store.reads("AWSPREVIOUS")), (2, 2));
}
