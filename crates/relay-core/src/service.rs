//! Answers one call: route, source and token, body, relay, answer, log. Knows no transport.

mod audit;
mod incoming;
mod outgoing;
mod recent_actions;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::{FutureExt, future::BoxFuture};
use http::HeaderMap;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

pub use incoming::Incoming;
pub use outgoing::Outgoing;

use crate::{
    answer::{self, Answer},
    auth::{Auth, TokenFacts, is_entity_limit},
    cache::CacheKey,
    clock::Clock,
    ctim::{Observable, Time},
    error::{self, Error, ErrorKind, Result},
    input,
    invocation::InvocationContext,
    outbound::{Http, Resolver, SystemResolver, one_line},
    relay::{
        Call, ClaimKind, Credentials, Link, MAPPING_TIME, Partial, Relay, RoutePolicy, Trigger,
    },
    route::Route,
    settings::{BadSetting, Environment},
    telemetry::{Report, level, metrics_namespace, report},
};
use audit::Audit;
use recent_actions::RecentActions;

/// One relay, ready to answer any number of calls side by side.
pub struct Service<R> {
    relay: R,
    /// What messages call the product.
    product: Arc<str>,
    auth: Auth,
    http: Http,
    clock: Clock,
    /// The setting `CTR_ENTITIES_LIMIT`.
    entity_limit: Option<String>,
    metrics_namespace: String,
    recent_actions: RecentActions,
    is_warm: AtomicBool,
}

/// The caller as the token describes it.
struct Caller<C> {
    credentials: C,
    entity_limit: usize,
    /// What the log calls the token.
    token: String,
    /// The digest of all that makes this caller another than others.
    digest: CacheKey,
    is_of_operator: bool,
}

/// One of the relay's methods that take observables.
type Method<R, T> = for<'c> fn(
    &'c R,
    &'c Call<'c, <R as Relay>::Credentials>,
    &'c [Observable],
) -> BoxFuture<'c, Partial<T>>;

