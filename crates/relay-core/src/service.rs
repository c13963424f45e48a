//! The hops between the gateway and the relay, without Lambda: route, gate, token, body, answer.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderMap, Method};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::{self, Answer},
    auth::{Auth, Gateway},
    clock::Clock,
    ctim::{Observable, Time},
    error::{Error, ErrorKind, Result},
    http::{Http, Resolver, SystemResolver},
    input,
    relay::{Call, Credentials, Findings, Partial, Relay, RoutePolicy},
    route::{Miss, Route},
    settings::{BadSetting, Environment},
    telemetry::{Report, Tally, metrics_namespace, report},
};

/// Product calls end at the deadline; mapping what they brought may take this much longer.
const MAPPING: Duration = Duration::from_millis(500);

/// A request as any transport delivers it. Printed without headers and body, which hold secrets.
pub struct Incoming {
    /// The method.
    pub method: Method,
    /// The path, with whatever stage or prefix the gateway left in it.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decoded.
    pub body: Bytes,
    /// How the gateway calls this relay, and from where it was called.
    pub gateway: Gateway,
    /// For the log, and for the answer to a failure of our own.
    pub request_id: String,
    /// When product calls must have ended.
    pub deadline: Instant,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, request_id, .. } = self;
        write!(f, "Incoming({request_id}: {method} {path})")
    }
}

/// The answer, and the metrics line about it.
#[derive(Debug)]
pub struct Outgoing {
    /// 200 for every known route; 404 and 405 else.
    pub status: u16,
    /// The method that a path is called with, beside 405 (RFC 9110 §15.5.6).
    pub allow: Option<&'static Method>,
    /// JSON.
    pub body: String,
    /// One line in CloudWatch's embedded metric format.
    pub metrics: String,
}

/// One relay, ready to answer. Serves any number of requests side by side.
pub struct Service<R> {
    relay: R,
    /// What messages call the product.
    product: Arc<str>,
    auth: Auth,
    http: Http,
    clock: Clock,
    entities_limit: Option<String>,
    metrics_namespace: String,
    is_warm: AtomicBool,
}

/// Who asks, as the token says.
struct Caller<C> {
    credentials: C,
    limit: usize,
}

