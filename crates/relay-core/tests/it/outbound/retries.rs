//! retry of what is safe, waiting where it is asked for, and never twice the same action:
//! catalogue rows N10, N12, N13 and N14.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use super::{BOTH, answering_badly, assert_partial};
use crate::{
    fixture::{Fixture, hs256},
    test_call::{about, health, observe, trigger},
    wire::ScriptedResponse,
};

/// A date for `Date`, and one so many seconds later for `Retry-After`.
const SENT: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

fn limited(headers: &[(&'static str, &str)]) -> ScriptedResponse {
    headers
        .iter()
        .fold(ScriptedResponse::status(429), |reply, (name, value)| reply.with(name, *value))
}

#[tokio::test(start_paused = true)]
async fn n10_a_wait_that_fits_is_waited_for_once() {
    let waits: [(&[(&str, &str)], u64); 7] = [
        (&[("retry-after", "7")], 7),
        (&[("retry-after", "0")], 0),
        (&[("retry-after", " 3 ")], 3),
        (&[("retry-after", "25")], 25),
        (&[("retry-after", "Fri, 20 Nov 2026 10:00:09 GMT"), ("date", SENT)], 9),
        (&[("retry-after", SENT), ("date", SENT)], 0),
        (&[("x-ratelimit-towait-sec", "4")], 4),
    ];
    for (headers, wait) in waits {
        let fixture = Fixture::new().await;
        fixture.product.once("/me", limited(headers));
        let start = Instant::now();
        assert!(fixture.answer(health(&hs256())).await.is_ok(), "{headers:?}");
        assert_eq!((start.elapsed().as_secs(), fixture.product.calls("/me")), (wait, 2));
    }
    let fixture = Fixture::new().await;
    fixture.product.always("/me", limited(&[("retry-after", "2")]));
    let answer = fixture.answer(health(&hs256())).await;
    assert_eq!((answer.codes(), fixture.product.calls("/me")), (vec!["too many requests"], 2));
    assert!(answer.message().contains("2 seconds"), "{answer:?}");
    assert_eq!((answer.metric("ProductThrottled"), answer.metric("Errors")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn n10_a_wait_that_does_not_fit_is_in_the_message() {
    let waits: [(&[(&str, &str)], &str); 11] = [
        (&[("retry-after", "27")], "27 seconds"),
        (&[("retry-after", "1000000000")], "1000000000 seconds"),
        (&[("retry-after", "18446744073709551615")], "18446744073709551615 seconds"),
        (&[("retry-after", "Fri, 20 Nov 2026 11:00:00 GMT"), ("date", SENT)], "3600 seconds"),
        (&[("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT"), ("date", SENT)], "later"),
        (&[("retry-after", "Fri, 20 Nov 2026 10:00:05 GMT")], "later"),
        (&[("retry-after", "-5")], "later"),
        (&[("retry-after", "soon")], "later"),
        (&[("retry-after", "100.5")], "101 seconds"),
        (&[("retry-after", "")], "later"),
        (&[], "later"),
    ];
    for (headers, told) in waits {
        let fixture = Fixture::new().await;
        fixture.product.always("/me", limited(headers));
        let start = Instant::now();
        let answer = fixture.answer(health(&hs256())).await;
        assert_eq!(answer.codes(), ["too many requests"], "{headers:?}");
        assert!(answer.message().contains(told), "{answer:?}");
        assert_eq!((start.elapsed(), fixture.product.calls("/me")), (Duration::ZERO, 1));
    }
    // How much fits is a matter of the deadline.
    let fixture = Fixture::new().await;
    fixture.product.always("/me", limited(&[("retry-after", "7")]));
    let answer = fixture.answer(health(&hs256()).within(Duration::from_secs(7))).await;
    assert_eq!((answer.codes(), fixture.product.calls("/me")), (vec!["too many requests"], 1));
}

#[tokio::test]
async fn n11_one_observable_over_the_quota_costs_only_itself() {
    let fixture = Fixture::new().await;
    answering_badly(&fixture, limited(&[]));
    assert_partial(&fixture.answer(observe(&hs256(), &BOTH)).await, "too many requests");
}

#[tokio::test(start_paused = true)]
async fn n12_an_unavailable_product_gets_one_retry() {
    for (status, calls, code) in [
        (503, 2, "service unavailable"),
        (502, 2, "service unavailable"),
        (504, 2, "service unavailable"),
        (500, 1, "internal error"),
        (501, 1, "internal error"),
        (505, 1, "internal error"),
    ] {
        let fixture = Fixture::new().await;
        fixture.product.always("/me", ScriptedResponse::status(status));
        let answer = fixture.answer(health(&hs256())).await;
        assert_eq!((answer.codes(), fixture.product.calls("/me")), (vec![code], calls), "{status}");
        let counted =
            ["ProductCalls", "ProductFailures", "ProductRetries"].map(|it| answer.metric(it));
        assert_eq!(counted, [calls as u64, calls as u64, calls as u64 - 1], "{status}");
    }
    let fixture = Fixture::new().await;
    fixture.product.once("/me", ScriptedResponse::status(503).with("retry-after", "5"));
    let start = Instant::now();
    assert!(fixture.answer(health(&hs256())).await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 5);
    // A question by POST is a question.
    fixture.product.once("/verdicts", ScriptedResponse::status(503));
    assert!(fixture.answer(about("deliberate", &hs256(), &["a.test"])).await.is_ok());
    assert_eq!(fixture.product.calls("/verdicts"), 2);
}

#[tokio::test(start_paused = true)]
async fn n13_retries_stay_a_fifth_of_the_requests() {
    let fixture = Fixture::new().await;
    let token = hs256();
    let storm = async |requests: usize| {
        let before = fixture.product.asked().len();
        let asks = (0..requests).map(|_| health(&token).unchecked(&fixture.service));
        let answers = join_all(asks).await;
        assert!(answers.iter().all(|answer| answer.codes() == ["service unavailable"]));
        fixture.product.asked().len() - before
    };
    fixture.product.always("/me", ScriptedResponse::status(503));
    let calls = storm(100).await;
    assert!((101..=100 + 20 + 15).contains(&calls), "{calls}");
    // The reserve is spent; what is left grows with the calls.
    let calls = storm(100).await;
    assert!((101..=100 + 20 + 5).contains(&calls), "{calls}");
    fixture.product.always("/me", ScriptedResponse::json(&json!({})));
    assert!(fixture.answer(health(&token)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn n14_an_action_is_never_retried() {
    let replies = [
        ("no answer", ScriptedResponse::silence(), true),
        ("half an answer", ScriptedResponse::body(200, "{").stalling(), true),
        ("reset", ScriptedResponse::reset(), true),
        ("hung up", ScriptedResponse::hang_up(), true),
        ("broken off", ScriptedResponse::body(200, "{").breaking_off(), true),
        ("too large", ScriptedResponse::body(200, "{").endless([b' '; 64 * 1024]), true),
        ("out of order", ScriptedResponse::status(503).with("retry-after", "1"), false),
        ("gateway", ScriptedResponse::status(504), false),
        ("limited", limited(&[("retry-after", "1")]), false),
        ("failed", ScriptedResponse::status(500), false),
    ];
    for (name, reply, in_doubt) in replies {
        let fixture = Fixture::new().await;
        // A connection that has been used already must not tempt anybody to try again.
        assert!(fixture.accepts(&hs256()).await);
        fixture.product.always("/act", reply);
        let answer = fixture.answer(trigger(&hs256(), "isolate")).await;
        assert_eq!(answer.json["data"]["status"], "failure", "{name}");
        assert_eq!((answer.codes().len(), fixture.product.calls("/act")), (1, 1), "{name}");
        assert_eq!(answer.message().contains("was done is not known"), in_doubt, "{answer:?}");
    }
}

#[tokio::test]
async fn n14_an_action_that_was_not_sent_has_a_known_outcome() {
    let fixture = Fixture::with(|it| it.with("PRODUCT_URL", "http://127.0.0.1:1")).await;
    let answer = fixture.answer(trigger(&hs256(), "isolate")).await;
    assert_eq!(answer.codes(), ["connection error"]);
    assert!(answer.message().contains("cannot be reached"), "{answer:?}");
}
