//! The relay under test, in front of the simulator of Qualys.

use std::{ops::Deref, sync::Arc};

use qualys_ioc::QualysIoc;
use relay_core::http::{Resolver, SystemResolver};
use sandbox::{
    Call, Product, Sandbox,
    qualys_ioc::{ACCOUNT, AUTH_PATH, Account},
};
use serde_json::{Value, json};
use testkit::test_relay::{self, settings};
pub(crate) use testkit::test_relay::{
    Names, assert_valid_free_edges as assert_valid, bearer, codes, count, docs, message, one,
};

pub(crate) const OBSERVE: &str = "/observe/observables";
/// The console that links lead to.
pub(crate) const PLATFORM: &str = "https://qualysguard.qg2.apps.qualys.com";
/// The hash of a file of one event.
pub(crate) const DROPPED: &str = "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6";

pub(crate) struct TestRelay(test_relay::TestRelay<QualysIoc>);

impl Deref for TestRelay {
    type Target = test_relay::TestRelay<QualysIoc>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TestRelay {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// Starts the relay with further settings, which win over the default ones.
    pub(crate) async fn with(further: &[(&str, &str)]) -> Self {
        Self::resolving(further, Arc::new(SystemResolver)).await
    }

    pub(crate) async fn resolving(further: &[(&str, &str)], lookup: Arc<dyn Resolver>) -> Self {
        let sandbox = Sandbox::start(Product::QualysIoc).await.unwrap();
        let usual = [("API_URL", sandbox.url()), ("PLATFORM_URL", PLATFORM)];
        let settings = settings(usual, further);
        let now = "2026-03-03T10:00:00Z".parse().unwrap();
        Self(
            test_relay::TestRelay::resolving(sandbox, settings, now, claims(ACCOUNT), lookup).await,
        )
    }

    pub(crate) async fn ask_as(&self, account: Account, path: &str, body: &Value) -> Value {
        self.ask_with(claims(account), path, body).await
    }

    /// Returns the answer about observables, which must be valid CTIM.
    pub(crate) async fn observe(&self, observables: &Value) -> Value {
        let answer = self.ask(OBSERVE, observables).await;
        assert_valid(observables, &answer, 100);
        answer
    }

    /// Returns the logins that arrived.
    pub(crate) fn logins(&self) -> Vec<Call> {
        self.calls_where(|call| call.path == AUTH_PATH)
    }

    /// Returns the searches that arrived.
    pub(crate) fn searches(&self) -> Vec<Call> {
        self.calls_where(|call| call.path != AUTH_PATH)
    }
}

pub(crate) fn claims(account: Account) -> Value {
    json!({"user": account.username, "pass": account.password})
}