impl<R: Relay> Service<R> {
    /// Reads all settings and fetches the secret.
    pub async fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Self::with(environment, Clock::of_machine(), Arc::new(SystemResolver)).await
    }

    /// The same with a clock and a resolver that a test holds.
    pub async fn with(
        environment: &Environment,
        clock: Clock,
        lookup: Arc<dyn Resolver>,
    ) -> Result<Self, BadSetting> {
        let http = Http::new(environment, &R::ABOUT.user_agent(), lookup)?;
        let relay = R::new(environment)?;
        Ok(Self {
            product: relay.product_name().into(),
            relay,
            auth: Auth::new(environment, &http, &clock).await?,
            http,
            clock,
            entities_limit: environment.text("CTR_ENTITIES_LIMIT").map(str::to_owned),
            metrics_namespace: metrics_namespace(environment)?,
            is_warm: AtomicBool::new(false),
        })
    }

    /// Answers one request. Never fails: what goes wrong is in the answer.
    pub async fn answer(&self, request: Incoming) -> Outgoing {
        let started = Instant::now();
        let tally = Tally::default();
        let route = match Route::of(&request.method, &request.path) {
            Ok(route) => route,
            Err(miss) => return missed(miss),
        };
        let mut asked = 0;
        let work = AssertUnwindSafe(self.respond(route, &request, &tally, &mut asked));
        let answer = match timeout_at(request.deadline + MAPPING, work.catch_unwind()).await {
            Ok(Ok(Ok(answer))) => answer,
            Ok(Ok(Err(error))) => answer::refusal(error, &tally),
            Ok(Err(_panic)) => answer::refusal(own_failure(&request.request_id), &tally),
            Err(_) => answer::refusal(out_of_time(), &tally),
        };
        let it = Report {
            namespace: &self.metrics_namespace,
            relay: R::ABOUT.slug,
            route: route.name(),
            request_id: &request.request_id,
            observables: asked,
            found: answer.found,
            errors: &answer.errors,
            duration: started.elapsed(),
            cold_start: !self.is_warm.swap(true, Ordering::Relaxed),
        };
        report(&it, &tally);
        let metrics = it.metrics(&tally, self.clock.now().as_millisecond());
        Outgoing { status: 200, allow: None, body: answer.body, metrics }
    }

    /// Checks a request's token and the credentials in it, as every route does, and asks nobody
    /// but the key servers. For tools.
    ///
    /// Errors: `Unauthorized`.
    pub async fn check(&self, request: &Incoming) -> Result<()> {
        self.caller(request, &Tally::default()).await.map(|_| ())
    }

    async fn respond(
        &self,
        route: Route,
        request: &Incoming,
        tally: &Tally,
        asked: &mut usize,
    ) -> Result<Answer> {
        self.auth.admit(&request.gateway)?;
        let policies = R::ABOUT.policies;
        match route {
            Route::Version => Ok(answer::constant(&json!({"version": R::ABOUT.version}))),
            Route::Watchdog => watchdog(&request.headers),
            Route::Health => {
                let caller = self.caller(request, tally).await?;
                let outcome = self.relay.health(&self.call(&caller, request, tally)).await;
                Ok(answer::health(outcome, tally))
            }
            Route::Observe | Route::Deliberate => {
                let policy =
                    if route == Route::Observe { policies.observe } else { policies.deliberate };
                let Some((caller, wanted)) = self.observables(policy, request, tally).await? else {
                    return Ok(answer::entities(Findings::default(), tally));
                };
                *asked = wanted.data.len();
                let call = self.call(&caller, request, tally);
                let found = match route {
                    _ if wanted.data.is_empty() => Findings::default(),
                    // Boxed, because a relay's future is too deep a type for what is wrapped around it.
                    Route::Observe => self.relay.observe(&call, &wanted.data).boxed().await,
                    _ => self.relay.deliberate(&call, &wanted.data).await,
                };
                Ok(answer::entities(after(wanted.errors, found), tally))
            }
            Route::Refer => {
                let Some((caller, wanted)) =
                    self.observables(policies.refer, request, tally).await?
                else {
                    return Ok(answer::constant(&json!({"data": []})));
                };
                *asked = wanted.data.len();
                let call = self.call(&caller, request, tally);
                let links = self.relay.refer(&call, &wanted.data).await;
                Ok(answer::list(after(wanted.errors, links), tally))
            }
            Route::Respond => {
                let Some((caller, wanted)) =
                    self.observables(policies.respond, request, tally).await?
                else {
                    return Ok(answer::constant(&json!({"data": []})));
                };
                *asked = wanted.data.len();
                let call = self.call(&caller, request, tally);
                let actions = self.relay.respond(&call, &wanted.data).await;
                Ok(answer::list(after(wanted.errors, actions), tally))
            }
            Route::Trigger => {
                let opened = self.open(policies.trigger, request, tally, input::trigger).await?;
                let Some((caller, trigger)) = opened else {
                    return Ok(answer::constant(&json!({"data": {"status": "failure"}})));
                };
                let call = self.call(&caller, request, tally);
                Ok(answer::trigger(self.relay.trigger(&call, &trigger).await, tally))
            }
        }
    }

    async fn observables(
        &self,
        policy: RoutePolicy,
        request: &Incoming,
        tally: &Tally,
    ) -> Result<Option<(Caller<R::Credentials>, Partial<Vec<Observable>>)>> {
        let read = |body: &[u8]| input::observables(body, |kind| self.relay.supports(kind));
        self.open(policy, request, tally, read).await
    }

    /// Checks body and token in the order that the gate says; none behind a constant gate.
    async fn open<T>(
        &self,
        policy: RoutePolicy,
        request: &Incoming,
        tally: &Tally,
        read: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<Option<(Caller<R::Credentials>, T)>> {
        let read = |body: &[u8]| {
            read(body).map_err(|error| match error.kind() {
                ErrorKind::InvalidBody => error.with_code(R::ABOUT.invalid_body_code),
                _ => error,
            })
        };
        Ok(match policy {
            RoutePolicy::Disabled => None,
            RoutePolicy::BodyFirst => {
                let body = read(&request.body)?;
                Some((self.caller(request, tally).await?, body))
            }
            RoutePolicy::AuthFirst => {
                let caller = self.caller(request, tally).await?;
                Some((caller, read(&request.body)?))
            }
        })
    }

    async fn caller(&self, request: &Incoming, tally: &Tally) -> Result<Caller<R::Credentials>> {
        let Incoming { headers, gateway, deadline, .. } = request;
        let claims = self.auth.verify(headers, gateway, *deadline, tally).await?;
        let credentials: R::Credentials = claims.credentials()?;
        for secret in credentials.secrets() {
            tally.keep_secret(secret.clone());
        }
        Ok(Caller { credentials, limit: claims.entities_limit(self.entities_limit.as_deref()) })
    }

    fn call<'a>(
        &'a self,
        caller: &'a Caller<R::Credentials>,
        request: &Incoming,
        tally: &'a Tally,
    ) -> Call<'a, R::Credentials> {
        Call {
            credentials: &caller.credentials,
            limit: caller.limit,
            now: Time::of_clock(self.clock.now()),
            product: &self.product,
            http: &self.http,
            clock: &self.clock,
            deadline: request.deadline,
            tally,
        }
    }
}

impl Outgoing {
    /// The answer of a relay whose settings cannot be used; says which and how.
    pub fn misconfigured(bad: &BadSetting) -> Self {
        let text = format!("The relay is not configured: {bad}.");
        let error = Error::new(ErrorKind::Misconfigured, text);
        let answer = answer::refusal(error, &Tally::default());
        Self { status: 200, allow: None, body: answer.body, metrics: String::new() }
    }
}

fn after<T>(warnings: Vec<Error>, mut found: Partial<T>) -> Partial<T> {
    found.errors.splice(0..0, warnings);
    found
}

fn watchdog(headers: &HeaderMap) -> Result<Answer> {
    let sent = headers.get("health-check").and_then(|value| value.to_str().ok());
    let sent = sent.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            "The Health-Check header is missing; send one to have it echoed.",
        )
        .with_code("health check failed")
    })?;
    Ok(answer::constant(&json!({"data": sent})))
}

fn missed(miss: Miss) -> Outgoing {
    let (status, allow, message, reason) = match miss {
        Miss::UnknownPath => (404, None, "Not Found", "This relay has no such path."),
        Miss::WrongMethod(method) => {
            (405, Some(method), "Method Not Allowed", "This path needs another method.")
        }
    };
    let body = json!({"code": status, "message": message, "reason": reason}).to_string();
    Outgoing { status, allow, body, metrics: String::new() }
}

fn own_failure(request_id: &str) -> Error {
    let text =
        format!("The relay failed unexpectedly; report request id {request_id} to its operator.");
    Error::new(ErrorKind::Unexpected, text)
}

fn out_of_time() -> Error {
    let text =
        "The product took too long and nothing had arrived yet; ask about fewer observables.";
    Error::new(ErrorKind::Unreachable, text)
}
