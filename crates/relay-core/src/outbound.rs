//! Sends requests: one client for the process, with deadlines, size limits and one retry. No other
//! module sends.
//!
//! Redirects, proxies and the Referer header are off; certificates are always verified, against
//! compiled-in roots and `EXTRA_CA_BUNDLE`. Addresses that come from a token are checked after
//! name resolution, so that nobody reaches the inside of the network through a relay.

mod aws;
mod body;
mod client;
mod connector;
mod destination;
mod guard;
mod message;
mod origin;
mod request;
mod resolver;
mod response;
mod retry;
mod shared_text;
mod tls;

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

pub use aws::SdkHttpClient;
pub use request::Request;
pub use resolver::{Resolver, SystemResolver};
pub use response::{Response, one_line, try_again};
pub use retry::{retry_after, retry_delay};

use crate::{
    error::{Error, Result},
    invocation::InvocationContext,
    settings::{BadSetting, Environment},
    url::Address,
    xray::Trace,
};
use client::{Client, NoResponse};
use destination::Destination;
use guard::{ForbiddenAddress, Guard};
use origin::ConnectFailure;
use resolver::OperatorsHosts;
use retry::RetryBudget;

/// The longest wait for a connection, name resolution and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an unused connection stays open: below the keep-alive of the products' gateways, so
/// that a function that was frozen finds few dead connections.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(25);
/// How long an HTTP/2 connection with a request on it may be silent before it is pinged, and then
/// until the response to the ping: a dead one is noticed early enough for a retry.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(5);

/// The process's HTTP client. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Http {
    /// For the product, whose certificate may be of the operator's own issuer.
    product: Clients,
    /// For everybody else.
    others: Clients,
    guard: Guard,
    retry_budget: Arc<RetryBudget>,
}

/// Whose certificates count at a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// The product's, which may have issuers of the operator's own.
    Product,
    /// Everybody else's.
    Other,
}

