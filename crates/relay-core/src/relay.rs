//! What a relay is: facts about a product, and what it says when it is asked.

mod claim;

use std::{
    fmt,
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ::http::HeaderValue;
use futures::{StreamExt, stream};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, de, de::DeserializeOwned};
use tokio::time::Instant;

use crate::{
    clock::Clock,
    ctim::{Bundle, Namespace, Observable, ObservableType, ShortText, Time, Uri},
    error::{Error, ErrorKind, Result},
    http::{Http, Request, Response},
    settings::{BadSetting, Environment},
    telemetry::Tally,
};

pub use claim::{Claim, ClaimKind};

/// A third-party product behind the Threat Response routes.
pub trait Relay: Sized + Send + Sync + 'static {
    /// What the token must carry for this product.
    type Credentials: Credentials;

    /// Name, version, supported types, gates: facts, not code.
    const ABOUT: About;

    /// What the token may carry for this product, in the order in which a form asks for it.
    const CLAIMS: &'static [Claim] = &[];

    /// Reads the product's settings. What the relay keeps here outlives calls: settings, and
    /// caches keyed by a digest of the whole credential set, nothing else.
    fn new(environment: &Environment) -> Result<Self, BadSetting>;

    /// Whether this type is asked about; settings may widen or narrow what `ABOUT` lists.
    fn asks_about(&self, kind: ObservableType) -> bool {
        Self::ABOUT.name_of(kind).is_some()
    }

    /// One cheap request with the caller's credentials.
    fn health(&self, call: &Call<'_, Self::Credentials>)
    -> impl Future<Output = Result<()>> + Send;

    /// What the product has seen of `wanted`: not empty, supported types only, no pair twice.
    fn observe(
        &self,
        call: &Call<'_, Self::Credentials>,
        wanted: &[Observable],
    ) -> impl Future<Output = Findings> + Send;

    /// Verdicts only.
    fn deliberate(
        &self,
        _call: &Call<'_, Self::Credentials>,
        _wanted: &[Observable],
    ) -> impl Future<Output = Findings> + Send {
        async { Findings::default() }
    }

    /// Links into the product.
    fn refer(
        &self,
        _call: &Call<'_, Self::Credentials>,
        _wanted: &[Observable],
    ) -> impl Future<Output = Partial<Vec<Link>>> + Send {
        async { Partial::default() }
    }

    /// What can be done about `wanted`.
    fn actions(
        &self,
        _call: &Call<'_, Self::Credentials>,
        _wanted: &[Observable],
    ) -> impl Future<Output = Partial<Vec<Action>>> + Send {
        async { Partial::default() }
    }

    /// Does one of the offered actions. `Ok` only when the product said that it was done.
    fn trigger(
        &self,
        _call: &Call<'_, Self::Credentials>,
        _trigger: &Trigger,
    ) -> impl Future<Output = Result<()>> + Send {
        async { Err(Trigger::unsupported()) }
    }
}

/// What a token carries for a product, and which of it is secret.
pub trait Credentials: DeserializeOwned + Send + Sync {
    /// Everything that must never show in an answer or a log.
    fn secrets(&self) -> Vec<&Secret>;
}

/// A secret text: prints nothing, is wiped when dropped, and is never empty.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps a text secret; an empty one is none.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The secret as a header's value, after `prefix`; marked so that no client prints it.
    ///
    /// Errors: `InvalidInput` for characters outside printable ASCII, which could split a header.
    pub fn header(&self, prefix: &str) -> Result<HeaderValue> {
        let text = format!("{prefix}{}", self.expose());
        let printable = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let value = printable.then(|| HeaderValue::try_from(text).ok()).flatten();
        let mut value = value.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "The key in the token holds characters that no key has; copy it again from the product.",
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The library's own messages may quote the value; ours does not.
        let text = String::deserialize(deserializer)
            .map_err(|_| de::Error::custom("a secret is not a text"))?;
        Self::new(text).ok_or_else(|| de::Error::custom("a secret is empty"))
    }
}

