//! Every status for every request to the product, one request at a time and many at a time.

use std::collections::BTreeSet;

use futures::future::join_all;
use relay_core::{Relay, Route};
use sandbox::{Fault, Times};

use super::{Conformance, policies};
use crate::{TestRelay, TestRequest};

const STATUSES: [u16; 10] = [400, 401, 403, 404, 405, 409, 410, 500, 502, 504];

/// Every code that a relay may give a failure of its product.
const CODES: [&str; 11] = [
    "authorization error",
    "bad request",
    "connection error",
    "internal error",
    "invalid argument",
    "invalid request",
    "not found",
    "permission denied",
    "service unavailable",
    "too many requests",
    "unknown",
];

/// How many callers ask for a failing product at the same time.
const CALLERS: usize = 50;

/// A status, with the wish for a retry at once.
fn status(code: u16) -> Fault {
    let headers = vec![("retry-after".to_owned(), "0".to_owned())];
    Fault::Status { code, headers, body: String::new() }
}

impl<R: Relay> Conformance<R> {
    /// A request for every route that calls the product, and for every offered action.
    async fn requests(&self) -> Vec<TestRequest> {
        let relay = self.start().await;
        let routes = policies::guarded::<R>().filter(|route| *route != Route::Trigger);
        routes.map(|route| relay.request(route)).chain(self.offered(&relay).await).collect()
    }

    /// The requests that trigger what the relay offers for the known observables.
    pub(super) async fn offered(&self, relay: &TestRelay<R>) -> Vec<TestRequest> {
        let offers = relay.respond(self.known()).await;
        // A product may have ended its actions, which is a warning.
        let is_warning = |(level, _): &(&str, &str)| *level == "warning";
        assert!(offers.errors().iter().all(is_warning), "{offers}");
        let request = |offer: &serde_json::Value| {
            let mut body = offer["query-params"].clone();
            body["action-id"] = offer["id"].clone();
            relay.request(Route::Trigger).json(&body)
        };
        offers.items().iter().map(request).collect()
    }

    /// Whichever request is rejected with whatever status: the answer is valid, its codes are
    /// known, and the product gets few requests more than in the good case.
    pub(super) async fn n15_every_status_of_every_request_has_a_code(&self) {
        for request in self.requests().await {
            let relay = self.start().await;
            relay.send(request.clone()).await;
            let calls = relay.calls();
            let paths: BTreeSet<_> = calls.iter().map(|call| call.path.clone()).collect();
            for (path, code) in paths.iter().flat_map(|path| STATUSES.map(|code| (path, code))) {
                let relay = self.start().await;
                relay.sandbox.fault(path.as_str(), status(code), Times::Always);
                let answer = relay.send(request.clone()).await;
                assert_eq!(answer.status, 200, "{path} {code}");
                let codes = answer.codes();
                assert!(codes.iter().all(|code| CODES.contains(code)), "{path} {code} {codes:?}");
                relay.assert_max_calls(3 * calls.len() + 4);
            }
        }
    }

    /// However many callers ask for a product that is unavailable, retries stay a small part.
    pub(super) async fn n13_failing_product_gets_few_retries(&self) {
        let relay = self.warm().await;
        relay.break_searches(status(503));
        for answer in join_all((0..CALLERS).map(|_| relay.observe(self.first()))).await {
            answer.assert_failure();
        }
        relay.assert_max_calls(CALLERS * self.mode.warm_requests * 6 / 5 + 15);
    }
}
