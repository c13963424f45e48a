//! The audit of actions: one line before an action is done, and one after it. Docs:
//! docs/operate.md#audit-of-actions

use std::time::Instant;

use super::{Incoming, caller::Caller, recent_actions};
use crate::{
    error::{Error, Result},
    invocation::InvocationContext,
    outbound::one_line,
    relay::{Credentials, Relay, Trigger},
};

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ActionResult {
    /// It is about to be done.
    Requested,
    /// The product confirmed it.
    Accepted,
    /// The product refused it.
    Refused,
    /// Nothing was sent to the product that would change anything.
    NotAsked,
    /// The same action had been requested just before.
    Repeated,
    /// No response, or none that tells: it may have been done.
    Unknown,
}

impl ActionResult {
    fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NotAsked => "not asked",
            Self::Repeated => recent_actions::CODE,
            Self::Unknown => "unknown",
        }
    }
}

/// One action on the record. Without [`close`](Self::close), after a panic or when the time is over,
/// its result is unknown.
pub(super) struct Audit<'a> {
    relay: &'static str,
    request: &'a Incoming,
    context: &'a InvocationContext,
    token: &'a str,
    account: String,
    requested_from: &'a str,
    trigger: &'a Trigger,
    started: Instant,
    is_closed: bool,
}

impl<'a> Audit<'a> {
    /// Writes the line before the action.
    pub(super) fn open<R: Relay>(
        request: &'a Incoming,
        context: &'a InvocationContext,
        caller: &'a Caller<R::Credentials>,
        trigger: &'a Trigger,
    ) -> Self {
        let audit = Self {
            relay: R::ABOUT.slug,
            request,
            context,
            token: &caller.token,
            account: caller.credentials.account(),
            requested_from: &caller.requested_from,
            trigger,
            started: Instant::now(),
            is_closed: false,
        };
        audit.write(ActionResult::Requested, None);
        audit
    }

    /// Writes the line after the action.
    pub(super) fn close(mut self, outcome: &Result<()>) {
        self.is_closed = true;
        let error = outcome.as_ref().err();
        let result = match error {
            None => ActionResult::Accepted,
            Some(error) if error.code() == recent_actions::CODE => ActionResult::Repeated,
            Some(error) if error.is_outcome_unknown() => ActionResult::Unknown,
            Some(_) if self.context.metrics.changes() == 0 => ActionResult::NotAsked,
            Some(_) => ActionResult::Refused,
        };
        self.write(result, error);
    }

    /// Holds no credentials and no text of the product's; the value stands there whole.
    fn write(&self, result: ActionResult, error: Option<&Error>) {
        let Self { relay, request, context, token, account, requested_from, trigger, .. } = self;
        let redacted = |text: &str| context.redactor.redacted(text);
        tracing::info!(
            target: "relay_core::audit",
            relay,
            request_id = request.request_id,
            gateway_request_id = request.gateway.request_id,
            source = request.gateway.source.map(tracing::field::display),
            token = redacted(token),
            account = one_line(&redacted(account)),
            requested_from = one_line(&redacted(requested_from)),
            action = one_line(&redacted(&trigger.action_id)),
            observable_type = one_line(&redacted(&trigger.observable_type)),
            observable_value = redacted(&trigger.observable_value),
            indicator = one_line(&redacted(trigger.indicator_id.as_deref().unwrap_or_default())),
            result = result.word(),
            code = redacted(error.map(Error::code).unwrap_or_default()),
            duration_ms = self.started.elapsed().as_millis() as u64,
            "action"
        );
    }
}

impl Drop for Audit<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            self.write(ActionResult::Unknown, None);
        }
    }
}
