//! A product that fails in every way: an answer still comes, says so, and costs a bounded effort.

use std::time::Duration;

use relay_core::route::Route;
use sandbox::{Fault, Times};
use serde_json::json;

use super::{Ask, Question, Stage, Subject};
use crate::{impostor::impostor, jwk::Jwk, jwks::JwksServer};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";
/// Long enough for a sound call, short enough to wait for.
const SOON: Duration = Duration::from_millis(300);

/// The routes that ask the product something whenever they are asked.
const ROUTES: [Route; 2] = [Route::Observe, Route::Health];

/// Asks a relay whose product answers every call like this, and one that has logged in before.
/// Either says what went wrong and gives up soon.
async fn fails<S: Subject>(fault: Fault) {
    fails_each::<S>(&[fault]).await;
}

/// The same for one failure after the other.
async fn fails_each<S: Subject>(faults: &[Fault]) {
    for stage in [Stage::<S>::set().await, Stage::<S>::warm().await] {
        for fault in faults {
            stage.sandbox.fault("", fault.clone(), Times::Always);
            says_so(&stage).await;
            stage.sandbox.clear_faults();
        }
    }
}

async fn says_so<S: Subject>(stage: &Stage<S>) {
    for route in ROUTES {
        stage.sandbox.forget_calls();
        let answer = stage.ask(Ask::sound::<S>(route)).await;
        answer.assert_failure();
        assert!(answer.json.get("data").is_none(), "{}", answer.text);
        let most = 2 * S::KNOWN.len() * S::CALLS + 4;
        assert!(stage.calls() <= most, "{} calls, at most {most}", stage.calls());
    }
}

fn status(code: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Fault::Status { code, headers: headers.iter().map(pair).collect(), body: body.to_owned() }
}

/// A product that refuses or fails by status, with and without words.
pub async fn n15_refusals_by_status_are_said<S: Subject>() {
    for code in [400, 401, 403, 404, 405, 409, 410, 418, 422, 500, 501, 505] {
        let page = status(code, &[("content-type", "text/html")], "<html>no</html>");
        let strange = Fault::json(code, &json!({"unheard": ["of"]}));
        fails_each::<S>(&[Fault::status(code), page, strange]).await;
    }
    fails::<S>(Fault::Forbidden).await;
}

/// A product out of order is asked once more, and no oftener.
pub async fn n12_a_product_out_of_order_is_said<S: Subject>() {
    for code in [502, 503, 504] {
        fails::<S>(status(code, &[("retry-after", "0")], "")).await;
    }
    fails::<S>(status(503, &[("retry-after", "3600")], "<!DOCTYPE html><p>later</p>")).await;
}

/// A used-up quota is said with its wait, in whatever form it comes.
pub async fn n10_a_used_up_quota_is_said<S: Subject>() {
    for wait in ["0", "3600", "-5", "soon", "99999999999999999999", "Fri, 20 Nov 2026 10:00:30 GMT"]
    {
        fails::<S>(Fault::TooManyRequests { retry_after: Some(wait.to_owned()) }).await;
    }
    fails::<S>(Fault::TooManyRequests { retry_after: None }).await;
    let stage = Stage::<S>::warm().await;
    stage.break_search(Fault::TooManyRequests { retry_after: Some("3600".to_owned()) });
    let answer = stage.observe(Question::first::<S>()).await;
    assert_eq!(answer.codes(), ["too many requests"]);
    assert!(answer.text.contains("3600"), "{}", answer.text);
}

