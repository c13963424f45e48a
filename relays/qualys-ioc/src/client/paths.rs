//! Where the event search is: platforms serve it under one of several paths, and a path may be retired.
//! Specification: docs/relays/qualys-ioc.md#path-of-the-event-search.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use relay_core::{
    BaseUrl, Relay, Response, Result, Time,
    cache::{CacheKey, TtlCache},
    url::Address,
};

use crate::QualysIoc;

/// The API gateways of which a path is remembered.
const MAX_GATEWAYS: usize = 256;
/// How long a path is remembered, in seconds; then the first one is tried again.
const REMEMBERED_SECONDS: i64 = 24 * 60 * 60;

/// By API gateway, the number of the path that it serves, if that is not the first one.
pub(crate) struct PathCache(TtlCache<CacheKey, usize>);

impl Default for PathCache {
    fn default() -> Self {
        Self(TtlCache::new(MAX_GATEWAYS))
    }
}

/// The addresses where one API gateway may have its event search, for one call.
pub(super) struct Paths<'a> {
    addresses: Vec<Address>,
    /// The number of the address that is tried first.
    first: AtomicUsize,
    /// The number of the address that is remembered for the next call.
    remembered: AtomicUsize,
    /// Whether none of them is known to the gateway.
    are_unknown: AtomicBool,
    cache: &'a PathCache,
    gateway: CacheKey,
    now: Time,
}

impl<'a> Paths<'a> {
    /// Returns the addresses of these paths, each a list of segments. Errors: `InvalidInput` for a
    /// segment that is none.
    pub(super) fn new(
        api_url: &BaseUrl,
        paths: &[Vec<String>],
        cache: &'a PathCache,
        now: Time,
    ) -> Result<Self> {
        let address = |path: &Vec<String>| {
            api_url.segments(&path.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let addresses = paths.iter().map(address).collect::<Result<Vec<_>>>()?;
        let gateway = CacheKey::of(&[QualysIoc::ABOUT.slug, api_url.as_str()]);
        let remembered = cache.0.get(&gateway, now).filter(|number| *number < addresses.len());
        let first = remembered.unwrap_or(0);
        Ok(Self {
            addresses,
            first: AtomicUsize::new(first),
            remembered: AtomicUsize::new(first),
            are_unknown: AtomicBool::new(false),
            cache,
            gateway,
            now,
        })
    }

    /// Returns the numbers of the addresses in the order in which they are tried; only the first one
    /// once none was known.
    pub(super) fn in_order(&self) -> impl Iterator<Item = usize> + use<> {
        let first = self.first.load(Ordering::Relaxed);
        let is_tried_once = self.are_unknown.load(Ordering::Relaxed);
        let count = if is_tried_once { 0 } else { self.addresses.len() };
        [first].into_iter().chain((0..count).filter(move |number| *number != first))
    }

    pub(super) fn address(&self, number: usize) -> &Address {
        &self.addresses[number]
    }

    /// Notes that the gateway knows this address, and remembers it when it answered with success.
    pub(super) fn note_known(&self, number: usize, response: &Response) {
        self.first.store(number, Ordering::Relaxed);
        let is_new = || self.remembered.swap(number, Ordering::Relaxed) != number;
        if response.is_success() && is_new() {
            let until = self.now.plus_seconds(REMEMBERED_SECONDS);
            self.cache.0.insert(self.gateway, number, until);
        }
    }

    /// Notes that the gateway knows none of them.
    pub(super) fn note_unknown(&self) {
        self.are_unknown.store(true, Ordering::Relaxed);
    }
}

/// Returns whether a response says that the gateway does not serve the path, or no longer.
pub(super) fn is_unknown_path(response: &Response) -> bool {
    matches!(response.status(), 404 | 410)
}
