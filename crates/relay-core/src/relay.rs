//! The trait that every relay implements, and the types of its methods.

mod about;
mod call;
mod claim;
mod credentials;
mod offer;
mod policy;

use std::future::Future;

pub use about::{About, Documentation, ProductCategory};
pub use call::Call;
pub(crate) use call::MAPPING_TIME;
pub use claim::{Claim, ClaimKind};
pub use credentials::Credentials;
pub use offer::{Action, Link, QueryParams, Trigger};
pub use policy::{RoutePolicies, RoutePolicy};

use crate::{
    ctim::{Bundle, Observable, ObservableType},
    error::{Error, Result},
    settings::{BadSetting, Environment},
    url::BaseUrl,
};

/// A product behind the routes of the relay protocol.
pub trait Relay: Sized + Send + Sync + 'static {
    /// The claims that the product needs.
    type Credentials: Credentials;

    /// Name, version, supported types, policies.
    const ABOUT: About;

    /// The claims as a form asks for them, in its order.
    const CLAIMS: &'static [Claim] = &[];

    /// Reads the product's settings. What the relay keeps in `Self` outlives calls: settings, and
    /// caches under a digest of the whole credential set, and what is known of a server itself.
    ///
    /// # Errors
    ///
    /// Names the setting that cannot be used.
    fn new(environment: &Environment) -> Result<Self, BadSetting>;

    /// Returns what messages call the product; a setting may replace the name in `ABOUT`.
    fn product_name(&self) -> &str {
        Self::ABOUT.name
    }

    /// Returns where the product and its login are, as far as settings say it and no token: connections
    /// to these hosts are opened before anybody needs them. Nothing is sent there.
    fn fixed_urls(&self) -> Vec<&BaseUrl> {
        Vec::new()
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

    /// Returns the links that settings alone allow, for a caller without a valid token: where
    /// `/refer/observables` is [`RoutePolicy::TokenOptional`].
    fn refer_by_settings(&self, _observables: &[Observable]) -> Partial<Vec<Link>> {
        Partial::default()
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

/// What was found and what went wrong. Both may be there: partial data beside errors is the rule of
/// the protocol.
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
