//! Nothing goes on behind a request's back: catalogue row S05.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::{runtime::Handle, task::yield_now};

use crate::{
    ask::{Ask, health, observe},
    relay::{NEVER_ENDING, STUMBLING_BLOCK},
    stage::{Stage, hs256},
    wire::Reply,
};

/// More turns than any task needs that has been told to end.
const TURNS: usize = 10_000;

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Fails unless there are no more tasks than these soon.
async fn assert_no_more_than(before: usize) {
    for _ in 0..TURNS {
        if alive() <= before {
            return;
        }
        yield_now().await;
    }
    panic!("{} tasks, {before} before", alive());
}

/// Questions that end badly: at their deadline, by the product, by the relay's own fault.
fn ending_badly() -> Vec<(Reply, Ask)> {
    let soon = Duration::from_secs(1);
    let ask = |domains: &[&str]| observe(&hs256(), domains).within(soon);
    vec![
        (Reply::silence(), ask(&["a.test", "b.test"])),
        (Reply::body(200, "{").stalling(), ask(&["a.test"])),
        (Reply::body(200, "{").endless([b' '; 64 * 1024]), ask(&["a.test"])),
        (Reply::body(200, "{").breaking_off(), ask(&["a.test", "b.test"])),
        (Reply::reset(), ask(&["a.test"])),
        (Reply::status(503), ask(&["a.test"])),
        (Reply::json(&json!({"hits": []})), ask(&["a.test", NEVER_ENDING])),
        (Reply::json(&json!({"hits": []})), ask(&["a.test", STUMBLING_BLOCK])),
    ]
}

#[tokio::test(start_paused = true)]
async fn s05_no_task_outlives_its_request() {
    let stage = Stage::set().await;
    let warm = async || {
        assert!(stage.accepts(&hs256()).await);
        assert!(stage.answer(observe(&hs256(), &["a.test"])).await.is_ok());
    };
    warm().await;
    let before = alive();
    for _ in 0..5 {
        for (reply, ask) in ending_badly() {
            stage.product.always("/search", reply);
            assert!(!stage.answer(ask).await.is_ok());
        }
    }
    stage.product.always("/search", Reply::json(&json!({"hits": []})));
    warm().await;
    assert_no_more_than(before).await;
    let (token, callers) = (hs256(), 50);
    join_all((0..callers).map(|_| health(&token).unchecked(&stage.service))).await;
    // What is left are connections that rest, the relay's ends and the product's.
    assert_no_more_than(before + 2 * callers).await;
}

#[tokio::test]
async fn s05_a_request_that_nobody_waits_for_any_more_leaves_no_task() {
    let stage = Stage::set().await;
    assert!(stage.accepts(&hs256()).await);
    let before = alive();
    stage.product.always("/me", Reply::silence());
    for count in 1..=20 {
        tokio::select! {
            _ = stage.answer(health(&hs256())) => panic!("there was nothing to say"),
            () = stage.product.reached("/me", count + 1) => {}
        }
        stage.product.given_up(count).await;
    }
    stage.product.always("/me", Reply::json(&json!({})));
    assert!(stage.accepts(&hs256()).await);
    assert_no_more_than(before).await;
}
