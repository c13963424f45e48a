//! What a relay is: facts about a product, and what it says when it is asked.

mod claim;
mod concurrency;
mod credentials;
mod offer;

use std::{future::Future, sync::Arc, time::Duration};

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

    /// Returns what messages call the product; a setting may replace the name in `ABOUT`.
    fn product_name(&self) -> &str {
        Self::ABOUT.name
    }

    /// Returns whether this type is asked about; settings may widen or narrow what `ABOUT` lists.
    fn supports(&self, kind: ObservableType) -> bool {
        Self::ABOUT.name_of(kind).is_some()
    }

    /// Checks the caller's credentials with one cheap request.
    fn health(&self, call: &Call<'_, Self::Credentials>)
    -> impl Future<Output = Result<()>> + Send;

    /// Returns what the product has seen of the observables: at least one, of supported types only,
    /// each pair of type and value once.
    fn observe(
        &self,
        call: &Call<'_, Self::Credentials>,
        observables: &[Observable],
    ) -> impl Future<Output = Findings> + Send;

    /// Returns verdicts only.
    fn deliberate(
        &self,
        _call: &Call<'_, Self::Credentials>,
        _observables: &[Observable],
    ) -> impl Future<Output = Findings> + Send {
        async { Findings::default() }
    }

    /// Returns links into the product.
    fn refer(
        &self,
        _call: &Call<'_, Self::Credentials>,
        _observables: &[Observable],
    ) -> impl Future<Output = Partial<Vec<Link>>> + Send {
        async { Partial::default() }
    }

    /// Returns what can be done about the observables.
    fn respond(
        &self,
        _call: &Call<'_, Self::Credentials>,
        _observables: &[Observable],
    ) -> impl Future<Output = Partial<Vec<Action>>> + Send {
        async { Partial::default() }
    }

    /// Does one of the offered actions. `Ok` means that the product confirmed it.
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
    pub(crate) product: &'a Arc<str>,
    pub(crate) http: &'a Http,
    pub(crate) clock: &'a Clock,
    pub(crate) deadline: Instant,
    pub(crate) tally: &'a Tally,
}

impl<C> Call<'_, C> {
    /// Sends one request to the product and reads the whole response, whatever its status.
    ///
    /// # Errors
    ///
    /// `Unreachable`, `Untrusted`, `TooLarge`. A 429 that outlasts its one wait comes back as a
    /// response.
    pub async fn send(&self, request: Request) -> Result<Response> {
        self.http.send(request, self.product, self.deadline, self.tally).await
    }

    /// Sends one request to another service than the product, which messages call by this name.
    ///
    /// # Errors
    ///
    /// As of [`send`](Self::send).
    pub async fn send_to(
        &self,
        service: impl Into<Arc<str>>,
        request: Request,
    ) -> Result<Response> {
        self.http.send(request, &service.into(), self.deadline, self.tally).await
    }

    /// Returns what messages call the product.
    pub fn product(&self) -> &str {
        self.product
    }

    /// Returns how long the product may still take.
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
