//! In which order body and token are looked at, as `About::policies` declares it.

use relay_core::{
    Relay,
    relay::{RoutePolicies, RoutePolicy},
    route::Route,
};
use serde_json::json;

use super::{Ask, Stage, Subject};

const NO_BODY: &str = "no JSON";

fn policies<S: Subject>() -> [(Route, RoutePolicy); 5] {
    let RoutePolicies { observe, deliberate, refer, respond, trigger } = S::Relay::ABOUT.policies;
    [
        (Route::Observe, observe),
        (Route::Deliberate, deliberate),
        (Route::Refer, refer),
        (Route::Respond, respond),
        (Route::Trigger, trigger),
    ]
}

/// Routes that want a token, `/health` among them.
pub(super) fn guarded<S: Subject>() -> impl Iterator<Item = Route> {
    let declared =
        policies::<S>().into_iter().filter(|(_, policy)| *policy != RoutePolicy::Disabled);
    declared.map(|(route, _)| route).chain([Route::Health])
}

/// Routes that read a list of observables.
pub(super) fn asking<S: Subject>() -> impl Iterator<Item = Route> {
    guarded::<S>().filter(|route| !matches!(route, Route::Health | Route::Trigger))
}

/// Of a missing token and a bad body, the one is said that is looked at first.
pub async fn the_first_gate_speaks_first<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for (route, policy) in policies::<S>() {
        let ask = Ask::sound::<S>(route).body(NO_BODY).without_token();
        let answer = stage.ask(ask).await;
        let expected = match policy {
            RoutePolicy::BodyFirst => [S::Relay::ABOUT.invalid_body_code],
            RoutePolicy::AuthFirst => ["authorization error"],
            RoutePolicy::Disabled => continue,
        };
        assert_eq!(answer.codes(), expected, "{}", route.name());
    }
    assert_eq!(stage.calls(), 0);
}

/// Both policies are there: a sound body does not open the token's, nor a token the body's.
pub async fn one_gate_does_not_open_the_other<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for route in guarded::<S>() {
        stage.ask(Ask::sound::<S>(route).without_token()).await.assert_refusal();
        if route != Route::Health {
            let answer = stage.ask(Ask::sound::<S>(route).body(NO_BODY)).await;
            assert_eq!(answer.codes(), [S::Relay::ABOUT.invalid_body_code], "{}", route.name());
        }
    }
    assert_eq!(stage.calls(), 0);
}

/// A route without anything to say is the same for everybody.
pub async fn constant_routes_ask_for_nothing<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for (route, policy) in policies::<S>() {
        let expected = match route {
            _ if policy != RoutePolicy::Disabled => continue,
            Route::Observe | Route::Deliberate => json!({"data": {}}),
            Route::Trigger => json!({"data": {"status": "failure"}}),
            _ => json!({"data": []}),
        };
        for ask in [Ask::sound::<S>(route), Ask::bare(route), Ask::sound::<S>(route).body(NO_BODY)]
        {
            assert_eq!(stage.ask(ask).await.json, expected, "{}", route.name());
        }
    }
    assert_eq!(stage.calls(), 0);
}