/// Facts about a relay, known at compile time.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The product's name, in messages and in `source`: `MISP`.
    pub name: &'static str,
    /// The relay's folder name, in ids and logs: `misp`.
    pub slug: &'static str,
    /// What `/version` answers.
    pub version: &'static str,
    /// The types it answers about, and what a sentence calls each.
    pub observables: &'static [(ObservableType, &'static str)],
    /// What each route does before the relay is asked.
    pub gates: Gates,
    /// The code of the error for a body of the wrong shape.
    pub invalid_body_code: &'static str,
}

impl About {
    /// What a sentence calls this type, if the relay knows it.
    pub fn name_of(&self, kind: ObservableType) -> Option<&'static str> {
        self.observables.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
    }

    /// Makes this relay's ids.
    pub fn namespace(&self) -> Namespace {
        Namespace::of(self.slug)
    }

    /// How the relay names itself to products: `threat-relays-<slug>/<version>`.
    pub fn user_agent(&self) -> String {
        format!("threat-relays-{}/{}", self.slug, self.version)
    }
}

/// What a route does before the relay is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The body is looked at first, then the token.
    BodyThenToken,
    /// The token is looked at first, then the body.
    TokenThenBody,
    /// The relay has nothing to say here; the answer is the route's empty one.
    Constant,
}

/// The gates of the routes that differ between relays. `/health` always wants a token and no body.
#[derive(Debug, Clone, Copy)]
pub struct Gates {
    /// `/observe/observables`.
    pub observe: Gate,
    /// `/deliberate/observables`.
    pub deliberate: Gate,
    /// `/refer/observables`.
    pub refer: Gate,
    /// `/respond/observables`.
    pub respond: Gate,
    /// `/respond/trigger`.
    pub trigger: Gate,
}

impl Gates {
    /// The same gate everywhere.
    pub const fn all(gate: Gate) -> Self {
        Self { observe: gate, deliberate: gate, refer: gate, respond: gate, trigger: gate }
    }

    /// Observing behind this gate, constant answers elsewhere.
    pub const fn observe_only(gate: Gate) -> Self {
        Self { observe: gate, ..Self::all(Gate::Constant) }
    }
}

/// One request in flight. Nothing of a tenant lives anywhere else.
pub struct Call<'a, C> {
    /// What the token carried.
    pub credentials: &'a C,
    /// How many entities of each type an observable may have.
    pub limit: usize,
    /// The present, taken once for the whole request.
    pub now: Time,
    pub(crate) about: &'a About,
    pub(crate) http: &'a Http,
    pub(crate) clock: &'a Clock,
    pub(crate) deadline: Instant,
    pub(crate) tally: &'a Tally,
}

impl<C> Call<'_, C> {
    /// Sends one request to the product and reads the whole answer, whatever its status.
    ///
    /// Errors: `Unreachable`, `Untrusted`, `TooLarge`; `RateLimited` never: a 429 that
    /// outlasts its one wait comes back as an answer.
    pub async fn send(&self, request: Request) -> Result<Response> {
        self.http.send(request, self.about.name, self.deadline, self.tally).await
    }

    /// How long the product may still take.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Keeps a secret that was made during this call, such as an access token, out of the answer.
    pub fn keep_secret(&self, secret: Secret) {
        self.tally.keep_secret(secret);
    }
}

/// What was found and what went wrong; both may be there, and partial data beside errors is the
/// rule of the protocol.
#[derive(Debug, Default)]
pub struct Partial<T> {
    /// What was found.
    pub data: T,
    /// What went wrong.
    pub errors: Vec<Error>,
}

/// Entities, and what went wrong.
pub type Findings = Partial<Bundle>;

impl<T: Default> From<Error> for Partial<T> {
    fn from(error: Error) -> Self {
        Self { data: T::default(), errors: vec![error] }
    }
}

impl<T> From<T> for Partial<T> {
    fn from(data: T) -> Self {
        Self { data, errors: Vec::new() }
    }
}

/// A link into the product's console.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// `ref-…`, the same for the same observable.
    pub id: String,
    /// What the menu shows.
    pub title: String,
    /// What the reader finds there.
    pub description: String,
    /// Where it leads.
    pub url: Uri,
    /// The groups it is listed under.
    pub categories: Vec<&'static str>,
}

