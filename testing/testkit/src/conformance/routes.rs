//! Every route, called as it should be, and everything that is no route.

use http::{HeaderName, Method};
use relay_core::{Relay, Route, RoutePolicy};
use serde_json::{Value, json};

use super::Conformance;
use crate::{Answer, Observables, TestRequest};

const HEALTH_CHECK: HeaderName = HeaderName::from_static("health-check");

impl<R: Relay> Conformance<R> {
    /// `/version` tells the version to everybody.
    pub(super) async fn version_needs_no_token(&self) {
        let relay = self.start().await;
        let answer = relay.send(TestRequest::bare(Route::Version)).await;
        assert_eq!(answer, json!({"version": R::ABOUT.version}));
        relay.assert_no_calls();
    }

    /// `/watchdog` echoes its header, and reports when there is none.
    pub(super) async fn watchdog_echoes_its_header(&self) {
        let relay = self.start().await;
        let request = TestRequest::bare(Route::Watchdog);
        let answer = relay.send(request.clone().header(HEALTH_CHECK, "still <there>?")).await;
        assert_eq!(answer, json!({"data": "still <there>?"}));
        assert_eq!(relay.send(request).await.codes(), ["health check failed"]);
        relay.assert_no_calls();
    }

    /// `/health` calls the product and needs no body.
    pub(super) async fn health_calls_the_product(&self) {
        let relay = self.start().await;
        for body in ["", "no JSON"] {
            relay.sandbox.forget_calls();
            let answer = relay.send(relay.request(Route::Health).body(body)).await;
            answer.assert_healthy();
            assert!(!relay.calls().is_empty());
            relay.assert_max_calls(self.mode.warm_requests + 2);
        }
    }

    /// A stage or base path before a route and a slash behind it are ignored.
    pub(super) async fn l01_path_prefixes_are_ignored(&self) {
        let relay = self.warm().await;
        for (route, _, path) in Route::ALL {
            let request = || relay.request(*route).header(HEALTH_CHECK, "x");
            let plain = relay.send(request()).await.without_quotas();
            for path in [format!("/prod{path}"), format!("/a/b/c{path}/"), format!("/{path}")] {
                assert_eq!(relay.send(request().path(path)).await.without_quotas(), plain);
            }
        }
    }

    /// A path that is no route is answered with 404, another method with 405.
    pub(super) async fn l01_unknown_paths_and_methods_are_rejected(&self) {
        let relay = self.start().await;
        let assert_rejected = async |request: TestRequest, status: u16| {
            let answer = relay.send(request).await;
            assert_eq!((answer.status, &answer["code"]), (status, &json!(status)));
        };
        for path in
            ["/", "", "/observe", "/observables", "/tiles", "/health/x", "/HEALTH", "/%2e%2e"]
        {
            assert_rejected(relay.request(Route::Health).path(path), 404).await;
        }
        for (route, method, _) in Route::ALL {
            for other in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
                if other != *method {
                    assert_rejected(relay.request(*route).method(other), 405).await;
                }
            }
        }
        relay.assert_no_calls();
    }

    /// Each known observable is found, alone and beside the others.
    pub(super) async fn known_observables_are_found(&self) {
        let relay = self.warm().await;
        let all = relay.observe(self.known()).await;
        all.assert_no_errors();
        for known in self.fixture.known {
            let one = relay.observe(*known).await;
            one.assert_no_errors();
            assert!(one.all_docs().count() > 0, "{known:?}");
            all.assert_includes(&one);
        }
    }

    /// A warm relay sends its product no more requests than it must.
    pub(super) async fn warm_relay_sends_the_fewest_requests(&self) {
        let relay = self.warm().await;
        relay.observe(self.first()).await.assert_no_errors();
        assert_eq!(relay.calls().len(), self.mode.warm_requests, "{:?}", relay.calls());
    }

    /// What the product does not know is answered without data and without errors.
    pub(super) async fn unknown_observables_are_no_error(&self) {
        let relay = self.start().await;
        for (kind, _) in self.fixture.known {
            let answer = relay.observe(Observables::unknown(kind, 3)).await;
            assert_eq!(answer, json!({"data": {}}), "{kind}");
        }
    }

    /// Verdicts, where the relay gives any, are those of `/observe/observables`.
    pub(super) async fn deliberate_returns_the_verdicts_of_observe(&self) {
        let relay = self.start().await;
        let answer = relay.deliberate(self.known()).await;
        answer.assert_no_errors();
        if R::ABOUT.policies.deliberate == RoutePolicy::Disabled {
            assert_eq!(answer, json!({"data": {}}));
            return;
        }
        let verdicts = |answer: &Answer| -> Vec<_> {
            let without_judgement = |verdict: &Value| {
                let mut verdict = verdict.clone();
                verdict.as_object_mut().expect("a document").remove("judgement_id");
                verdict
            };
            answer.docs("verdicts").iter().map(without_judgement).collect()
        };
        assert_eq!(verdicts(&answer), verdicts(&relay.observe(self.known()).await));
        assert!(!verdicts(&answer).is_empty());
    }

    /// Links need no request to the product and are the same for the same observables.
    pub(super) async fn links_need_no_request(&self) {
        let relay = self.start().await;
        let answer = relay.refer(self.known()).await;
        answer.assert_no_errors();
        assert_eq!(relay.refer(self.known()).await, answer);
        let is_disabled = R::ABOUT.policies.refer == RoutePolicy::Disabled;
        assert_eq!(answer.items().is_empty(), is_disabled);
        relay.assert_no_calls();
    }

    /// What is offered can be triggered with what the offer contains, and reports its outcome.
    pub(super) async fn offered_actions_can_be_triggered(&self) {
        let relay = self.start().await;
        let offered = self.offered(&relay).await;
        let mut successes = 0;
        for request in &offered {
            let answer = relay.send(request.clone()).await;
            let is_success = answer["data"]["status"] == "success";
            assert_eq!(is_success, answer.error_entries().is_empty(), "{}", answer.text);
            successes += usize::from(is_success);
        }
        assert_eq!(successes > 0, !offered.is_empty(), "{offered:?}");
    }

    /// An action that was not offered is rejected without a request to the product.
    pub(super) async fn i07_actions_not_offered_are_rejected(&self) {
        let relay = self.start().await;
        let (kind, value) = self.fixture.known[0];
        for (id, kind) in [("../../", kind), ("no-such-action", "no_such_type")] {
            let answer = relay.trigger(id, kind, value).await;
            assert_eq!(answer["data"]["status"], "failure", "{}", answer.text);
        }
        relay.assert_no_calls();
    }
}
