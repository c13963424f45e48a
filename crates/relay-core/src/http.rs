//! The only place that sends: one client for the process, deadlines, caps, one retry.
//!
//! Redirects, proxies and the Referer header are off; certificates are always verified, against
//! compiled-in roots and `EXTRA_CA_BUNDLE`. Addresses that come from a token are checked after
//! name resolution, so that nobody reaches the inside of the network through a relay.

mod aws;
mod body;
mod body_budget;
mod guard;
mod request;
mod response;
mod retry;
mod tls;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

pub use crate::url::{Address, BaseUrl, escaped};
pub(crate) use aws::SdkHttpClient;
pub(crate) use body_budget::Room;
pub use guard::{Resolver, SystemResolver};
pub use request::Request;
pub use response::{Response, one_line, try_again};
pub use retry::{pause_after, wait_asked_for};

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    settings::{BadSetting, Environment},
    telemetry::Tally,
};
use guard::Guard;
use retry::Budget;

/// Longest wait for a connection, name resolution and TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// Below the keep-alive of the products' gateways, so that a frozen instance meets few dead
/// connections when it thaws.
const IDLE: Duration = Duration::from_secs(25);
/// So long may an HTTP/2 connection with a request on it say nothing before it is pinged, and then
/// until the answer to the ping: a dead one is noticed early enough for a repetition.
const SILENCE: Duration = Duration::from_secs(5);

/// The process's HTTP client. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Http {
    /// For addresses that the operator chose.
    plain: reqwest::Client,
    /// For addresses that a caller chose: the resolver gives only what the guard lets through.
    guarded: reqwest::Client,
    guard: Guard,
    budget: Arc<Budget>,
}

impl Http {
    /// A client that calls itself `user_agent`.
    ///
    /// Settings: `EXTRA_CA_BUNDLE`, a PEM file with further roots; `ALLOW_PRIVATE_HOSTS`, whether
    /// a token may name a host in a private range.
    pub fn new(
        environment: &Environment,
        user_agent: &str,
        lookup: Arc<dyn Resolver>,
    ) -> Result<Self, BadSetting> {
        let tls = tls::config(environment)?;
        let guard = Guard::new(environment.flag("ALLOW_PRIVATE_HOSTS", false)?, lookup);
        Ok(Self {
            plain: client(tls.clone(), user_agent, None)?,
            guarded: client(tls, user_agent, Some(guard.clone()))?,
            guard,
            budget: Arc::default(),
        })
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
        let request = request.within(within);
        self.send(request, &service.into(), Instant::now() + within, &Tally::default()).await
    }

    /// Sends, reads the whole answer, and repeats once where that is safe and fits the deadline.
    pub(crate) async fn send(
        &self,
        request: Request,
        service: &Arc<str>,
        deadline: Instant,
        tally: &Tally,
    ) -> Result<Response> {
        let first = self.attempt(&request, service, deadline, tally).await;
        let pause =
            retry::pause(&request, &first, deadline.saturating_duration_since(Instant::now()));
        let Some(pause) = pause.filter(|_| self.budget.allows_one()) else {
            return first.outcome();
        };
        tally.count_retry();
        sleep(pause).await;
        self.attempt(&request, service, deadline, tally).await.outcome()
    }

    async fn attempt(
        &self,
        request: &Request,
        service: &Arc<str>,
        deadline: Instant,
        tally: &Tally,
    ) -> Attempt {
        self.budget.earn();
        tally.count_call();
        let until = deadline.min(Instant::now() + request.timeout);
        let trip = Trip {
            product: service.clone(),
            origin: request.address.origin(),
            is_change: request.is_change(),
        };
        let attempt = match timeout_at(until, self.exchange(request, &trip, tally)).await {
            Ok(attempt) => attempt,
            Err(_) => Attempt::Failed(trip.out_of_time()),
        };
        tally.count_outcome(attempt.status());
        attempt
    }

    async fn exchange(&self, request: &Request, trip: &Trip, tally: &Tally) -> Attempt {
        let client = if request.address.is_guarded() {
            if let Err(forbidden) = self.guard.check_literal(request.address.url()) {
                return Attempt::Failed(trip.failed(forbidden));
            }
            &self.guarded
        } else {
            &self.plain
        };
        let answer = match client.execute(request.build()).await {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() && error.is_connect() => {
                return Attempt::Failed(trip.failed(error.without_url()));
            }
            Err(error) => return Attempt::NoAnswer(trip.no_answer(error)),
        };
        match Response::read(answer, trip, request.largest, tally.room()).await {
            Ok(response) => Attempt::Answered(response),
            Err(error) => Attempt::Failed(error),
        }
    }
}