/// Something that can be done about an observable.
#[derive(Debug, Clone, Serialize)]
pub struct Action {
    /// Comes back as `action-id`.
    pub id: String,
    /// What the menu shows.
    pub title: ShortText,
    /// What it will do.
    pub description: ShortText,
    /// The groups it is listed under.
    pub categories: Vec<&'static str>,
    /// Comes back with the trigger.
    #[serde(rename = "query-params")]
    pub query_params: QueryParams,
}

/// What an action remembers until it is triggered.
#[derive(Debug, Clone, Serialize)]
pub struct QueryParams {
    /// The observable's type.
    pub observable_type: ObservableType,
    /// The observable's value, as asked.
    pub observable_value: String,
    /// The product's id of an indicator, where the action is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicator_id: Option<String>,
}

impl From<&Observable> for QueryParams {
    fn from(observable: &Observable) -> Self {
        Self {
            observable_type: observable.kind,
            observable_value: observable.value.clone(),
            indicator_id: None,
        }
    }
}

/// An action the analyst chose.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// The action's id, as it was offered.
    pub action_id: String,
    /// The observable's type as sent; a type outside CTIM's list stays text.
    pub observable_type: String,
    /// The observable's value.
    pub observable_value: String,
    /// The product's id of an indicator, where the action is about one.
    pub indicator_id: Option<String>,
}

impl Trigger {
    /// The observable, if its type is one of CTIM's.
    pub fn observable(&self) -> Option<Observable> {
        let kind = self.observable_type.parse().ok()?;
        Some(Observable::new(kind, self.observable_value.clone()))
    }

    /// The failure for an action that the relay does not offer.
    pub fn unsupported() -> Error {
        Error::new(
            ErrorKind::Unsupported,
            "Unsupported action: this relay does not offer it for this observable.",
        )
    }
}

/// Runs the futures side by side, at most `at_once` at a time, and keeps their order. One that
/// takes long keeps its own place only: the others go on.
pub async fn each<F: Future>(
    futures: impl IntoIterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    // A named function, because a closure over futures that borrow is not `Send` enough for callers.
    let placed: Vec<_> = futures.into_iter().enumerate().map(with_place).collect();
    let running = stream::iter(placed).buffer_unordered(at_once.max(1));
    let mut outputs: Vec<_> = running.collect().await;
    outputs.sort_unstable_by_key(|(place, _)| *place);
    outputs.into_iter().map(|(_, output)| output).collect()
}

async fn with_place<F: Future>((place, future): (usize, F)) -> (usize, F::Output) {
    (place, future.await)
}

/// Remembers, for one request, that further calls to the product would fail like one before them.
#[derive(Debug, Default)]
pub struct Halt(AtomicBool);

impl Halt {
    /// From now on nothing more is begun.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Does the work, unless it is already known to be in vain; then there is nothing. A failure
    /// that [concerns all calls](ErrorKind::concerns_all_calls) halts the ones not yet begun.
    pub async fn guard<T>(&self, work: impl Future<Output = Result<T>>) -> Option<Result<T>> {
        if self.0.load(Ordering::Relaxed) {
            return None;
        }
        let outcome = work.await;
        if outcome.as_ref().is_err_and(|error| error.kind().concerns_all_calls()) {
            self.set();
        }
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_future_that_takes_long_does_not_keep_the_others_waiting() {
        let (ended, is_ended) = tokio::sync::watch::channel(0);
        let work = |number: usize| {
            let (ended, mut is_ended) = (ended.clone(), is_ended.clone());
            async move {
                if number == 0 {
                    // The first goes on when all others are done.
                    let _ = is_ended.wait_for(|count| *count == 9).await;
                }
                ended.send_modify(|count| *count += 1);
                number
            }
        };
        let outputs = each((0..10).map(work), 2).now_or_never();
        assert_eq!(outputs, Some((0..10).collect()));
    }

    #[test]
    fn only_a_failure_that_concerns_all_calls_halts_the_next() {
        let outcomes = |kind| {
            let halt = Halt::default();
            let works =
                (0..3).map(|_| halt.guard(async move { Err::<(), _>(Error::new(kind, "")) }));
            each(works, 1).now_or_never().unwrap().into_iter().flatten().count()
        };
        assert_eq!(outcomes(ErrorKind::Malformed), 3);
        assert_eq!(outcomes(ErrorKind::Unauthorized), 1);
        assert_eq!(outcomes(ErrorKind::RateLimited { after: None }), 1);
    }
}
