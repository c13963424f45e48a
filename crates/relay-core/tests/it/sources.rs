//! `ALLOWED_SOURCES`: who is not listed learns nothing, on any route, whatever is sent along.

use relay_core::Route;
use serde_json::json;

use crate::{
    fixture::{Fixture, hs256},
    test_call::{TestCall, post},
};

async fn fixture(list: &str) -> Fixture {
    Fixture::with(|environment| environment.with("ALLOWED_SOURCES", list)).await
}

fn ask(path: &str) -> TestCall {
    post(path).bearer(&hs256()).json(&json!([{"type": "domain", "value": "bad.example"}]))
}

#[tokio::test]
async fn who_is_not_listed_is_refused_before_anything_else() {
    let fixture = fixture("203.0.113.7,198.51.100.0/24").await;
    for (_, method, path) in Route::ALL {
        for from in [Some("203.0.113.8"), None] {
            // Unchecked, because CTIM knows no refusal of a version.
            let ask = ask(path).method(method.clone()).from(from);
            let answer = ask.unchecked(&fixture.service).await;
            assert!(answer.is_refusal(), "{path}: {answer:?}");
            assert!(answer.message().contains("ALLOWED_SOURCES"), "{answer:?}");
        }
    }
    assert_eq!(fixture.product.asked().len(), 0);
    assert_eq!(fixture.keys.fetches(), 0);
}

#[tokio::test]
async fn who_is_listed_is_answered() {
    let fixture = fixture("203.0.113.7,198.51.100.0/24").await;
    for from in ["203.0.113.7", "198.51.100.200"] {
        let answer = fixture.answer(ask("/health").from(Some(from))).await;
        assert!(answer.is_ok(), "{from}: {answer:?}");
    }
}

#[tokio::test]
async fn an_unknown_path_stays_unknown() {
    let fixture = fixture("203.0.113.7").await;
    assert_eq!(fixture.answer(ask("/nowhere").from(Some("203.0.113.8"))).await.status, 404);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_the_relay_from_serving() {
    let bad = Fixture::try_with(|environment| environment.with("ALLOWED_SOURCES", "all")).await;
    assert!(bad.err().unwrap().to_string().starts_with("ALLOWED_SOURCES must"));
}
