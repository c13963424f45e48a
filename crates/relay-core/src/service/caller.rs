//! Who calls: the verified token, the credentials in it, and the call that a relay gets.

use http::header::AUTHORIZATION;

use super::{Incoming, Service};
use crate::{
    cache::CacheKey,
    ctim::Time,
    error::{ErrorKind, Result},
    invocation::{InvocationContext, Refusal},
    relay::{Call, ClaimKind, Credentials, Relay},
};

/// The caller as the token describes it.
pub(super) struct Caller<C> {
    pub(super) credentials: C,
    pub(super) entity_limit: usize,
    /// What the log calls the token.
    pub(super) token: String,
    /// The digest of all that makes this caller another than others.
    pub(super) digest: CacheKey,
    pub(super) is_of_operator: bool,
    /// Where it asks from, and who it is as far as the token says it.
    pub(super) requested_from: String,
}

impl<R: Relay> Service<R> {
    /// Checks the address that a request comes from. Errors: `Unauthorized`.
    pub(super) fn admit(&self, request: &Incoming, context: &InvocationContext) -> Result<()> {
        let admitted = self.auth.admit(&request.gateway);
        admitted.inspect_err(|_| context.caller.note_refusal(Refusal::Address))
    }

    /// Returns the caller of a request whose token verifies. Errors: `Unauthorized`.
    pub(super) async fn caller(
        &self,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Result<Caller<R::Credentials>> {
        let has_token = request.headers.contains_key(AUTHORIZATION);
        let refusal = if has_token { Refusal::Token } else { Refusal::MissingToken };
        self.verified_caller(request, context).await.inspect_err(|error| {
            if error.kind() == ErrorKind::Unauthorized {
                context.caller.note_refusal(refusal);
            }
        })
    }

    async fn verified_caller(
        &self,
        request: &Incoming,
        context: &InvocationContext,
    ) -> Result<Caller<R::Credentials>> {
        let Incoming { headers, gateway, deadline, .. } = request;
        let beside = || self.open_product_connections();
        let token = self.auth.verify(headers, gateway, *deadline, context, &beside).await?;
        let claims = &token.claims;
        let credentials: R::Credentials = claims.credentials(is_password::<R>)?;
        for secret in credentials.secrets() {
            context.redactor.add(secret.clone());
        }
        Ok(Caller {
            credentials,
            entity_limit: claims.entity_limit(self.entity_limit.as_deref()),
            digest: claims.caller(),
            requested_from: self.requested_from.by(&token),
            token: token.id,
            is_of_operator: token.is_of_operator,
        })
    }

    /// Returns what the relay gets to know of a request.
    pub(super) fn call<'a>(
        &'a self,
        caller: &'a Caller<R::Credentials>,
        request: &Incoming,
        context: &'a InvocationContext,
    ) -> Call<'a, R::Credentials> {
        Call {
            credentials: &caller.credentials,
            limit: caller.entity_limit,
            is_of_operator: caller.is_of_operator,
            requested_from: &caller.requested_from,
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
