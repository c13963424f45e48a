//! What the tests of this relay add to the common test relay.

use qualys_ioc::QualysIoc;
use relay_core::Route;
use sandbox::{
    Call,
    qualys_ioc::{AUTH_PATH, Account},
};
use serde_json::{Value, json};

pub(crate) const OBSERVE: Route = Route::Observe;
/// The console that links lead to.
pub(crate) const PLATFORM: &str = "https://qualysguard.qg2.apps.qualys.com";
/// The hash of a file of one event.
pub(crate) const DROPPED: &str = "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6";

pub(crate) type TestRelay = testkit::TestRelay<QualysIoc>;

/// Returns the logins that arrived.
pub(crate) fn logins(relay: &TestRelay) -> Vec<Call> {
    relay.calls_where(|call| call.path == AUTH_PATH)
}

/// Returns the searches that arrived.
pub(crate) fn searches(relay: &TestRelay) -> Vec<Call> {
    relay.calls_where(|call| call.path != AUTH_PATH)
}

pub(crate) fn claims(account: Account) -> Value {
    json!({"user": account.username, "pass": account.password})
}

/// Returns the body of a request about one observable.
pub(crate) fn one(kind: &str, value: &str) -> Value {
    json!([{"type": kind, "value": value}])
}
