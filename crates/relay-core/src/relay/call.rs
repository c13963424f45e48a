//! One call, as the relay sees it.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Findings;
use crate::{
    clock::Clock,
    ctim::{Observable, Time},
    error::{Error, ErrorKind, Result},
    invocation::InvocationContext,
    outbound::{HostKind, Http, Request, Response},
    quota::Quota,
    secret::Secret,
    url::{Address, BaseUrl},
};

/// The time for mapping what has arrived when the deadline of product requests is over.
pub(crate) const MAPPING_TIME: Duration = Duration::from_millis(500);

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
    pub(crate) requested_from: &'a str,
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

    /// Begins to open connections to hosts of the product that this call will need, where none have
    /// been used for a while. Nothing is sent on them.
    pub fn open_connections(&self, urls: &[&BaseUrl]) {
        urls.iter().for_each(|url| self.open_connection(&url.root()));
    }

    /// Begins to open the connection for a request to the product, while something else is waited for.
    pub(crate) fn open_connection(&self, address: &Address) {
        // Nobody waits for it: the request finds it, or waits for it, or opens another.
        drop(self.http.open(address, HostKind::Product));
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

    /// Returns where actions are requested from, and by whom as far as the token says it, such as
    /// `Cisco XDR by mara@contoso.example of Contoso`: texts that are written into products say it. At
    /// most 240 characters; `REQUESTED_FROM` sets the place.
    #[must_use]
    pub fn requested_from(&self) -> &str {
        self.requested_from
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

    /// Adds a quota that the product told to the answer of `/health`; other routes do not show it.
    pub fn report_quota(&self, name: &'static str, quota: Quota) {
        self.context.quotas.report(name, quota);
    }

    /// Reports when the credentials end, as the product told; the log and the metric
    /// `CredentialDaysLeft` say how many days are left.
    pub fn report_credentials_end(&self, end: Time) {
        self.context.credentials_end.get_or_init(|| end);
    }

    /// Maps what was found of each observable, in order, and drops it. When the time is over, the rest
    /// is left out, and a warning names the observables.
    pub fn map_each<T>(
        &self,
        found: impl IntoIterator<Item = T>,
        subject: impl Fn(&T) -> &Observable,
        mut map: impl FnMut(T) -> Findings,
    ) -> Findings {
        let end = self.deadline + MAPPING_TIME;
        let mut findings = Findings::default();
        let mut missing = Vec::new();
        for one in found {
            if Instant::now() >= end {
                missing.push(subject(&one).value.clone());
                continue;
            }
            let Findings { data, errors } = map(one);
            findings.data.append(data);
            findings.errors.extend(errors);
        }
        if !missing.is_empty() {
            let text = "The time was over before everything that was found could be put into the answer; ask about fewer observables at a time.";
            let error = Error::new(ErrorKind::Interrupted, text).as_warning();
            findings.errors.push(error.about(missing));
        }
        findings
    }

    /// Returns the warning about an observable that the product was not asked about, because an
    /// earlier request failed in a way that others would, too.
    pub fn not_asked(&self, observable: &Observable) -> Error {
        let text = format!(
            "{} was not asked about every observable, because an earlier request failed; ask about the others again.",
            self.product
        );
        Error::new(ErrorKind::NotAsked, text).as_warning().about([&observable.value])
    }

    /// Returns the warning about an observable of which only so many records were requested, because
    /// the response with all was too large.
    pub fn fewer_records(&self, observable: &Observable, records: usize) -> Error {
        let text = format!(
            "{} sent more than a relay reads, so no more than {records} records were requested; lower CTR_ENTITIES_LIMIT.",
            self.product
        );
        Error::new(ErrorKind::TooLarge, text).as_warning().about([&observable.value])
    }
}
