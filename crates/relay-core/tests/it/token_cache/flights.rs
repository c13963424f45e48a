//! One login for all who wait for it, however it ends: single flight, and catalogue rows S05
//! and S06.

use super::{calls, stage};
use crate::{
    ask::{Ask, health, observe},
    relay::STUMBLING_BLOCK,
    side_by_side::all_waiting,
    stage::{Stage, hs256},
    wire::Reply,
};

fn ask() -> Ask {
    observe(&hs256(), &["a.test"])
}

/// Begins a request and gives it up as soon as the product was asked at this path.
async fn abandon(stage: &Stage, path: &str) {
    let calls = stage.product.calls(path) + 1;
    tokio::select! {
        answer = ask().unchecked(&stage.service) => panic!("{answer:?}"),
        () = stage.product.reached(path, calls) => {}
    }
}

#[tokio::test]
async fn a_hundred_share_one_login() {
    let stage = stage().await;
    stage.product.hold();
    let asks = (0..100).map(|_| ask().unchecked(&stage.service));
    let waiting = all_waiting(asks);
    stage.product.release();
    assert!(waiting.finish().await.iter().all(|answer| answer.is_ok()));
    assert_eq!(calls(&stage.product), [1, 100, 0]);
}

#[tokio::test]
async fn a_hundred_share_one_refusal() {
    let stage = stage().await;
    stage.product.once("/login", Reply::body(403, "closed"));
    let waiting = all_waiting((0..100).map(|_| ask().unchecked(&stage.service)));
    for answer in waiting.finish().await {
        assert!(answer.is_refusal() && answer.message().contains("closed"), "{answer:?}");
    }
    assert_eq!(calls(&stage.product), [1, 0, 0]);
    // It is not remembered beyond those who waited.
    assert!(stage.answer(ask()).await.is_ok());
    assert_eq!(calls(&stage.product), [2, 1, 0]);
}

#[tokio::test]
async fn s05_who_is_given_up_leaves_nothing_behind() {
    let stage = stage().await;
    stage.product.hold();
    abandon(&stage, "/login").await;
    stage.product.release();
    assert!(stage.answer(ask()).await.is_ok());
    assert_eq!(calls(&stage.product), [2, 1, 0]);
    stage.product.hold();
    abandon(&stage, "/search").await;
    stage.product.release();
    assert!(stage.answer(ask()).await.is_ok());
    assert_eq!(calls(&stage.product), [2, 3, 0]);
}

#[tokio::test]
async fn s05_those_who_waited_for_the_one_given_up_log_in_themselves() {
    let stage = stage().await;
    stage.product.hold();
    let first = all_waiting([ask().unchecked(&stage.service)].into_iter());
    let others = all_waiting((0..10).map(|_| ask().unchecked(&stage.service)));
    drop(first);
    stage.product.release();
    assert!(others.finish().await.iter().all(|answer| answer.is_ok()));
    assert_eq!(stage.product.calls("/search"), 10);
    assert!(stage.product.calls("/login") <= 2);
}

#[tokio::test]
async fn s05_a_key_fetch_given_up_is_begun_again() {
    let stage = Stage::set().await;
    stage.keys.hold();
    tokio::select! {
        answer = health(&stage.rs256()).unchecked(&stage.service) => panic!("{answer:?}"),
        () = stage.keys.reached(1) => {}
    }
    stage.keys.release();
    assert!(stage.accepts(&stage.rs256()).await);
    assert_eq!(stage.keys.fetches(), 2);
}

#[tokio::test]
async fn s06_a_panic_is_an_answer_and_the_next_request_works() {
    let stage = stage().await;
    for _ in 0..2 {
        let answer = stage.answer(observe(&hs256(), &["a.test", STUMBLING_BLOCK])).await;
        assert_eq!((answer.status, answer.codes()), (200, vec!["unknown"]));
        assert!(answer.message().contains("request-1") && !answer.text.contains("stumbles"));
        assert!(stage.answer(ask()).await.is_ok());
    }
    // Others in flight at that moment do not notice.
    let token = hs256();
    let asks = (0..20).map(|at| {
        let domain = if at % 2 == 0 { "a.test" } else { STUMBLING_BLOCK };
        observe(&token, &["b.test", domain]).unchecked(&stage.service)
    });
    let answers = futures::future::join_all(asks).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(stage.product.calls("/login"), 1);
}
