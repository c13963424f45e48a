//! Each call of the product refused by each status, one call at a time, and many at a time.

use std::collections::BTreeSet;

use futures::future::join_all;
use relay_core::route::Route;
use sandbox::{Fault, Times};

use super::{Ask, Question, Stage, Subject, policies};

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

/// How many callers ask a failing product at the same time.
const CALLERS: usize = 50;

/// A status, with the wish to be asked again at once.
fn status(code: u16) -> Fault {
    Fault::Status {
        code,
        headers: vec![("retry-after".to_owned(), "0".to_owned())],
        body: String::new(),
    }
}

/// A request for every route that asks the product, and for every offered action.
async fn requests<S: Subject>() -> Vec<Ask> {
    let stage = Stage::<S>::set().await;
    let routes = policies::guarded::<S>().filter(|route| *route != Route::Trigger);
    let mut requests: Vec<_> = routes.map(Ask::sound::<S>).collect();
    for offer in stage.ask(Ask::sound::<S>(Route::Respond)).await.items() {
        let mut order = offer["query-params"].clone();
        order["action-id"] = offer["id"].clone();
        requests.push(Ask::sound::<S>(Route::Trigger).body(order.to_string()));
    }
    requests
}

/// Whichever call is refused, by whatever status: the answer is a valid one, its codes are known,
/// and the product is not asked much more often than when all is well.
pub async fn n15_every_status_of_every_call_has_a_code<S: Subject>() {
    for request in requests::<S>().await {
        let stage = Stage::<S>::set().await;
        stage.ask(request.clone()).await;
        let calls = stage.sandbox.calls();
        let paths: BTreeSet<_> = calls.iter().map(|call| call.path.clone()).collect();
        for (path, code) in paths.iter().flat_map(|path| STATUSES.map(|code| (path, code))) {
            let stage = Stage::<S>::set().await;
            stage.sandbox.fault(path.as_str(), status(code), Times::Always);
            let answer = stage.ask(request.clone()).await;
            assert_eq!(answer.status, 200, "{path} {code}");
            let codes = answer.codes();
            assert!(codes.iter().all(|code| CODES.contains(code)), "{path} {code} {codes:?}");
            let most = 3 * calls.len() + 4;
            assert!(
                stage.calls() <= most,
                "{path} {code}: {} calls, at most {most}",
                stage.calls()
            );
        }
    }
}

/// However many ask a product that is out of order, repetitions stay a small part of the calls.
pub async fn n13_a_failing_product_is_not_stormed<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    stage.break_search(status(503));
    let first = Question::first::<S>();
    for answer in join_all((0..CALLERS).map(|_| stage.observe(first.clone()))).await {
        answer.assert_failure();
    }
    let most = CALLERS * S::CALLS * 6 / 5 + 15;
    assert!(stage.calls() <= most, "{} calls, at most {most}", stage.calls());
}
