//! No token crosses from one tenant to another, and there is room for a thousand: catalogue rows
//! S01, S02 and S07.

use futures::future::join_all;

use super::{calls, fixture, tenant};
use crate::{
    key_hosts::later,
    test_call::{Answer, observe, trigger},
};

/// Which token the product was shown.
fn shown(answer: &Answer) -> &str {
    answer.docs("sightings")[0]["description"].as_str().unwrap()
}

#[tokio::test]
async fn s01_another_secret_is_another_caller() {
    let fixture = fixture().await;
    let ask = async |secret| fixture.answer(observe(&tenant("a", secret), &["a.test"])).await;
    assert_eq!(shown(&ask("secret-1").await), "a/secret-1/1");
    let refused = ask("wrong").await;
    assert!(refused.is_refusal() && refused.message().contains("not known"), "{refused:?}");
    assert_eq!(calls(&fixture.product), [2, 1, 0], "nothing was searched for a stranger");
    assert_eq!(shown(&ask("secret-2").await), "a/secret-2/2");
    assert_eq!(shown(&ask("secret-1").await), "a/secret-1/1");
    assert_eq!(calls(&fixture.product), [3, 3, 0]);
}

#[tokio::test]
async fn s02_interleaved_tenants_never_cross() {
    let fixture = fixture().await;
    let tenants = [("same", "secret-1"), ("same", "secret-2"), ("other", "secret-1")];
    let tokens = tenants.map(|(id, secret)| (tenant(id, secret), format!("{id}/{secret}/")));
    let ask = async |at: usize| {
        let (token, expected) = &tokens[at % tokens.len()];
        let answer = observe(token, &["a.test"]).unchecked(&fixture.service).await;
        assert!(shown(&answer).starts_with(expected), "{answer:?}");
    };
    for at in 0..700 {
        ask(at).await;
    }
    for round in 0..10 {
        join_all((0..30).map(|at| ask(round + at))).await;
    }
    assert_eq!(calls(&fixture.product), [3, 1000, 0]);
}

#[tokio::test]
async fn s07_a_thousand_callers_are_remembered_and_the_one_unused_for_longest_goes() {
    let fixture = fixture().await;
    let logins = async |number: usize| {
        let before = fixture.product.calls("/login");
        let token = tenant(&number.to_string(), "secret");
        assert!(trigger(&token, "isolate-with-token").unchecked(&fixture.service).await.is_ok());
        fixture.product.calls("/login") - before
    };
    for number in 0..1000 {
        assert_eq!(logins(number).await, 1);
    }
    // Sooner, the same action is not sent again at all.
    later(&fixture.clock, 61);
    assert_eq!(logins(0).await, 0);
    later(&fixture.clock, 61);
    assert_eq!(logins(1000).await, 1, "its place was the one of number 1");
    assert_eq!(logins(0).await + logins(2).await + logins(999).await, 0);
    assert_eq!(logins(1).await, 1);
}
