//! One call, as the relay sees it.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    clock::Clock,
    ctim::Time,
    error::{Error, Result},
    invocation::InvocationContext,
    outbound::{Http, Request, Response},
    secret::Secret,
};

/// One request of XDR while a relay answers it. Nothing of the caller is kept anywhere else, but for
/// caches under a digest of its credentials.
pub struct Call<'a, C> {
    /// The credentials in the token.
    pub credentials: &'a C,
    /// The number of entities of one type for one observable.
    pub limit: usize,
    /// The present, the same for the whole call.
    pub now: Time,
    /// Whether the operator knows whose token it is; see [`lent`](Self::lent).
    pub(crate) is_of_operator: bool,
    pub(crate) product: &'a Arc<str>,
    pub(crate) http: &'a Http,
    pub(crate) clock: &'a Clock,
    pub(crate) deadline: Instant,
    pub(crate) context: &'a InvocationContext,
}

impl<C> Call<'_, C> {
    /// Sends one request to the product and reads the whole response, whatever its status.
    ///
    /// # Errors
    ///
    /// `Unreachable`, `Untrusted`, `TooLarge`. A 429 that outlasts its one wait comes back as a
    /// response.
    pub async fn send(&self, request: Request) -> Result<Response> {
        self.http.send(request.for_product(), self.product, self.deadline, self.context).await
    }

    /// Sends one request to another service than the product, which messages call by this name. The
    /// issuers of `EXTRA_CA_BUNDLE` do not count for it.
    ///
    /// # Errors
    ///
    /// As of [`send`](Self::send).
    pub async fn send_to(
        &self,
        service: impl Into<Arc<str>>,
        request: Request,
    ) -> Result<Response> {
        self.http.send(request, &service.into(), self.deadline, self.context).await
    }

    /// Returns something of the operator's own, such as a key or the server that is asked where the
    /// token names none, if this caller may use it. A configuration token may be any organisation's;
    /// only with `TOKEN_CLAIMS` is it known to be the operator's.
    #[must_use]
    pub fn lent<T>(&self, own: Option<T>) -> Option<T> {
        own.filter(|_| self.is_of_operator)
    }

    /// Adds to an error about something missing that the operator's own is not lent to this caller.
    pub fn explain_missing(&self, missing: Error) -> Error {
        if self.is_of_operator {
            return missing;
        }
        missing.with_advice(
            "a configuration token may use the relay's own only where TOKEN_CLAIMS says whose it is",
        )
    }

    /// Returns what messages call the product.
    #[must_use]
    pub fn product(&self) -> &str {
        self.product
    }

    /// Returns the time at this moment; [`now`](Self::now) is that at which the call began.
    #[must_use]
    pub fn moment(&self) -> Time {
        Time::of_clock(self.clock.now())
    }

    /// Returns how long the product may still take.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Has a secret that was made during this call, such as an access token, redacted from the answer
    /// and the log.
    pub fn keep_secret(&self, secret: Secret) {
        self.context.redactor.add(secret);
    }
}
