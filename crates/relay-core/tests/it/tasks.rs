//! Nothing goes on behind a request's back: catalogue row S05.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::{runtime::Handle, task::yield_now};

use crate::{
    fixture::{Fixture, hs256},
    relay::{NEVER_ENDING, PANICKING},
    test_call::{TestCall, health, observe},
    wire::ScriptedResponse,
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
fn ending_badly() -> Vec<(ScriptedResponse, TestCall)> {
    let soon = Duration::from_secs(1);
    let ask = |domains: &[&str]| observe(&hs256(), domains).within(soon);
    vec![
        (ScriptedResponse::silence(), ask(&["a.test", "b.test"])),
        (ScriptedResponse::body(200, "{").stalling(), ask(&["a.test"])),
        (ScriptedResponse::body(200, "{").endless([b' '; 64 * 1024]), ask(&["a.test"])),
        (ScriptedResponse::body(200, "{").breaking_off(), ask(&["a.test", "b.test"])),
        (ScriptedResponse::reset(), ask(&["a.test"])),
        (ScriptedResponse::status(503), ask(&["a.test"])),
        (ScriptedResponse::json(&json!({"hits": []})), ask(&["a.test", NEVER_ENDING])),
        (ScriptedResponse::json(&json!({"hits": []})), ask(&["a.test", PANICKING])),
    ]
}

#[tokio::test(start_paused = true)]
async fn s05_no_task_outlives_its_request() {
    let fixture = Fixture::new().await;
    let warm = async || {
        assert!(fixture.accepts(&hs256()).await);
        assert!(fixture.answer(observe(&hs256(), &["a.test"])).await.is_ok());
    };
    warm().await;
    let before = alive();
    for _ in 0..5 {
        for (reply, ask) in ending_badly() {
            fixture.product.always("/search", reply);
            assert!(!fixture.answer(ask).await.is_ok());
        }
    }
    fixture.product.always("/search", ScriptedResponse::json(&json!({"hits": []})));
    warm().await;
    assert_no_more_than(before).await;
    let (token, callers) = (hs256(), 50);
    join_all((0..callers).map(|_| health(&token).unchecked(&fixture.service))).await;
    // What is left are connections that rest, the relay's ends and the product's.
    assert_no_more_than(before + 2 * callers).await;
}

#[tokio::test]
async fn s05_a_request_that_nobody_waits_for_any_more_leaves_no_task() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&hs256()).await);
    let before = alive();
    fixture.product.always("/me", ScriptedResponse::silence());
    for count in 1..=20 {
        tokio::select! {
            _ = fixture.answer(health(&hs256())) => panic!("there was nothing to say"),
            () = fixture.product.reached("/me", count + 1) => {}
        }
        fixture.product.given_up(count).await;
    }
    fixture.product.always("/me", ScriptedResponse::json(&json!({})));
    assert!(fixture.accepts(&hs256()).await);
    assert_no_more_than(before).await;
}
