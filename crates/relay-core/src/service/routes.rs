//! The steps of each route: token and body, the relay, the answer.

use futures::{FutureExt, future::BoxFuture};
use http::HeaderMap;
use serde_json::json;

use super::{Incoming, Service, audit::Audit, caller::Caller};
use crate::{
    answer::{self, Answer},
    ctim::Observable,
    error::{self, Error, ErrorKind, Result},
    input,
    invocation::InvocationContext,
    relay::{Call, Link, Partial, Relay, RoutePolicy, Trigger},
    route::Route,
};

/// One of the relay's methods that take observables.
type Method<R, T> = for<'c> fn(
    &'c R,
    &'c Call<'c, <R as Relay>::Credentials>,
    &'c [Observable],
) -> BoxFuture<'c, Partial<T>>;

impl<R: Relay> Service<R> {
    pub(super) async fn answer_route(
        &self,
        route: Route,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Result<Answer> {
        self.admit(request, context)?;
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
        Ok(answer::health(outcome, context.quotas.told(), &context.redactor))
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
        let audit = Audit::open::<R>(request, context, &caller, &trigger);
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
}

fn watchdog(headers: &HeaderMap) -> Result<Answer> {
    let sent = headers.get("health-check").and_then(|value| value.to_str().ok());
    let sent = sent.ok_or_else(|| {
        let text = "The Health-Check header is missing; send one to have it echoed.";
        Error::new(ErrorKind::InvalidInput, text).with_code("health check failed")
    })?;
    Ok(answer::constant(&json!({"data": sent})))
}

fn records_left_out(product: &str) -> Error {
    let text = format!(
        "{product} sent more than a relay holds, so the answer lacks some of its records; ask about fewer observables at a time or lower CTR_ENTITIES_LIMIT."
    );
    Error::new(ErrorKind::TooLarge, text).as_warning()
}
