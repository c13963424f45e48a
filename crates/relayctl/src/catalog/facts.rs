//! What a relay's type says of it, without the type: so that all relays fit into one list.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use relay_core::{
    About, BadSetting, Claim, Environment, Relay, Service,
    service::{Incoming, Outgoing},
};

/// A relay of whatever product, ready to answer.
pub(crate) trait Ready: Send + Sync {
    /// Answers one request.
    fn answer(&self, request: Incoming) -> BoxFuture<'_, Outgoing>;

    /// Checks a request's token and nothing else.
    fn check<'a>(&'a self, request: &'a Incoming) -> BoxFuture<'a, relay_core::Result<()>>;
}

impl<R: Relay> Ready for Service<R> {
    fn answer(&self, request: Incoming) -> BoxFuture<'_, Outgoing> {
        Service::answer(self, request).boxed()
    }

    fn check<'a>(&'a self, request: &'a Incoming) -> BoxFuture<'a, relay_core::Result<()>> {
        Service::check(self, request).boxed()
    }
}

type Started = Result<Arc<dyn Ready>, BadSetting>;

/// A relay's own facts, and how it is started.
pub(crate) struct Facts {
    /// Names, types, gates.
    pub(crate) about: About,
    /// What its token carries for the product.
    pub(crate) claims: &'static [Claim],
    start: fn(Environment) -> BoxFuture<'static, Started>,
}

impl Facts {
    /// The facts of a relay's type.
    pub(crate) const fn of<R: Relay>() -> Self {
        Self { about: R::ABOUT, claims: R::CLAIMS, start: start::<R> }
    }

    /// Starts the relay in this process.
    pub(crate) async fn start(&self, settings: Environment) -> Started {
        (self.start)(settings).await
    }
}

fn start<R: Relay>(settings: Environment) -> BoxFuture<'static, Started> {
    async move { Ok(Arc::new(Service::<R>::new(&settings).await?) as Arc<dyn Ready>) }.boxed()
}
