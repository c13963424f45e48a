//! How a test starts a relay.

use std::{future::IntoFuture, marker::PhantomData, sync::Arc};

use futures::future::{BoxFuture, FutureExt};
use jiff::Timestamp;
use relay_core::{BadSetting, Clock, Environment, Relay, Resolver, Service};
use sandbox::{Fixture, Mode, Product, Sandbox};

use super::{AnswerRequest, TIMEOUT, TestRelay};
use crate::{TestResolver, token::SECRET};

/// Starts a service with these settings, this clock and this resolver.
pub type StartService = Box<
    dyn FnOnce(Environment, Clock, Arc<dyn Resolver>) -> BoxFuture<'static, StartedService> + Send,
>;

/// A service, or the setting that it cannot use.
pub type StartedService = Result<Arc<dyn AnswerRequest>, BadSetting>;

/// A relay that is about to start; `.await` starts it with the fixture's settings.
#[must_use = "a relay starts when this is awaited"]
pub struct Start<R> {
    fixture: &'static Fixture,
    mode: Option<&'static Mode>,
    settings: Vec<(String, String)>,
    resolver: Arc<dyn Resolver>,
    now: Timestamp,
    sandbox: Option<Arc<Sandbox>>,
    url: Option<String>,
    service: StartService,
    relay: PhantomData<fn() -> R>,
}

impl<R: Relay> Start<R> {
    pub(super) fn new() -> Self {
        let service: StartService = Box::new(|environment, clock, resolver| {
            let service = async move { Service::<R>::with(&environment, clock, resolver).await };
            async { Ok(Arc::new(service.await?) as Arc<dyn AnswerRequest>) }.boxed()
        });
        Self::of(fixture::<R>(), service)
    }
}

impl<R> Start<R> {
    /// Begins a relay whose type is not known here, with the fixture of its product.
    pub fn of(fixture: &'static Fixture, service: StartService) -> Self {
        Self {
            fixture,
            mode: None,
            settings: Vec::new(),
            resolver: Arc::new(TestResolver::unknown()),
            now: fixture.now,
            sandbox: None,
            url: None,
            service,
            relay: PhantomData,
        }
    }

    /// Adds settings; they win over the fixture's, and an empty one counts as missing.
    pub fn with<N: ToString, V: ToString>(mut self, settings: &[(N, V)]) -> Self {
        let settings = settings.iter();
        self.settings.extend(settings.map(|(name, value)| (name.to_string(), value.to_string())));
        self
    }

    /// Chooses one of the fixture's modes.
    pub fn mode(self, mode: &'static Mode) -> Self {
        Self { mode: Some(mode), ..self }
    }

    /// Looks names up here, where a relay otherwise knows none.
    pub fn resolving(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self }
    }

    /// Sets the time of the relay and of the simulator's data.
    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// Uses a simulator that is running already.
    pub fn before(self, sandbox: &Arc<Sandbox>) -> Self {
        Self { sandbox: Some(Arc::clone(sandbox)), ..self }
    }

    /// Leads the relay to another URL than the simulator's.
    pub fn leading_to(self, url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..self }
    }

    /// Starts the relay, if its settings can be used.
    ///
    /// # Errors
    ///
    /// The setting that cannot be used.
    ///
    /// # Panics
    ///
    /// When no port is free for the simulator.
    pub async fn try_start(self) -> Result<TestRelay<R>, BadSetting> {
        let sandbox = match self.sandbox {
            Some(sandbox) => sandbox,
            None => {
                let started = Sandbox::start_at(self.fixture.product, self.now).await;
                Arc::new(started.expect("a free port"))
            }
        };
        let url = self.url.as_deref().unwrap_or(sandbox.url());
        let usual = self.fixture.settings(url).into_iter();
        let usual = usual.chain(self.mode.into_iter().flat_map(Mode::settings));
        let usual = usual.map(|(name, value)| (name.to_owned(), value));
        let secret = ("SECRET_KEY".to_owned(), SECRET.to_owned());
        let environment = Environment::of(usual.chain([secret]).chain(self.settings));
        let clock = Clock::fixed(self.now);
        let entity_limit = environment.text("CTR_ENTITIES_LIMIT").map(str::to_owned);
        let service = (self.service)(environment, clock.clone(), self.resolver).await?;
        Ok(TestRelay {
            sandbox,
            service,
            clock,
            fixture: self.fixture,
            mode: self.mode.unwrap_or(&self.fixture.modes[0]),
            entity_limit,
            claims: self.fixture.claims(),
            timeout: TIMEOUT,
            relay: PhantomData,
        })
    }
}

impl<R: 'static> IntoFuture for Start<R> {
    type Output = TestRelay<R>;
    type IntoFuture = BoxFuture<'static, TestRelay<R>>;

    fn into_future(self) -> Self::IntoFuture {
        async { self.try_start().await.expect("settings that can be used") }.boxed()
    }
}

/// The fixture of a relay, found by its slug.
///
/// # Panics
///
/// When the sandbox has no such product.
pub(crate) fn fixture<R: Relay>() -> &'static Fixture {
    let product = Product::from_slug(R::ABOUT.slug);
    product.expect("the sandbox simulates the product of every relay").fixture()
}
