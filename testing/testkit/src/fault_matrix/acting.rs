//! One action, under one fault.

use http::Method;
use relay_core::route::Route;
use sandbox::{Times, When};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Deed, Exposed,
    disorder::{self, Disorder, Harm},
    elsewhere::Elsewhere,
    result::{Said, milliseconds, said},
};
use crate::conformance::{Ask, Question, Stage};

/// What came of a fault.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    action: &'static str,
    fault: &'static str,
    status: String,
    errors: Vec<Said>,
    /// How often the action's call reached the product.
    sent: usize,
    /// Whether the answer says that nobody knows if it was done.
    in_doubt: bool,
    milliseconds: u64,
}

/// The action under every fault that can meet its call.
pub(super) fn trials(deed: &'static Deed) -> impl Iterator<Item = (&'static Deed, Disorder)> {
    let disorders = disorder::all().into_iter();
    let disorders = disorders.filter(|disorder| !matches!(disorder.harm, Harm::HalfWay));
    [disorder::NONE].into_iter().chain(disorders).map(move |disorder| (deed, disorder))
}

/// One fault: triggers the action on a warm relay, and checks what holds for every fault.
pub(super) async fn run<S: Exposed>((deed, disorder): (&'static Deed, Disorder)) -> Outcome {
    let place = match disorder.harm {
        Harm::Elsewhere(place) => Some(place()),
        _ => None,
    };
    let (stage, url) = prepared::<S>(place.as_ref()).await;
    break_call(&stage, deed, &disorder.harm);
    let start = Instant::now();
    let answer = stage.ask(order::<S>(deed).within(disorder.deadline())).await;
    let outcome = Outcome {
        action: deed.name,
        fault: disorder.name,
        status: answer.json["data"]["status"].as_str().unwrap_or_default().to_owned(),
        errors: said(&answer, &disorder, &url),
        sent: sent(&stage, deed),
        in_doubt: answer.messages().any(|text| text.contains("was done is not known")),
        milliseconds: milliseconds(start.elapsed()),
    };
    assert_careful(&outcome);
    outcome
}

/// A relay that can act, warm unless its product is elsewhere; and where it looks for it.
async fn prepared<S: Exposed>(place: Option<&Elsewhere>) -> (Stage<S>, String) {
    let stage = Stage::<S>::set().await;
    let url = place.map_or(stage.sandbox.url(), |place| &place.url).to_owned();
    let further = S::further_settings(&url).into_iter();
    let settings: Vec<_> = further.chain(place.into_iter().flat_map(Elsewhere::settings)).collect();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let stage = stage.led(&url, &settings).await;
    if place.is_none() {
        stage.observe(Question::first::<S>()).await.assert_good();
        stage.sandbox.forget_calls();
    }
    (stage, url)
}

fn order<S: Exposed>(deed: &Deed) -> Ask {
    let mut claims = S::claims();
    let all = claims.as_object_mut().expect("claims are an object");
    all.extend(S::further_claims());
    Ask::sound::<S>(Route::Trigger).claims(claims).body(body(deed).to_string())
}

fn body(deed: &Deed) -> Value {
    json!({
        "action-id": deed.id, "observable_type": deed.kind, "observable_value": deed.value,
    })
}

fn call(deed: &Deed) -> When {
    When::path(deed.path).method(Method::POST)
}

fn break_call<S: Exposed>(stage: &Stage<S>, deed: &Deed, harm: &Harm) {
    match harm {
        Harm::Lasting(fault) => stage.sandbox.fault(call(deed), fault.clone(), Times::Always),
        Harm::Once(fault) => stage.sandbox.fault(call(deed), fault.clone(), Times::Next(1)),
        Harm::None | Harm::Elsewhere(_) | Harm::HalfWay => {}
    }
}

fn sent<S: Exposed>(stage: &Stage<S>, deed: &Deed) -> usize {
    let is_it =
        |call: &sandbox::Call| call.method == Method::POST && call.path.starts_with(deed.path);
    stage.sandbox.calls().iter().filter(|call| is_it(call)).count()
}

/// Sent once, or twice where the first one was refused for its token; a failure is said, and where
/// no refusal came either, that it may have been done.
#[track_caller]
fn assert_careful(outcome: &Outcome) {
    let most = if outcome.fault.starts_with("401") { 2 } else { 1 };
    assert!(outcome.sent <= most, "{outcome:#?}");
    assert_eq!(outcome.status == "success", outcome.errors.is_empty(), "{outcome:#?}");
    assert_eq!(outcome.status == "failure", !outcome.errors.is_empty(), "{outcome:#?}");
    if outcome.fault == disorder::NONE.name {
        assert_eq!((outcome.status.as_str(), outcome.sent), ("success", 1), "{outcome:#?}");
    }
    let refusals = ["429", "401", "403", "404", "redirect"];
    let is_refused = refusals.iter().any(|it| outcome.fault.starts_with(it));
    let may_be_done = outcome.status == "failure" && outcome.sent > 0 && !is_refused;
    assert_eq!(outcome.in_doubt, may_be_done, "{outcome:#?}");
}
