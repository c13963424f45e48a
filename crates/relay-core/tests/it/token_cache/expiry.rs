//! How long tokens are kept, and when they are renewed: catalogue rows S03 and S04.

use serde_json::{Value, json};
use testkit::token::SECRET;

use super::{calls, fixture, login, tenant};
use crate::{
    concurrent::all_waiting,
    fixture::{CLIENT_SECRET, Fixture, account, hs256},
    key_hosts::later,
    test_call::{observe, trigger},
    wire::ScriptedResponse,
};

#[tokio::test]
async fn s03_a_refused_token_is_renewed_once_and_the_request_sent_again_once() {
    let fixture = fixture().await;
    assert!(fixture.answer(observe(&hs256(), &["a.test"])).await.is_ok());
    fixture.product.once("/search", ScriptedResponse::status(401));
    assert!(fixture.answer(observe(&hs256(), &["a.test"])).await.is_ok());
    assert_eq!(calls(&fixture.product), [2, 3, 0]);
    let shown: Vec<_> = fixture.product.asked().iter().map(|it| it.bearer().to_owned()).collect();
    assert_eq!(shown.iter().filter(|token| token.ends_with("/2")).count(), 1);

    fixture.product.always("/search", ScriptedResponse::body(401, "no"));
    assert!(fixture.answer(observe(&hs256(), &["a.test"])).await.is_refusal());
    assert_eq!(calls(&fixture.product), [3, 5, 0]);
    // A fresh token may be refused where the product does not know it yet.
    let newcomer = tenant("b", "secret");
    assert!(fixture.answer(observe(&newcomer, &["a.test"])).await.is_refusal());
    assert_eq!(calls(&fixture.product), [5, 7, 0]);
    fixture.product.always("/search", ScriptedResponse::json(&json!({"hits": []})));
    fixture.product.once("/search", ScriptedResponse::status(401));
    assert!(fixture.answer(observe(&tenant("c", "secret"), &["a.test"])).await.is_ok());
    assert_eq!(calls(&fixture.product), [7, 9, 0]);
}

#[tokio::test]
async fn s03_a_refused_action_is_sent_again_because_it_was_not_done() {
    let fixture = fixture().await;
    let act = async || {
        // Sooner, the same action is not sent again at all.
        later(&fixture.clock, 61);
        fixture.answer(trigger(&hs256(), "isolate-with-token")).await
    };
    assert!(act().await.is_ok());
    fixture.product.once("/act", ScriptedResponse::status(401));
    assert_eq!(act().await.json, json!({"data": {"status": "success"}}));
    assert_eq!(calls(&fixture.product), [2, 0, 3]);
    fixture.product.always("/act", ScriptedResponse::status(401));
    let answer = act().await;
    assert_eq!(answer.json["data"]["status"], "failure");
    assert_eq!(answer.codes(), ["authorization error"]);
    assert_eq!(calls(&fixture.product), [3, 0, 5]);
}

#[tokio::test]
async fn s03_a_token_revoked_under_many_is_renewed_by_one() {
    let fixture = fixture().await;
    assert!(fixture.answer(observe(&hs256(), &["a.test"])).await.is_ok());
    let revoked = format!("client-a/{CLIENT_SECRET}/1");
    fixture.product.answers("/search", move |asked| match asked.bearer() {
        token if token == revoked => ScriptedResponse::status(401),
        _ => ScriptedResponse::json(&json!({"hits": []})),
    });
    let token = hs256();
    let asks = (0..50).map(|_| observe(&token, &["a.test"]).unchecked(&fixture.service));
    assert!(all_waiting(asks).finish().await.iter().all(|answer| answer.is_ok()));
    assert_eq!(calls(&fixture.product), [2, 1 + 50 + 50, 0]);
}

#[tokio::test]
async fn s04_odd_lives_become_sane_ones() {
    let fixture = fixture().await;
    let lives = [
        (json!(3600), 3300),
        (json!("3600"), 3300),
        (json!(" 3600 "), 3300),
        (json!(331), 31),
        (json!(300), 30),
        (json!(0), 30),
        (json!(-1), 30),
        (json!(i64::MIN), 30),
        (json!(null), 30),
        (json!("soon"), 30),
        (json!([3600]), 30),
        (json!(true), 30),
        (json!(3599.5), 30),
        (json!(u64::MAX), 30),
        (json!(1e12), 30),
        (json!(1_000_000_000_000_i64), 86_400),
        (json!(i64::MAX), 86_400),
    ];
    for (at, (expires_in, good_for)) in lives.into_iter().enumerate() {
        fixture.product.answers("/login", login(expires_in.clone()));
        let token = tenant(&at.to_string(), "secret");
        let logins = async |later| {
            fixture.clock.advance(std::time::Duration::from_secs(later));
            let before = fixture.product.calls("/login");
            assert!(fixture.answer(observe(&token, &["a.test"])).await.is_ok(), "{expires_in}");
            fixture.product.calls("/login") - before
        };
        let seen = [logins(0).await, logins(good_for - 1).await, logins(1).await];
        assert_eq!(seen, [1, 0, 1], "{expires_in}");
    }
}

#[tokio::test]
async fn s04_without_a_life_a_token_lives_shortly() {
    let fixture = fixture().await;
    fixture.product.always("/login", ScriptedResponse::json(&json!({"access_token": "t"})));
    for (later, logins) in [(0, 1), (29, 1), (1, 2)] {
        fixture.clock.advance(std::time::Duration::from_secs(later));
        assert!(fixture.answer(observe(&hs256(), &["a.test"])).await.is_ok());
        assert_eq!(fixture.product.calls("/login"), logins);
    }
}

#[tokio::test]
async fn a_login_answer_that_cannot_be_read_is_never_quoted() {
    let bodies: [Value; 5] = [
        json!({"access_token": ["marked-token"], "expires_in": 3600}),
        json!({"access_token": "", "refresh_token": "marked-token"}),
        json!({"access_token": null, "id_token": "marked-token"}),
        json!({"accessToken": "marked-token"}),
        json!("marked-token"),
    ];
    let texts = bodies.map(|body| body.to_string());
    let cut = r#"{"expires_in":3600,"access_token":"marked-token"#.to_owned();
    for text in texts.into_iter().chain([cut, "marked-token".to_owned()]) {
        let fixture = Fixture::new().await;
        fixture.product.always("/login", ScriptedResponse::body(200, text.clone()));
        let answer = fixture.answer(observe(&hs256(), &["a.test"])).await;
        assert_eq!(answer.codes(), ["unknown"], "{text}");
        assert!(!answer.text.contains("marked"), "{}", answer.text);
        assert_eq!(calls(&fixture.product), [1, 0, 0]);
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_not_sent() {
    let fixture = Fixture::new().await;
    fixture
        .product
        .always("/login", ScriptedResponse::json(&json!({"access_token": "a\r\nx-injected: 1"})));
    let token = account().claim("client_id", "b").hs256(SECRET.as_bytes());
    let answer = fixture.answer(observe(&token, &["a.test"])).await;
    assert!(!answer.is_ok() && answer.json.get("data").is_none(), "{answer:?}");
    assert_eq!(calls(&fixture.product), [1, 0, 0]);
}