impl<R: Relay> Service<R> {
    /// Reads all settings and fetches the secret.
    ///
    /// # Errors
    ///
    /// Names the setting that cannot be used.
    pub async fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Self::with(environment, Clock::system(), Arc::new(SystemResolver)).await
    }

    /// The same with a clock and a resolver that a test controls.
    ///
    /// # Errors
    ///
    /// Names the setting that cannot be used.
    pub async fn with(
        environment: &Environment,
        clock: Clock,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, BadSetting> {
        let http = Http::new(environment, &R::ABOUT.user_agent(), resolver)?;
        let relay = R::new(environment)?;
        let facts = TokenFacts {
            slug: R::ABOUT.slug,
            form_claims: R::CLAIMS.iter().map(|claim| claim.name).collect(),
        };
        level(environment)?;
        let service = Self {
            product: relay.product_name().into(),
            relay,
            auth: Auth::new(environment, &http, &clock, &facts).await?,
            http,
            clock,
            entity_limit: environment.text("CTR_ENTITIES_LIMIT").map(str::to_owned),
            metrics_namespace: metrics_namespace(environment)?,
            recent_actions: RecentActions::default(),
            is_warm: AtomicBool::new(false),
        };
        service.log_start();
        Ok(service)
    }

    /// Logs what an operator should know of settings that can be used.
    fn log_start(&self) {
        self.auth.log_policy();
        if self.entity_limit.as_deref().is_some_and(|limit| !is_entity_limit(limit)) {
            tracing::warn!(
                setting = "CTR_ENTITIES_LIMIT",
                "must be a whole number from 1 to 1000; 100 is used in its place"
            );
        }
    }

    /// Answers one call. Never fails: errors are part of the answer.
    pub async fn answer(&self, request: Incoming) -> Outgoing {
        let started = Instant::now();
        let route = match Route::of(&request.method, &request.path) {
            Ok(route) => route,
            Err(error) => {
                log_no_route(R::ABOUT.slug, &request);
                return Outgoing::without_route(error, &request.request_id);
            }
        };
        let context = InvocationContext::default();
        let answer = self.answer_in_time(route, &request, &context).await;
        let report_of_call = Report {
            namespace: &self.metrics_namespace,
            relay: R::ABOUT.slug,
            route: route.name(),
            request_id: &request.request_id,
            gateway_request_id: &request.gateway.request_id,
            source: request.gateway.source,
            found: answer.found,
            errors: &answer.errors,
            duration: started.elapsed(),
            cold_start: !self.is_warm.swap(true, Ordering::Relaxed),
        };
        report(&report_of_call, &context);
        let now = self.clock.now().as_millisecond();
        let metrics = report_of_call.metrics(&context.metrics, now);
        let Incoming { request_id, .. } = request;
        Outgoing { status: 200, allow: None, body: answer.body, metrics, request_id }
    }

    /// Checks a call's token and the credentials in it, as every route does, and sends requests to
    /// key hosts only. For tools.
    ///
    /// # Errors
    ///
    /// `Unauthorized`.
    pub async fn check(&self, request: &Incoming) -> Result<()> {
        self.caller(request, &InvocationContext::default()).await.map(|_| ())
    }

    /// Ends a route that takes too long or panics with an error.
    async fn answer_in_time(
        &self,
        route: Route,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Answer {
        let work = AssertUnwindSafe(self.answer_route(route, request, context)).catch_unwind();
        let outcome = match timeout_at(request.deadline + MAPPING_TIME, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Err(own_failure(&request.request_id)),
            Err(_) if route == Route::Trigger => Err(out_of_time().outcome_unknown()),
            Err(_) => Err(out_of_time()),
        };
        outcome.unwrap_or_else(|error| answer::error(error, &context.redactor))
    }

    async fn answer_route(
        &self,
        route: Route,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Result<Answer> {
        self.auth.admit(&request.gateway)?;
        let (policies, redactor) = (R::ABOUT.policies, &context.redactor);
        match route {
            Route::Version => Ok(answer::constant(&json!({"version": R::ABOUT.version}))),
            Route::Watchdog => watchdog(&request.headers),
            Route::Health => self.health(request, context).await,
            Route::Observe => {
                let observe: Method<R, _> = |relay, call, all| relay.observe(call, all).boxed();
                let found = self.ask(policies.observe, request, context, observe).await?;
                Ok(answer::entities(found, redactor))
            }
            Route::Deliberate => {
                let verdicts: Method<R, _> = |relay, call, all| relay.deliberate(call, all).boxed();
                let found = self.ask(policies.deliberate, request, context, verdicts).await?;
                Ok(answer::entities(found, redactor))
            }
            Route::Refer => {
                Ok(answer::list(self.refer(policies.refer, request, context).await?, redactor))
            }
            Route::Respond => {
                let actions: Method<R, _> = |relay, call, all| relay.respond(call, all).boxed();
                let found = self.ask(policies.respond, request, context, actions).await?;
                Ok(answer::list(found, redactor))
            }
            Route::Trigger => self.trigger(policies.trigger, request, context).await,
        }
    }

    async fn health(&self, request: &Incoming, context: &InvocationContext) -> Result<Answer> {
        let caller = self.caller(request, context).await?;
        let outcome = self.relay.health(&self.call(&caller, request, context)).await;
        Ok(answer::health(outcome, &context.redactor))
    }

    async fn trigger(
        &self,
        policy: RoutePolicy,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Result<Answer> {
        let checked = self.checked(policy, request, context, input::trigger).await?;
        let Some((caller, trigger)) = checked else {
            return Ok(answer::constant(&json!({"data": {"status": "failure"}})));
        };
        let account = caller.credentials.account();
        let audit = Audit::open::<R>(request, context, &caller.token, account, &trigger);
        let outcome = self.act(&self.call(&caller, request, context), &caller, &trigger).await;
        audit.close(&outcome);
        Ok(answer::trigger(outcome, &context.redactor))
    }

    /// Does an action, unless the same one was requested just now.
    async fn act(
        &self,
        call: &Call<'_, R::Credentials>,
        caller: &Caller<R::Credentials>,
        trigger: &Trigger,
    ) -> Result<()> {
        let parts = trigger.parts();
        let action = caller.digest.and(&parts.each_ref().map(String::as_str));
        self.recent_actions.begin(action, call.now)?;
        let outcome = self.relay.trigger(call, trigger).await;
        if outcome.as_ref().is_err_and(|error| !error.is_outcome_unknown()) {
            self.recent_actions.forget(&action);
        }
        outcome
    }

    async fn refer(
        &self,
        policy: RoutePolicy,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Result<Partial<Vec<Link>>> {
        let links: Method<R, _> = |relay, call, all| relay.refer(call, all).boxed();
        let outcome = self.ask(policy, request, context, links).await;
        let is_refused =
            outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unauthorized);
        if !is_refused || policy != RoutePolicy::TokenOptional {
            return outcome;
        }
        let Partial { data: observables, errors: mut warnings } =
            self.observables(&request.body)?;
        let found = self.relay.refer_by_settings(&observables);
        warnings.extend(found.errors);
        Ok(Partial { data: found.data, errors: warnings })
    }

    /// Asks the relay about the observables of the body; not on a disabled route, and not about none.
    async fn ask<T: Default>(
        &self,
        policy: RoutePolicy,
        request: &Incoming,
        context: &InvocationContext,
        method: Method<R, T>,
    ) -> Result<Partial<T>> {
        let read = |body: &[u8]| self.observables(body);
        let Some((caller, body)) = self.checked(policy, request, context, read).await? else {
            return Ok(Partial::default());
        };
        let Partial { data: observables, errors: mut warnings } = body;
        context.metrics.count_observables(observables.len());
        context.record_budget.share_among(observables.len());
        let call = self.call(&caller, request, context);
        let found = match &observables[..] {
            [] => Partial::default(),
            all => method(&self.relay, &call, all).await,
        };
        warnings.append(&mut error::joined(found.errors, observables.len()));
        if context.record_budget.is_cut() {
            warnings.push(records_left_out(&self.product));
        }
        Ok(Partial { data: found.data, errors: warnings })
    }

    fn observables(&self, body: &[u8]) -> Result<Partial<Vec<Observable>>> {
        input::observables(body, |kind| self.relay.supports(kind))
    }

    /// Checks body and token in the order of the route's policy; `None` on a disabled route.
    async fn checked<T>(
        &self,
        policy: RoutePolicy,
        request: &Incoming,
        context: &InvocationContext,
        read: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<Option<(Caller<R::Credentials>, T)>> {
        let body = || {
            read(&request.body).map_err(|error| match error.kind() {
                ErrorKind::InvalidBody => error.with_code(R::ABOUT.invalid_body_code),
                _ => error,
            })
        };
        Ok(match policy {
            RoutePolicy::Disabled => None,
            RoutePolicy::BodyFirst | RoutePolicy::TokenOptional => {
                let body = body()?;
                Some((self.caller(request, context).await?, body))
            }
            RoutePolicy::AuthFirst => Some((self.caller(request, context).await?, body()?)),
        })
    }

    async fn caller(
        &self,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Result<Caller<R::Credentials>> {
        let Incoming { headers, gateway, deadline, .. } = request;
        let token = self.auth.verify(headers, gateway, *deadline, context).await?;
        let claims = &token.claims;
        let credentials: R::Credentials = claims.credentials(is_password::<R>)?;
        for secret in credentials.secrets() {
            context.redactor.add(secret.clone());
        }
        Ok(Caller {
            credentials,
            entity_limit: claims.entity_limit(self.entity_limit.as_deref()),
            digest: claims.caller(),
            token: token.id,
            is_of_operator: token.is_of_operator,
        })
    }

    fn call<'a>(
        &'a self,
        caller: &'a Caller<R::Credentials>,
        request: &Incoming,
        context: &'a InvocationContext,
    ) -> Call<'a, R::Credentials> {
        Call {
            credentials: &caller.credentials,
            limit: caller.entity_limit,
            is_of_operator: caller.is_of_operator,
            now: Time::of_clock(self.clock.now()),
            product: &self.product,
            http: &self.http,
            clock: &self.clock,
            deadline: request.deadline,
            context,
        }
    }
}

/// Returns whether a claim is a password, which alone may begin or end with a blank.
fn is_password<R: Relay>(name: &str) -> bool {
    R::CLAIMS.iter().any(|claim| claim.name == name && claim.kind == ClaimKind::Password)
}

fn log_no_route(relay: &str, request: &Incoming) {
    tracing::info!(
        relay,
        request_id = request.request_id,
        gateway_request_id = request.gateway.request_id,
        source = request.gateway.source.map(tracing::field::display),
        method = one_line(request.method.as_str()),
        path = one_line(&request.path),
        "no such route"
    );
}

fn watchdog(headers: &HeaderMap) -> Result<Answer> {
    let sent = headers.get("health-check").and_then(|value| value.to_str().ok());
    let sent = sent.ok_or_else(|| {
        let text = "The Health-Check header is missing; send one to have it echoed.";
        Error::new(ErrorKind::InvalidInput, text).with_code("health check failed")
    })?;
    Ok(answer::constant(&json!({"data": sent})))
}

fn own_failure(request_id: &str) -> Error {
    let text =
        format!("The relay failed unexpectedly; report request id {request_id} to its operator.");
    Error::new(ErrorKind::Unexpected, text)
}

fn records_left_out(product: &str) -> Error {
    let text = format!(
        "{product} sent more than a relay holds, so the answer lacks some of its records; ask about fewer observables at a time or lower CTR_ENTITIES_LIMIT."
    );
    Error::new(ErrorKind::TooLarge, text).as_warning()
}

fn out_of_time() -> Error {
    let text =
        "The product took too long and nothing had arrived yet; ask about fewer observables.";
    Error::new(ErrorKind::Interrupted, text)
}
