//! One action under one fault.

use http::Method;
use relay_core::{Relay, Route};
use sandbox::{Action, Times, When};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    NOW,
    cases::{self, Effect, FaultCase},
    result::{ReportedError, reported},
    unreachable::Unreachable,
};
use crate::TestRelay;

/// The result of one fault.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    action: &'static str,
    fault: &'static str,
    status: String,
    errors: Vec<ReportedError>,
    /// How often the action's request reached the product.
    sent: usize,
    /// Whether the answer says that the action may have been done.
    in_doubt: bool,
    milliseconds: u128,
}

/// The action under every fault that can hit its request.
pub(super) fn cases(action: &'static Action) -> impl Iterator<Item = (&'static Action, FaultCase)> {
    let faults = cases::all().into_iter();
    let faults = faults.filter(|fault| !matches!(fault.effect, Effect::OthersSilent));
    [cases::NONE].into_iter().chain(faults).map(move |fault| (action, fault))
}

/// Triggers the action on a warm relay, and checks what holds for every fault.
pub(super) async fn run<R: Relay>((action, fault): (&'static Action, FaultCase)) -> Outcome {
    let unreachable = match fault.effect {
        Effect::Unreachable(place) => Some(place()),
        _ => None,
    };
    let relay = prepared::<R>(unreachable.as_ref()).await;
    let url = unreachable.as_ref().map_or(relay.sandbox.url(), |place| &place.url);
    break_request(&relay, action, &fault.effect);
    let start = Instant::now();
    let request = relay.request(Route::Trigger).action(action.id, action.observable);
    let answer = relay.send(request).await;
    let outcome = Outcome {
        action: action.name,
        fault: fault.name,
        status: answer["data"]["status"].as_str().unwrap_or_default().to_owned(),
        errors: reported(&answer, &fault, url),
        sent: relay.calls_to(action.path).iter().filter(|call| call.method == Method::POST).count(),
        in_doubt: answer.messages().any(|text| text.contains("was done is not known")),
        milliseconds: start.elapsed().as_millis(),
    };
    assert_careful(&outcome);
    outcome
}

/// A relay that is warm, unless its product cannot be reached.
async fn prepared<R: Relay>(unreachable: Option<&Unreachable>) -> TestRelay<R> {
    let start = TestRelay::<R>::start().mode(&super::fixture::<R>().modes[0]).at(NOW);
    match unreachable {
        Some(place) => start.leading_to(&*place.url).with(&place.settings()).await,
        None => {
            let relay = start.await;
            relay.warm_up().await;
            relay
        }
    }
}

fn break_request<R: Relay>(relay: &TestRelay<R>, action: &Action, effect: &Effect) {
    let when = When::path(action.path).method(Method::POST);
    match effect {
        Effect::Always(fault) => relay.sandbox.fault(when, fault.clone(), Times::Always),
        Effect::Once(fault) => relay.sandbox.fault(when, fault.clone(), Times::Next(1)),
        Effect::None | Effect::Unreachable(_) | Effect::OthersSilent => {}
    }
}

/// The request is sent once, or twice where the first one was rejected for its access token. A
/// failure is reported, and that the action may have been done unless the product rejected it.
#[track_caller]
fn assert_careful(outcome: &Outcome) {
    let max_sent = if outcome.fault.starts_with("401") { 2 } else { 1 };
    assert!(outcome.sent <= max_sent, "{outcome:#?}");
    assert_eq!(outcome.status == "success", outcome.errors.is_empty(), "{outcome:#?}");
    assert_eq!(outcome.status == "failure", !outcome.errors.is_empty(), "{outcome:#?}");
    if outcome.fault == cases::NONE.name {
        assert_eq!((outcome.status.as_str(), outcome.sent), ("success", 1), "{outcome:#?}");
    }
    let rejections = ["429", "401", "403", "404", "redirect"];
    let is_rejected = rejections.iter().any(|it| outcome.fault.starts_with(it));
    let may_be_done = outcome.status == "failure" && outcome.sent > 0 && !is_rejected;
    assert_eq!(outcome.in_doubt, may_be_done, "{outcome:#?}");
}
