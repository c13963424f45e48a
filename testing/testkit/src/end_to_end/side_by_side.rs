//! Several requests in one process at the same time, as managed instances of Lambda send them.

use std::time::Duration;

use futures::future::join_all;
use sandbox::{Fault, Times, When};
use serde_json::{Value, json};

use super::{
    Host,
    events::without_times,
    host::{Deployed, token},
    load::Growth,
};
use crate::{
    conformance::{Question, Subject},
    event::{Event, Gateway},
    runtime_api::{Invocation, Outcome},
};

/// As many requests as one process is given at the same time.
const AT_ONCE: usize = 8;
const SETTING: (&str, &str) = ("AWS_LAMBDA_MAX_CONCURRENCY", "8");
/// Too short to wait for a product that says nothing.
const SOON: Duration = Duration::from_secs(2);
/// A value that no product knows.
const UNLUCKY: &str = "unlucky-one.example";

async fn deploy<S: Subject>(host: &Host) -> Deployed {
    host.deploy_with::<S>(&[SETTING]).await
}

fn observe(claims: Value, asked: &Question) -> Event {
    let request = Gateway::HttpApi.post("/observe/observables").bearer(&token(claims));
    request.json(&asked.json())
}

/// What the two callers ask, in turn, so many times in all.
fn in_turn<S: Subject>(count: usize) -> impl Iterator<Item = Event> {
    let asked = S::tireless_claims().map(|claims| observe(claims, &Question::known::<S>()));
    asked.into_iter().cycle().take(count)
}

/// What each of the two is told when nobody else asks; after that the relay is warm.
async fn alone<S: Subject>(relay: &Deployed) -> [Value; 2] {
    let mut told = Vec::new();
    for event in in_turn::<S>(4) {
        told.push(without_times(relay.ask(&event).await.json()));
    }
    let told: [Value; 2] = told.split_off(2).try_into().expect("both were answered");
    assert_ne!(told[0], told[1], "the two must see different things");
    told
}

#[track_caller]
fn assert_told(outcomes: Vec<Outcome>, told: &[Value; 2]) {
    for (outcome, told) in outcomes.into_iter().zip(told.iter().cycle()) {
        assert_eq!(without_times(outcome.reply().json()), *told);
    }
}

/// As many requests as the process is given are all before the product at the same time, and
/// either caller is told what is its own.
pub async fn several_requests_are_answered_side_by_side<S: Subject>(host: &Host) {
    let relay = deploy::<S>(host).await;
    let told = alone::<S>(&relay).await;
    relay.sandbox.forget_calls();
    relay.sandbox.hold();
    let answers: Vec<_> =
        in_turn::<S>(2 * AT_ONCE).map(|event| relay.function().send(&event)).collect();
    relay.function().busy_with(AT_ONCE).await;
    relay.sandbox.held(AT_ONCE).await;
    relay.sandbox.release();
    assert_told(join_all(answers).await, &told);
    assert!(relay.sandbox.peak_concurrency() >= AT_ONCE);
    relay.end().await;
}

/// Requests that come together before anybody has logged in share one login. A relay's first call
/// is the login, where its product wants one; others make it for every request.
pub async fn requests_side_by_side_share_their_logins<S: Subject>(host: &Host) {
    let asked = observe(S::tireless_claims()[0].clone(), &Question::first::<S>());
    let relay = deploy::<S>(host).await;
    relay.ask(&asked).await;
    let cold = paths(&relay);
    relay.ask(&asked).await;
    let warm = paths(&relay);
    relay.end().await;
    let relay = deploy::<S>(host).await;
    relay.sandbox.hold();
    let answers: Vec<_> = (0..AT_ONCE).map(|_| relay.function().send(&asked)).collect();
    relay.function().busy_with(AT_ONCE).await;
    relay.sandbox.release();
    join_all(answers).await;
    let first = |paths: &[String]| paths.iter().filter(|path| **path == cold[0]).count();
    let together = paths(&relay);
    assert_eq!(first(&together), first(&cold) + (AT_ONCE - 1) * first(&warm), "{together:?}");
    relay.end().await;
}

/// Where the calls went since this was asked last.
fn paths(relay: &Deployed) -> Vec<String> {
    let calls = relay.sandbox.calls();
    relay.sandbox.forget_calls();
    calls.into_iter().map(|call| call.path).collect()
}

/// A request that runs out of time, one that no gateway sends, and one whose calls are broken off
/// cost nobody else anything.
pub async fn trouble_stays_with_its_request<S: Subject>(host: &Host) {
    let relay = deploy::<S>(host).await;
    let told = alone::<S>(&relay).await;
    let unlucky = Question::of(&[("domain", UNLUCKY)]);
    let unlucky = observe(S::tireless_claims()[0].clone(), &unlucky);
    relay.sandbox.fault(When::any().mentioning(UNLUCKY), Fault::ResetInBody, Times::Always);
    relay.sandbox.hold();
    let function = relay.function();
    let sound: Vec<_> = in_turn::<S>(AT_ONCE - 3).map(|event| function.send(&event)).collect();
    let broken_off = function.send(&unlucky);
    let late = function.send(Invocation::from(&unlucky).time_left(SOON));
    let odd = function.send(&json!({}));
    assert_eq!(late.await.reply().json()["errors"][0]["code"], "connection error");
    assert!(matches!(odd.await, Outcome::Failed(_)));
    relay.sandbox.release();
    assert!(broken_off.await.reply().json().get("errors").is_some());
    assert_told(join_all(sound).await, &told);
    let again = in_turn::<S>(AT_ONCE).map(|event| function.send(&event));
    assert_told(join_all(again).await, &told);
    relay.end().await;
}

/// After the first thousand, a thousand more leave no memory, no descriptor and no thread behind.
pub async fn a_thousand_requests_side_by_side_leave_nothing_behind<S: Subject>(host: &Host) {
    let relay = deploy::<S>(host).await;
    let told = alone::<S>(&relay).await;
    let mut growth = Growth::of(&relay);
    for _ in 0..2 * 1000 / (2 * AT_ONCE) {
        let wave = in_turn::<S>(2 * AT_ONCE).map(|event| relay.function().send(&event));
        assert_told(join_all(wave).await, &told);
        relay.sandbox.forget_calls();
        growth.look(2 * AT_ONCE);
    }
    growth.write_down::<S>("side-by-side", 1000);
    growth.assert_nothing_opened(1000);
    growth.assert_little_memory(1000);
    relay.end().await;
}
