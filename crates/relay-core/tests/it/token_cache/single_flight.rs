//! One login for all who wait for it, however it ends: single flight, and catalogue rows S05
//! and S06.

use super::{calls, fixture};
use crate::{
    concurrent::all_waiting,
    fixture::{Fixture, hs256},
    relay::PANICKING,
    test_call::{TestCall, health, observe},
    wire::ScriptedResponse,
};

fn ask() -> TestCall {
    observe(&hs256(), &["a.test"])
}

/// Begins a request and gives it up as soon as the product was asked at this path.
async fn abandon(fixture: &Fixture, path: &str) {
    let calls = fixture.product.calls(path) + 1;
    tokio::select! {
        answer = ask().unchecked(&fixture.service) => panic!("{answer:?}"),
        () = fixture.product.reached(path, calls) => {}
    }
}

#[tokio::test]
async fn a_hundred_share_one_login() {
    let fixture = fixture().await;
    fixture.product.hold();
    let asks = (0..100).map(|_| ask().unchecked(&fixture.service));
    let waiting = all_waiting(asks);
    fixture.product.release();
    assert!(waiting.finish().await.iter().all(|answer| answer.is_ok()));
    assert_eq!(calls(&fixture.product), [1, 100, 0]);
}

#[tokio::test]
async fn a_hundred_share_one_refusal() {
    let fixture = fixture().await;
    fixture.product.once("/login", ScriptedResponse::body(403, "closed"));
    let waiting = all_waiting((0..100).map(|_| ask().unchecked(&fixture.service)));
    for answer in waiting.finish().await {
        assert!(answer.is_refusal() && answer.message().contains("closed"), "{answer:?}");
    }
    assert_eq!(calls(&fixture.product), [1, 0, 0]);
    // It is not remembered beyond those who waited.
    assert!(fixture.answer(ask()).await.is_ok());
    assert_eq!(calls(&fixture.product), [2, 1, 0]);
}

#[tokio::test]
async fn s05_who_is_given_up_leaves_nothing_behind() {
    let fixture = fixture().await;
    fixture.product.hold();
    abandon(&fixture, "/login").await;
    fixture.product.release();
    assert!(fixture.answer(ask()).await.is_ok());
    assert_eq!(calls(&fixture.product), [2, 1, 0]);
    fixture.product.hold();
    abandon(&fixture, "/search").await;
    fixture.product.release();
    assert!(fixture.answer(ask()).await.is_ok());
    assert_eq!(calls(&fixture.product), [2, 3, 0]);
}

#[tokio::test]
async fn s05_those_who_waited_for_the_one_given_up_log_in_themselves() {
    let fixture = fixture().await;
    fixture.product.hold();
    let first = all_waiting([ask().unchecked(&fixture.service)].into_iter());
    let others = all_waiting((0..10).map(|_| ask().unchecked(&fixture.service)));
    drop(first);
    fixture.product.release();
    assert!(others.finish().await.iter().all(|answer| answer.is_ok()));
    assert_eq!(fixture.product.calls("/search"), 10);
    assert!(fixture.product.calls("/login") <= 2);
}

#[tokio::test]
async fn s05_a_key_fetch_given_up_is_begun_again() {
    let fixture = Fixture::new().await;
    fixture.keys.hold();
    tokio::select! {
        answer = health(&fixture.rs256()).unchecked(&fixture.service) => panic!("{answer:?}"),
        () = fixture.keys.reached(1) => {}
    }
    fixture.keys.release();
    assert!(fixture.accepts(&fixture.rs256()).await);
    assert_eq!(fixture.keys.fetches(), 2);
}

#[tokio::test]
async fn s06_a_panic_is_an_answer_and_the_next_request_works() {
    let fixture = fixture().await;
    for _ in 0..2 {
        let answer = fixture.answer(observe(&hs256(), &["a.test", PANICKING])).await;
        assert_eq!((answer.status, answer.codes()), (200, vec!["unknown"]));
        assert!(answer.message().contains("request-1") && !answer.text.contains("stumbles"));
        assert!(fixture.answer(ask()).await.is_ok());
    }
    // Others in flight at that moment do not notice.
    let token = hs256();
    let asks = (0..20).map(|at| {
        let domain = if at % 2 == 0 { "a.test" } else { PANICKING };
        observe(&token, &["b.test", domain]).unchecked(&fixture.service)
    });
    let answers = futures::future::join_all(asks).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(fixture.product.calls("/login"), 1);
}
