//! A service on a fixture: its product, its key server and its clock in the test's hands.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use futures::future::{BoxFuture, FutureExt, ready};
use jiff::Timestamp;
use relay_core::{BadSetting, Clock, Environment, Resolver, Service};
use serde_json::json;
use testkit::{
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::{SECRET, Token},
};

use crate::{
    relay::Probe,
    test_call::{Answer, BASE, TestCall, health},
    wire::{ScriptedResponse, Server},
};

/// When the clock stands: 2026-11-20T10:00:00Z.
pub(crate) const NOW: i64 = 1_795_168_800;
/// The key that signs configuration tokens.
pub(crate) const KID: &str = "key-1";
/// What the tests' usual caller logs in with.
pub(crate) const CLIENT_SECRET: &str = "client-secret-a";

pub(crate) struct Fixture {
    pub(crate) service: Service<Probe>,
    pub(crate) product: Server,
    pub(crate) keys: JwksServer,
    pub(crate) clock: Clock,
    pub(crate) names: Names,
}

impl Fixture {
    /// A relay with shared secret and key server, and a product that knows nothing bad.
    pub(crate) async fn new() -> Self {
        Self::with(|environment| environment).await
    }

    /// The same with other settings.
    pub(crate) async fn with(settings: impl FnOnce(Environment) -> Environment) -> Self {
        Self::try_with(settings).await.unwrap()
    }

    /// Every setting is there; `settings` changes them.
    pub(crate) async fn try_with(
        settings: impl FnOnce(Environment) -> Environment,
    ) -> Result<Self, BadSetting> {
        let product = product().await;
        let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
        let environment = Environment::of([
            ("SECRET_KEY", SECRET.to_owned()),
            ("JWKS_HOSTS", keys.origin()),
            ("PRODUCT_URL", product.url()),
        ]);
        let clock = Clock::fixed(Timestamp::from_second(NOW).unwrap());
        let names = Names::default();
        let lookup = Arc::new(names.clone());
        let service = Service::with(&settings(environment), clock.clone(), lookup).await?;
        Ok(Self { service, product, keys, clock, names })
    }

    pub(crate) async fn answer(&self, ask: TestCall) -> Answer {
        ask.to(&self.service).await
    }

    /// Whether a token is good for a call to the product: either the call is made, or the caller
    /// is refused and nothing is asked.
    pub(crate) async fn accepts(&self, token: &str) -> bool {
        self.accepts_ask(health(token)).await
    }

    pub(crate) async fn accepts_ask(&self, ask: TestCall) -> bool {
        let before = self.product.asked().len();
        let answer = ask.unchecked(&self.service).await;
        let calls = self.product.asked().len() - before;
        match calls {
            0 => assert!(answer.is_refusal(), "{answer:?}"),
            _ => assert!(calls == 1 && answer.is_ok(), "{calls} calls, {answer:?}"),
        }
        calls == 1
    }

    /// Nobody accepts one of these, and no key is fetched for them.
    pub(crate) async fn refuses_all(&self, tokens: impl IntoIterator<Item = (String, String)>) {
        let fetches = self.keys.fetches();
        for (name, token) in tokens {
            assert!(!self.accepts(&token).await, "{name}");
        }
        assert_eq!(self.keys.fetches(), fetches);
    }

    /// A sound configuration token for this fixture, not signed yet.
    pub(crate) fn configuration(&self) -> Token {
        account().kid(KID).claim("aud", BASE).claim("jwks_host", self.keys.host())
    }

    /// A sound configuration token.
    pub(crate) fn rs256(&self) -> String {
        self.configuration().rs256(RsaKey::shared())
    }
}

/// Without a shared secret, and nothing else but what a fixture needs.
pub(crate) fn without_secret(environment: &Environment) -> Environment {
    let names = ["JWKS_HOSTS", "PRODUCT_URL"];
    Environment::of(names.map(|name| (name, environment.text(name).unwrap().to_owned())))
}

/// The usual caller's credentials, not signed yet.
pub(crate) fn account() -> Token {
    Token::new().claim("client_id", "client-a").claim("client_secret", CLIENT_SECRET)
}

/// A sound token under the shared secret.
pub(crate) fn hs256() -> String {
    account().hs256(SECRET.as_bytes())
}

/// A product that lets everybody in and knows nothing.
async fn product() -> Server {
    let product = Server::start().await;
    product.always("/me", ScriptedResponse::json(&json!({})));
    product.always("/act", ScriptedResponse::json(&json!({})));
    product.always(
        "/login",
        ScriptedResponse::json(&json!({"access_token": "token", "expires_in": 3600})),
    );
    product.always("/search", ScriptedResponse::json(&json!({"hits": []})));
    product.always("/verdicts", ScriptedResponse::json(&json!({"malicious": []})));
    product
}

/// The name service: what it is told, asked in order; unknown names and the end are failures.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    answers: Vec<Vec<IpAddr>>,
    asked: Vec<String>,
}

impl Names {
    /// The next look-up gives these addresses.
    pub(crate) fn then(&self, addresses: &[&str]) -> &Self {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.lock().unwrap().answers.push(addresses);
        self
    }

    /// Every name that was asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }
}

impl Resolver for Names {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut script = self.0.lock().unwrap();
        script.asked.push(host);
        if script.answers.is_empty() {
            return ready(Err(io::ErrorKind::NotFound.into())).boxed();
        }
        ready(Ok(script.answers.remove(0))).boxed()
    }
}
