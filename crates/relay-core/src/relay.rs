//! What a relay is: facts about a product, and what it says when it is asked.

mod claim;
mod concurrency;
mod credentials;
mod offer;

use std::{future::Future, time::Duration};

use tokio::time::Instant;

use crate::{
    clock::Clock,
    ctim::{Bundle, Namespace, Observable, ObservableType, Time},
    error::{Error, Result},
    http::{Http, Request, Response},
    settings::{BadSetting, Environment},
    telemetry::Tally,
};

pub use claim::{Claim, ClaimKind};
pub use concurrency::{CircuitBreaker, join_bounded};
pub use credentials::{Credentials, Secret};
pub use offer::{Action, Link, QueryParams, Trigger};

/// A third-party product behind the Threat Response routes.
pub trait Relay: Sized + Send + Sync + 'static {
    /// What the token must carry for this product.
    type Credentials: Credentials;

    /// Name, version, supported types, policies: facts, not code.
    const ABOUT: About;

    /// What the token may carry for this product, in the order in which a form asks for it.
    const CLAIMS: &'static [Claim] = &[];

    /// Reads the product's settings. What the relay keeps here outlives calls: settings, and
    /// caches keyed by a digest of the whole credential set, nothing else.
    fn new(environment: &Environment) -> Result<Self, BadSetting>;

    /// Whether this type is asked about; settings may widen or narrow what `ABOUT` lists.
    fn supports(&self, kind: ObservableType) -> bool {
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
    pub policies: RoutePolicies,
    /// The code of the error for a body of the wrong shape.
    pub invalid_body_code: &'static str,
    /// The product's own documentation.
    pub documentation: Documentation,
    /// The ids of the product's module type in Threat Response: North America, Europe,
    /// Asia-Pacific. `None` where Threat Response has no module type for the product.
    pub module_types: Option<[&'static str; 3]>,
}

/// A page that explains a product.
#[derive(Debug, Clone, Copy)]
pub struct Documentation {
    /// The page's title, as a form shows it.
    pub title: &'static str,
    /// Its https URL.
    pub url: &'static str,
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
pub enum RoutePolicy {
    /// The body is looked at first, then the token.
    BodyFirst,
    /// The token is looked at first, then the body.
    AuthFirst,
    /// The relay has nothing to say here; the answer is the route's empty one.
    Disabled,
}

/// The gates of the routes that differ between relays. `/health` always wants a token and no body.
#[derive(Debug, Clone, Copy)]
pub struct RoutePolicies {
    /// `/observe/observables`.
    pub observe: RoutePolicy,
    /// `/deliberate/observables`.
    pub deliberate: RoutePolicy,
    /// `/refer/observables`.
    pub refer: RoutePolicy,
    /// `/respond/observables`.
    pub respond: RoutePolicy,
    /// `/respond/trigger`.
    pub trigger: RoutePolicy,
}

impl RoutePolicies {
    /// The same gate everywhere.
    pub const fn all(policy: RoutePolicy) -> Self {
        Self {
            observe: policy,
            deliberate: policy,
            refer: policy,
            respond: policy,
            trigger: policy,
        }
    }

    /// Observing behind this gate, constant answers elsewhere.
    pub const fn observe_only(policy: RoutePolicy) -> Self {
        Self { observe: policy, ..Self::all(RoutePolicy::Disabled) }
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