/// A body that is not what the product's documentation says.
pub async fn n08_n16_strange_bodies_are_said<S: Subject>() {
    for fault in [
        Fault::Html,
        status(200, &[], "plain text"),
        status(200, &[("content-type", "application/json")], "{\"value\": [NaN"),
        status(200, &[], "\u{feff}{}"),
        Fault::Bytes([b'['; 100_000].to_vec()),
        Fault::Bytes(br#"{"value": "#.repeat(200)),
        Fault::json(200, &json!("text")),
        Fault::json(200, &json!(17)),
        status(302, &[], ""),
        status(304, &[], ""),
    ] {
        fails::<S>(fault).await;
    }
}

/// A body that breaks off, or that is cut although it arrives whole.
pub async fn n03_n08_bodies_that_break_off_are_said<S: Subject>() {
    for fault in [Fault::Malformed, Fault::ResetInBody, Fault::ResetBeforeAnswer] {
        fails::<S>(fault).await;
    }
}

/// A body without end is read no further than it has to be, packed or not.
pub async fn n06_n07_bodies_without_end_are_said<S: Subject>() {
    for fault in [Fault::Huge { bytes: u64::MAX }, Fault::GzipBomb { bytes: 1 << 26 }] {
        let stage = Stage::<S>::warm().await;
        stage.sandbox.fault("", fault, Times::Always);
        let answer = stage.observe(Question::first::<S>()).await;
        answer.assert_failure();
        assert!(answer.json.get("data").is_none(), "{}", answer.text);
    }
}

/// A redirect is said, and followed by nobody.
pub async fn n01_redirects_are_not_followed<S: Subject>() {
    let elsewhere = JwksServer::start(Vec::<Jwk>::new()).await;
    for code in [301, 302, 303, 307, 308] {
        fails::<S>(Fault::Redirect { to: elsewhere.origin(), code }).await;
    }
    assert_eq!(elsewhere.connections(), 0);
}

/// A product that is not there, or whose certificate nobody vouches for.
pub async fn n02_n03_a_product_that_is_not_there_is_said<S: Subject>() {
    let stage = Stage::<S>::elsewhere(NOWHERE).await;
    for route in ROUTES {
        let answer = stage.ask(Ask::sound::<S>(route)).await;
        answer.assert_failure();
        assert_eq!(answer.codes(), ["connection error"]);
    }
    let stage = Stage::<S>::elsewhere(&impostor()).await;
    for route in ROUTES {
        let answer = stage.ask(Ask::sound::<S>(route)).await;
        answer.assert_failure();
        assert_eq!(answer.codes(), ["unknown"]);
        assert!(answer.text.contains("certificate"), "{}", answer.text);
    }
}

/// A product that says nothing: the answer comes when the time is up.
pub async fn n05_l04_silence_ends_with_the_time<S: Subject>() {
    let pause = Duration::from_secs(1);
    for fault in [Fault::SlowHeaders, Fault::Stall, Fault::Trickle { pause }] {
        let stage = Stage::<S>::warm().await;
        stage.sandbox.fault("", fault, Times::Always);
        for route in ROUTES {
            let answer = stage.ask(Ask::sound::<S>(route).within(SOON)).await;
            answer.assert_failure();
            assert_eq!(answer.codes(), ["connection error"], "{}", answer.text);
        }
    }
}

/// After every failure the next question is answered as if nothing had been.
pub async fn failures_leave_nothing_behind<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let before = stage.observe(Question::known::<S>()).await;
    for fault in [Fault::status(401), Fault::ResetInBody, Fault::Html, Fault::status(500)] {
        stage.sandbox.fault("", fault, Times::Always);
        stage.observe(Question::known::<S>()).await.assert_failure();
        stage.sandbox.clear_faults();
        assert_eq!(stage.observe(Question::known::<S>()).await.json, before.json);
    }
}

/// A connection that the product closed meanwhile, and a short disorder, are not even noticed.
pub async fn n04_n12_one_short_disorder_is_bridged<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let before = stage.observe(Question::first::<S>()).await;
    let again = |code| status(code, &[("retry-after", "0")], "");
    for fault in [Fault::ResetBeforeAnswer, again(429), again(502), again(503), again(504)] {
        stage.sandbox.fault(S::SEARCH, fault, Times::Next(1));
        assert_eq!(stage.observe(Question::first::<S>()).await.json, before.json);
    }
}
