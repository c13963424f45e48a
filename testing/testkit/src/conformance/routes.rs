//! Every route, asked as it should be, and everything that is no route.

use http::{HeaderName, Method};
use relay_core::{Relay, relay::RoutePolicy, route::Route};
use serde_json::{Value, json};

use super::{Ask, Question, Stage, Subject, ask::unknown_action};

const HEALTH_CHECK: HeaderName = HeaderName::from_static("health-check");

/// `/version` tells the version to everybody.
pub async fn version_needs_no_token<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let answer = stage.ask(Ask::bare(Route::Version)).await;
    assert_eq!(answer.json, json!({"version": S::Relay::ABOUT.version}));
    assert_eq!(stage.calls(), 0);
}

/// `/watchdog` echoes its header, and says so when there is none.
pub async fn watchdog_echoes_its_header<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let ask = || Ask::bare(Route::Watchdog);
    let answer = stage.ask(ask().header(HEALTH_CHECK, "still <there>?")).await;
    assert_eq!(answer.json, json!({"data": "still <there>?"}));
    assert_eq!(stage.ask(ask()).await.codes(), ["health check failed"]);
    assert_eq!(stage.calls(), 0);
}

/// `/health` asks the product, and no body.
pub async fn health_asks_the_product<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for body in ["", "no JSON"] {
        stage.sandbox.forget_calls();
        let answer = stage.ask(Ask::sound::<S>(Route::Health).body(body)).await;
        assert_eq!(answer.json, json!({"data": {"status": "ok"}}));
        assert!((1..=S::CALLS + 2).contains(&stage.calls()));
    }
}

/// Whatever stage or base path stands before a route, and a slash behind it, changes nothing.
pub async fn l01_prefixes_change_nothing<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    for (route, _, path) in Route::ALL {
        let ask = || Ask::sound::<S>(*route).header(HEALTH_CHECK, "x");
        let plain = stage.ask(ask()).await;
        for path in [format!("/prod{path}"), format!("/a/b/c{path}/"), format!("/{path}")] {
            assert_eq!(stage.ask(ask().path(path)).await.json, plain.json);
        }
    }
}

/// A path that is no route is 404, another method is 405; nobody is asked.
pub async fn l01_other_paths_and_methods_are_refused<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let refused = async |ask: Ask, status: u16| {
        let answer = stage.ask(ask).await;
        assert_eq!((answer.status, &answer.json["code"]), (status, &json!(status)));
    };
    for path in ["/", "", "/observe", "/observables", "/tiles", "/health/x", "/HEALTH", "/%2e%2e"] {
        refused(Ask::sound::<S>(Route::Health).path(path.to_owned()), 404).await;
    }
    for (route, method, _) in Route::ALL {
        for other in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            if other != *method {
                refused(Ask::sound::<S>(*route).method(other), 405).await;
            }
        }
    }
    assert_eq!(stage.calls(), 0);
}

/// Each known observable is found, alone and beside the others, within the calls it may cost.
pub async fn known_observables_are_found<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let all = stage.observe(Question::known::<S>()).await;
    all.assert_good();
    for known in S::KNOWN {
        let one = stage.observe(Question::of(&[*known])).await;
        one.assert_good();
        assert!(one.all_docs().count() > 0, "{known:?}");
        all.assert_holds(&one);
    }
}

/// A relay that is warm asks its product no more often than it must.
pub async fn a_warm_relay_makes_the_fewest_calls<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    stage.observe(Question::first::<S>()).await.assert_good();
    assert_eq!(stage.calls(), S::CALLS, "{:?}", stage.sandbox.calls());
}

/// What the product does not know is an answer without data and without errors.
pub async fn the_unknown_is_no_error<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for (kind, _) in S::KNOWN {
        let answer = stage.observe(Question::unknown(kind, 3)).await;
        assert_eq!(answer.json, json!({"data": {}}), "{kind}");
    }
}

/// Verdicts, where the relay gives any, are those that observing gives.
pub async fn deliberating_gives_the_same_verdicts<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let answer = stage.ask(Ask::sound::<S>(Route::Deliberate)).await;
    answer.assert_good();
    if S::Relay::ABOUT.policies.deliberate == RoutePolicy::Disabled {
        assert_eq!(answer.json, json!({"data": {}}));
        return;
    }
    let observed = stage.observe(Question::known::<S>()).await;
    let without_reason = |verdict: &Value| {
        let mut verdict = verdict.clone();
        verdict.as_object_mut().expect("a document").remove("judgement_id");
        verdict
    };
    let verdicts =
        |of: &super::Answer| -> Vec<_> { of.docs("verdicts").iter().map(without_reason).collect() };
    assert_eq!(verdicts(&answer), verdicts(&observed));
    assert!(!verdicts(&answer).is_empty());
}

/// Links cost no call, and are the same for the same question.
pub async fn links_cost_no_call<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let answer = stage.ask(Ask::sound::<S>(Route::Refer)).await;
    answer.assert_good();
    assert_eq!(stage.ask(Ask::sound::<S>(Route::Refer)).await.json, answer.json);
    assert_eq!(answer.items().is_empty(), S::Relay::ABOUT.policies.refer == RoutePolicy::Disabled);
    assert_eq!(stage.calls(), 0);
}

/// What is offered can be triggered with what the offer says, and tells how it ended.
pub async fn offered_actions_can_be_triggered<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let offers = stage.ask(Ask::sound::<S>(Route::Respond)).await;
    offers.assert_good();
    let mut done = 0;
    for offer in offers.items() {
        let mut order = offer["query-params"].clone();
        order["action-id"] = offer["id"].clone();
        let answer = stage.ask(Ask::sound::<S>(Route::Trigger).body(order.to_string())).await;
        let succeeded = answer.json["data"]["status"] == "success";
        assert_eq!(succeeded, answer.errors().is_empty(), "{}", answer.text);
        done += usize::from(succeeded);
    }
    assert_eq!(done > 0, !offers.items().is_empty(), "{}", offers.text);
}

/// An action that was not offered is not done, and the product is not asked.
pub async fn i07_other_actions_are_not_done<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for (name, odd) in [("action-id", "../../"), ("observable_type", "no_such_type")] {
        let mut order = unknown_action::<S>();
        order[name] = json!(odd);
        let answer = stage.ask(Ask::sound::<S>(Route::Trigger).body(order.to_string())).await;
        assert_eq!(answer.json["data"]["status"], "failure", "{}", answer.text);
    }
    assert_eq!(stage.calls(), 0);
}
