//! Who calls: the verified token, the credentials in it, and the call that a relay gets.

use super::{Incoming, Service};
use crate::{
    cache::CacheKey,
    ctim::Time,
    error::Result,
    invocation::InvocationContext,
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
}

impl<R: Relay> Service<R> {
    /// Returns the caller of a request whose token verifies. Errors: `Unauthorized`.
    pub(super) async fn caller(
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