impl Http {
    /// Creates a client that calls itself `user_agent`.
    ///
    /// Settings: `EXTRA_CA_BUNDLE`, a PEM file with further roots; `ALLOW_PRIVATE_HOSTS`, whether
    /// a token may name a host in a private range.
    ///
    /// # Errors
    ///
    /// Names the setting that cannot be used.
    pub fn new(
        environment: &Environment,
        user_agent: &str,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, BadSetting> {
        let trust = tls::Trust::new(environment)?;
        let private_allowed = environment.flag("ALLOW_PRIVATE_HOSTS", false)?;
        let guard = Guard::new(private_allowed, Arc::clone(&resolver));
        let clients = |tls| Clients::new(tls, user_agent, &resolver, &guard);
        let others = clients(&trust.web)?;
        let product = match trust.product {
            Some(tls) => clients(&tls)?,
            None => others.clone(),
        };
        Ok(Self { product, others, guard, retry_budget: Arc::default() })
    }

    /// Sends one request outside any call, for tools. `service` is named in messages.
    ///
    /// # Errors
    ///
    /// As of [`Call::send`](crate::Call::send).
    pub async fn ask(
        &self,
        request: Request,
        service: impl Into<Arc<str>>,
        within: Duration,
    ) -> Result<Response> {
        let request = request.within(within).for_product();
        self.send(request, &service.into(), Instant::now() + within, &InvocationContext::default())
            .await
    }

    /// Sends a request, reads the whole response, and retries once where that is safe and fits the
    /// deadline.
    pub(crate) async fn send(
        &self,
        request: Request,
        service: &Arc<str>,
        deadline: Instant,
        context: &InvocationContext,
    ) -> Result<Response> {
        let first = self.attempt(&request, service, deadline, context).await;
        let time_left = deadline.saturating_duration_since(Instant::now());
        let Some(delay) =
            retry::delay(&request, &first, time_left).filter(|_| self.retry_budget.allows_one())
        else {
            return first.outcome();
        };
        context.metrics.count_retry();
        sleep(delay).await;
        self.attempt(&request, service, deadline, context).await.outcome()
    }

    async fn attempt(
        &self,
        request: &Request,
        service: &Arc<str>,
        deadline: Instant,
        context: &InvocationContext,
    ) -> Attempt {
        self.retry_budget.earn();
        context.metrics.count_request();
        let subsegment = context.trace.as_ref().map(Trace::begin);
        let until = deadline.min(Instant::now() + request.timeout);
        let destination = Destination {
            service: service.clone(),
            origin: request.address.origin(),
            is_change: request.is_change(),
        };
        let attempt = match timeout_at(until, self.exchange(request, &destination, context)).await {
            Ok(attempt) => attempt,
            Err(_) => Attempt::Failed(destination.out_of_time()),
        };
        context.metrics.count_outcome(attempt.status());
        if let Some(subsegment) = subsegment {
            subsegment.end(request.method(), &destination.origin, attempt.status());
        }
        if request.is_change() && attempt.status().is_some() {
            context.metrics.count_change();
        }
        attempt
    }

    /// Begins to open a connection for later requests to this host, and sends nothing on it: not
    /// where one is open, or on its way to be. The task says whether it opened one; nobody has to wait
    /// for it.
    pub(crate) fn open(&self, address: &Address, kind: HostKind) -> JoinHandle<bool> {
        let client = self.client(address, kind).cloned();
        let url = address.url().clone();
        tokio::spawn(async move {
            match client {
                Ok(client) => client.open(&url).await,
                Err(ForbiddenAddress) => false,
            }
        })
    }

    /// Returns the client for a host, unless a caller chose an address that is not allowed.
    fn client(&self, address: &Address, kind: HostKind) -> Result<&Client, ForbiddenAddress> {
        let clients = match kind {
            HostKind::Product => &self.product,
            HostKind::Other => &self.others,
        };
        if !address.is_guarded() {
            return Ok(&clients.plain);
        }
        self.guard.check_literal(address.url())?;
        Ok(&clients.guarded)
    }

    async fn exchange(
        &self,
        request: &Request,
        destination: &Destination,
        context: &InvocationContext,
    ) -> Attempt {
        let client = match self.client(&request.address, request.host_kind()) {
            Ok(client) => client,
            Err(forbidden) => return Attempt::Failed(destination.failed(forbidden)),
        };
        let response = match client.execute(request.build()).await {
            Ok(response) => response,
            Err(NoResponse::NotConnected(failure)) if failure.is_timeout() => {
                return Attempt::Failed(destination.failed(failure));
            }
            Err(NoResponse::NotConnected(failure)) => {
                return Attempt::NoResponse(destination.failed(failure));
            }
            Err(NoResponse::Interrupted(error)) => {
                return Attempt::NoResponse(destination.interrupted(error));
            }
        };
        match Response::read(response, destination, request, context).await {
            Ok(response) => Attempt::Responded(response),
            Err(error) => Attempt::Failed(error),
        }
    }
}

/// Clients with the same issuers of certificates.
#[derive(Clone)]
struct Clients {
    /// For hosts that the operator chose.
    plain: Client,
    /// For hosts that a caller chose: the resolver gives only addresses that the guard allows.
    guarded: Client,
}

impl Clients {
    fn new(
        tls: &rustls::ClientConfig,
        user_agent: &str,
        resolver: &Arc<dyn Resolver>,
        guard: &Guard,
    ) -> Result<Self, BadSetting> {
        Ok(Self {
            plain: Client::new(tls, user_agent, OperatorsHosts(Arc::clone(resolver)))?,
            guarded: Client::new(tls, user_agent, guard.clone())?,
        })
    }
}

/// Returns whether the host's name did not resolve to an address that may be called: it is
/// misspelt, or the service is gone.
pub fn is_unknown_host(error: &Error) -> bool {
    error.source_of_type().is_some_and(ConnectFailure::is_unknown_host)
}

/// How one sending ended; only `NoResponse` and some statuses are retried.
enum Attempt {
    Responded(Response),
    /// The connection failed before the first byte of a response.
    NoResponse(Error),
    /// The time was over, or the response was incomplete or too large.
    Failed(Error),
}

impl Attempt {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Responded(response) => Some(response.status()),
            Self::NoResponse(_) | Self::Failed(_) => None,
        }
    }

    fn outcome(self) -> Result<Response> {
        match self {
            Self::Responded(response) => Ok(response),
            Self::NoResponse(error) | Self::Failed(error) => Err(error),
        }
    }
}
