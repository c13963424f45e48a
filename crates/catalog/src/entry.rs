//! What a relay's type says of it, without the type, so that all relays fit into one list.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use relay_core::{
    About, BadSetting, Claim, Clock, Environment, Incoming, ObservableType, Outgoing, Relay,
    Resolver, Result, Service, SystemResolver,
};

/// One relay.
pub struct CatalogEntry {
    /// Its facts: names, observable types, check order, documentation.
    pub about: About,
    claims: &'static [Claim],
    start: fn(Environment, Clock, Arc<dyn Resolver>) -> BoxFuture<'static, Started>,
}

/// A relay of any product, with its settings read.
pub trait StartedRelay: Send + Sync {
    /// Answers one request.
    fn answer(&self, request: Incoming) -> BoxFuture<'_, Outgoing>;

    /// Returns whether the relay answers about observables of a type, with its settings.
    fn supports(&self, kind: ObservableType) -> bool;

    /// Checks the token of a request and nothing else.
    fn check<'a>(&'a self, request: &'a Incoming) -> BoxFuture<'a, Result<()>>;
}

type Started = Result<Arc<dyn StartedRelay>, BadSetting>;

impl CatalogEntry {
    /// Returns the entry of a relay's type.
    #[must_use]
    pub const fn of<R: Relay>() -> Self {
        Self { about: R::ABOUT, claims: R::CLAIMS, start: start::<R> }
    }

    /// Returns the claims that the relay reads: its own, then those that every relay reads.
    pub fn claims(&self) -> impl Iterator<Item = &'static Claim> {
        self.claims.iter().chain(&[Claim::ENTITIES_LIMIT])
    }

    /// Starts the relay in this process.
    ///
    /// # Errors
    ///
    /// The first setting that is missing or cannot be used.
    pub async fn start(&self, settings: Environment) -> Started {
        self.start_with(settings, Clock::system(), Arc::new(SystemResolver)).await
    }

    /// Starts the relay with a clock and a resolver that the caller controls.
    ///
    /// # Errors
    ///
    /// The first setting that is missing or cannot be used.
    pub async fn start_with(
        &self,
        settings: Environment,
        clock: Clock,
        resolver: Arc<dyn Resolver>,
    ) -> Started {
        (self.start)(settings, clock, resolver).await
    }
}

impl<R: Relay> StartedRelay for Service<R> {
    fn answer(&self, request: Incoming) -> BoxFuture<'_, Outgoing> {
        Service::answer(self, request).boxed()
    }

    fn supports(&self, kind: ObservableType) -> bool {
        Service::supports(self, kind)
    }

    fn check<'a>(&'a self, request: &'a Incoming) -> BoxFuture<'a, Result<()>> {
        Service::check(self, request).boxed()
    }
}

fn start<R: Relay>(
    settings: Environment,
    clock: Clock,
    resolver: Arc<dyn Resolver>,
) -> BoxFuture<'static, Started> {
    let service = async move { Service::<R>::with(&settings, clock, resolver).await };
    async move { Ok(Arc::new(service.await?) as Arc<dyn StartedRelay>) }.boxed()
}
