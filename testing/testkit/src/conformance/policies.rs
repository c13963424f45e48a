//! The order in which token and body are checked, as `About::policies` declares it.

use relay_core::{Relay, Route, RoutePolicies, RoutePolicy};
use serde_json::json;

use super::Conformance;
use crate::TestRequest;

const NO_JSON: &str = "no JSON";

fn policies<R: Relay>() -> [(Route, RoutePolicy); 5] {
    let RoutePolicies { observe, deliberate, refer, respond, trigger } = R::ABOUT.policies;
    [
        (Route::Observe, observe),
        (Route::Deliberate, deliberate),
        (Route::Refer, refer),
        (Route::Respond, respond),
        (Route::Trigger, trigger),
    ]
}

/// The routes that need a token, `/health` among them.
pub(super) fn guarded<R: Relay>() -> impl Iterator<Item = Route> {
    let open = [RoutePolicy::Disabled, RoutePolicy::TokenOptional];
    let guarded = policies::<R>().into_iter().filter(move |(_, it)| !open.contains(it));
    guarded.map(|(route, _)| route).chain([Route::Health])
}

/// The routes that read a list of observables.
pub(super) fn with_observables<R: Relay>() -> impl Iterator<Item = Route> {
    let enabled = policies::<R>().into_iter().filter(|(_, it)| *it != RoutePolicy::Disabled);
    enabled.map(|(route, _)| route).filter(|route| *route != Route::Trigger)
}

impl<R: Relay> Conformance<R> {
    /// Of a missing token and a malformed body, the one that is checked first is reported.
    pub(super) async fn first_failed_check_is_reported(&self) {
        let relay = self.start().await;
        for (route, policy) in policies::<R>() {
            let answer = relay.send(relay.request(route).body(NO_JSON).without_token()).await;
            match policy {
                RoutePolicy::BodyFirst | RoutePolicy::TokenOptional => {
                    answer.assert_fatal(R::ABOUT.invalid_body_code);
                }
                RoutePolicy::AuthFirst => answer.assert_unauthorized(),
                RoutePolicy::Disabled => {}
            }
        }
        relay.assert_no_calls();
    }

    /// A valid body does not replace the token, nor a valid token the body.
    pub(super) async fn token_and_body_are_both_checked(&self) {
        let relay = self.start().await;
        for route in guarded::<R>() {
            relay.send(relay.request(route).without_token()).await.assert_unauthorized();
            if route != Route::Health {
                let answer = relay.send(relay.request(route).body(NO_JSON)).await;
                answer.assert_fatal(R::ABOUT.invalid_body_code);
            }
        }
        relay.assert_no_calls();
    }

    /// Where the token is optional, a caller without a valid one is answered from settings.
    pub(super) async fn optional_tokens_cause_no_error(&self) {
        let relay = self.start().await;
        for (route, policy) in policies::<R>() {
            if policy != RoutePolicy::TokenOptional {
                continue;
            }
            for request in
                [relay.request(route).without_token(), relay.request(route).token("x.y.z")]
            {
                let answer = relay.send(request).await;
                assert!(!answer.codes().contains(&"authorization error"), "{}", answer.text);
            }
            let answer = relay.send(relay.request(route).body(NO_JSON).without_token()).await;
            answer.assert_fatal(R::ABOUT.invalid_body_code);
        }
        relay.assert_no_calls();
    }

    /// A disabled route gives everybody the same answer.
    pub(super) async fn disabled_routes_check_nothing(&self) {
        let relay = self.start().await;
        for (route, policy) in policies::<R>() {
            let expected = match route {
                _ if policy != RoutePolicy::Disabled => continue,
                Route::Observe | Route::Deliberate => json!({"data": {}}),
                Route::Trigger => json!({"data": {"status": "failure"}}),
                _ => json!({"data": []}),
            };
            let request = relay.request(route);
            for request in [request.clone(), TestRequest::bare(route), request.body(NO_JSON)] {
                assert_eq!(relay.send(request).await, expected, "{}", route.name());
            }
        }
        relay.assert_no_calls();
    }
}