/// Whether the host's name did not resolve to an address that may be called: it is misspelt, or
/// the service is gone.
pub fn is_unknown_host(error: &Error) -> bool {
    error.source_of_type().is_some_and(reqwest::Error::is_dns)
}

fn client(
    tls: rustls::ClientConfig,
    user_agent: &str,
    guard: Option<Guard>,
) -> Result<reqwest::Client, BadSetting> {
    #[expect(clippy::disallowed_methods, reason = "this is the place that builds the clients")]
    let builder = reqwest::Client::builder()
        .user_agent(user_agent)
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .http2_keep_alive_interval(SILENCE)
        .http2_keep_alive_timeout(SILENCE);
    let builder = match guard {
        Some(guard) => builder.dns_resolver(guard),
        None => builder,
    };
    builder.build().map_err(|_| BadSetting::new("The HTTP client", "cannot be built"))
}

/// How one sending ended; only `NoAnswer` and refusals by status may be repeated.
enum Attempt {
    Answered(Response),
    /// The connection failed before the first byte of an answer.
    NoAnswer(Error),
    /// Out of time, or the answer broke off or was too large.
    Failed(Error),
}

impl Attempt {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(response) => Some(response.status()),
            Self::NoAnswer(_) | Self::Failed(_) => None,
        }
    }

    fn outcome(self) -> Result<Response> {
        match self {
            Self::Answered(response) => Ok(response),
            Self::NoAnswer(error) | Self::Failed(error) => Err(error),
        }
    }
}

const LATER: &str = "try again later";

/// Who is asked, where and for what: what an error sentence names.
struct Trip {
    product: Arc<str>,
    /// Scheme, host and port, without path and query.
    origin: String,
    /// Whether something was to be done, not only asked.
    is_change: bool,
}

impl Trip {
    fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        let Self { product, origin, .. } = self;
        let failure = match tls::refusal(&error) {
            Some(reason) => self.untrusted(reason),
            None => Error::new(
                ErrorKind::Unreachable,
                format!("{product} cannot be reached at {origin}; check the URL and the network."),
            ),
        };
        failure.with_source(error)
    }

    fn untrusted(&self, reason: &str) -> Error {
        let Self { product, origin, .. } = self;
        let text = format!("The certificate of {product} at {origin} is not trusted: {reason}.");
        let failure = Error::new(ErrorKind::Untrusted, text);
        if !tls::is_about_time(reason) {
            return failure;
        }
        let now = Clock::of_machine().now();
        let hint = "if the certificate's dates are right, the clock of this function is wrong";
        failure.with("clock", format!("{now:.0}")).with("hint", hint)
    }

    fn out_of_time(&self) -> Error {
        self.ended_early(ErrorKind::Unreachable, "did not answer in time", LATER)
    }

    fn no_answer(&self, error: reqwest::Error) -> Error {
        // Without a connection nothing was sent, and nothing can have been done.
        if self.is_change && !error.is_connect() {
            let failure =
                self.ended_early(ErrorKind::Unreachable, "closed the connection early", LATER);
            return failure.with_source(error.without_url());
        }
        self.failed(error.without_url())
    }

    fn broke_off(&self, error: reqwest::Error) -> Error {
        let failure = self.ended_early(ErrorKind::Unreachable, "closed the connection during its response", LATER);
        failure.with_source(error.without_url())
    }

    fn too_large(&self, largest: usize) -> Error {
        let what = format!("sent more than the {largest} bytes that a relay reads");
        self.ended_early(ErrorKind::TooLarge, &what, "ask about less at a time")
    }

    fn too_large_together(&self) -> Error {
        let what = "sent more in several responses than a relay holds at the same time";
        self.ended_early(ErrorKind::TooLarge, what, "ask about less at a time")
    }

    /// What became of a request that was sent, and what to do: look, before a change is made twice.
    fn ended_early(&self, kind: ErrorKind, what: &str, advice: &str) -> Error {
        let Self { product, origin, is_change } = self;
        if *is_change {
            return Error::new(kind, format!("{product} at {origin} {what}.")).outcome_unknown();
        }
        Error::new(kind, format!("{product} at {origin} {what}; {advice}."))
    }
}
