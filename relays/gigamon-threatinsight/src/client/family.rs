//! One family of the interface: where it is, and what is known about it for this key.

use relay_core::{
    BaseUrl, CircuitBreaker, Error, ErrorKind, Relay, Secret, http::is_unknown_host,
    oauth::CacheKey,
};

use crate::GigamonThreatInsight;

/// How long a family that is missing is left alone.
pub(super) const REST_SECONDS: i64 = 600;

/// A family of calls with a host of its own.
pub(super) struct Family {
    pub(super) base: BaseUrl,
    /// Set when further calls of this request would fail like one before.
    pub(super) halt: CircuitBreaker,
    /// The mark of a family that does not serve this key.
    pub(super) is_missing: CacheKey,
    /// The mark of an event search that takes a day at a time only.
    pub(super) takes_days_only: CacheKey,
}

impl Family {
    pub(super) fn of(base: &BaseUrl, key: &Secret) -> Self {
        let slug = GigamonThreatInsight::ABOUT.slug;
        let mark = |name| CacheKey::of(&[slug, base.as_str(), key.expose(), name]);
        Self {
            base: base.clone(),
            halt: CircuitBreaker::default(),
            is_missing: mark("missing"),
            takes_days_only: mark("days"),
        }
    }
}

/// Whether the failure means that there is no such family: its address or its host is not known.
pub(super) fn is_missing(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound || is_unknown_host(error)
}
