//! Answers one call: route, source and token, body, relay, answer, log. Knows no transport.

mod audit;
mod caller;
mod connections;
mod incoming;
mod outgoing;
mod recent_actions;
mod routes;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::FutureExt;
use tokio::time::{Instant, timeout_at};

pub use incoming::Incoming;
pub use outgoing::Outgoing;

use crate::{
    answer::{self, Answer},
    auth::{Auth, RequestedFrom, TokenFacts, is_entity_limit},
    clock::Clock,
    ctim::ObservableType,
    error::{Error, ErrorKind, Result},
    invocation::InvocationContext,
    outbound::{Http, Resolver, SystemResolver, one_line},
    relay::{MAPPING_TIME, Relay},
    route::Route,
    settings::{BadSetting, Environment},
    telemetry::{Report, level, metrics_namespace, report},
    xray::{Daemon, Trace},
};
use recent_actions::RecentActions;

/// One relay, ready to answer any number of calls side by side.
pub struct Service<R> {
    relay: R,
    /// What messages call the product.
    product: Arc<str>,
    auth: Auth,
    requested_from: RequestedFrom,
    http: Http,
    clock: Clock,
    /// The setting `CTR_ENTITIES_LIMIT`.
    entity_limit: Option<String>,
    metrics_namespace: String,
    recent_actions: RecentActions,
    /// The setting `PRECONNECT`: whether connections are opened before they are needed.
    preconnects: bool,
    /// Takes subsegments of traced calls, where Lambda offers it.
    xray: Option<Daemon>,
    is_warm: AtomicBool,
}

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
            requested_from: RequestedFrom::new(environment)?,
            http,
            xray: Daemon::new(environment, &clock),
            clock,
            entity_limit: environment.text("CTR_ENTITIES_LIMIT").map(str::to_owned),
            metrics_namespace: metrics_namespace(environment)?,
            recent_actions: RecentActions::default(),
            preconnects: environment.flag("PRECONNECT", true)?,
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
        let context = InvocationContext { trace: self.trace(&request), ..Default::default() };
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
            ended: self.clock.now().as_millisecond(),
        };
        report(&report_of_call, &context);
        let metrics = report_of_call.metrics(&context);
        let Incoming { request_id, .. } = request;
        Outgoing { status: 200, allow: None, body: answer.body, metrics, request_id }
    }

    /// Returns whether the relay answers about observables of a type, with its settings. For tools.
    #[must_use]
    pub fn supports(&self, kind: ObservableType) -> bool {
        self.relay.supports(kind)
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

    fn trace(&self, request: &Incoming) -> Option<Trace> {
        self.xray.as_ref()?.trace(request.trace.as_deref()?)
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

fn own_failure(request_id: &str) -> Error {
    let text =
        format!("The relay failed unexpectedly; report request id {request_id} to its operator.");
    Error::new(ErrorKind::Unexpected, text)
}

fn out_of_time() -> Error {
    let text =
        "The product took too long and nothing had arrived yet; ask about fewer observables.";
    Error::new(ErrorKind::Interrupted, text)
}
