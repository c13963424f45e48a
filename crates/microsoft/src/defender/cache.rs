//! What outlives a call: bounded caches, each entry under the digest of the whole credential set
//! that brought it. docs/relays/defender-atp.md#caches

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use relay_core::{
    Time,
    cache::{CacheKey, TtlCache},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Adapter, Machine};
use crate::Incident;

/// Devices change rarely, but users and addresses move; so do the priorities of incidents.
const DEVICE_SECONDS: i64 = 15 * 60;
/// A file never changes its hashes.
const FILE_SECONDS: i64 = 24 * 3600;
/// An unknown file may be seen any moment.
const UNKNOWN_FILE_SECONDS: i64 = 10 * 60;
/// A missing permission and a retired API are worth another request the next day.
const DECISION_SECONDS: i64 = 24 * 3600;

const MAX_DEVICES: usize = 2000;
const MAX_INCIDENTS: usize = 2000;
const MAX_FILES: usize = 5000;
const MAX_CALLERS: usize = 1000;

/// The caches of one process.
#[derive(Debug)]
pub(super) struct Caches {
    machines: TtlCache<CacheKey, Record<Arc<Machine>>>,
    /// Locked while a device is looked up, so that calls at the same time look it up once.
    lookups: TtlCache<CacheKey, Arc<Mutex<()>>>,
    adapters: TtlCache<CacheKey, Arc<[Adapter]>>,
    incidents: TtlCache<CacheKey, Arc<Incident>>,
    /// Callers who may not read incidents.
    without_incidents: TtlCache<CacheKey, ()>,
    sha1s: TtlCache<CacheKey, Record<String>>,
    /// Callers whose hunting queries Graph refuses.
    refused_by_graph: TtlCache<CacheKey, ()>,
    /// Callers whose tenant's API is retired.
    retired: TtlCache<CacheKey, ()>,
    /// Until when the product wants no hunting query of a caller.
    hunting_pauses: TtlCache<CacheKey, Time>,
    /// Values that one filter may name, where it is fewer than usual.
    filter_sizes: TtlCache<CacheKey, usize>,
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            machines: TtlCache::new(MAX_DEVICES),
            lookups: TtlCache::new(MAX_DEVICES),
            adapters: TtlCache::new(MAX_DEVICES),
            incidents: TtlCache::new(MAX_INCIDENTS),
            without_incidents: TtlCache::new(MAX_CALLERS),
            sha1s: TtlCache::new(MAX_FILES),
            refused_by_graph: TtlCache::new(MAX_CALLERS),
            retired: TtlCache::new(MAX_CALLERS),
            hunting_pauses: TtlCache::new(MAX_CALLERS),
            filter_sizes: TtlCache::new(MAX_CALLERS),
        }
    }
}

/// The entries of one caller at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallerCache<'a> {
    pub(super) caches: &'a Caches,
    pub(super) caller: CacheKey,
    pub(super) now: Time,
}

/// The product's answer about an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record<T> {
    Known(T),
    /// It does not know the id.
    Unknown,
}

impl<T> Record<T> {
    pub(super) fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> From<Option<T>> for Record<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Self::Known)
    }
}

impl CallerCache<'_> {
    /// A device by its id.
    pub(super) fn machine(&self, id: &str) -> Option<Record<Arc<Machine>>> {
        self.caches.machines.get(&self.caller.and(&[id]), self.now)
    }

    pub(super) fn keep_machine(&self, id: &str, machine: Option<Arc<Machine>>) {
        let until = self.now.plus_seconds(DEVICE_SECONDS);
        self.caches.machines.insert(self.caller.and(&[id]), machine.into(), until);
    }

    /// Waits until no other call looks up one of these devices; none does while the result lives.
    pub(super) async fn lookups(&self, ids: &[&str]) -> Vec<OwnedMutexGuard<()>> {
        let until = self.now.plus_seconds(DEVICE_SECONDS);
        // In the order of the ids, so that no two calls wait for each other.
        let ids = BTreeSet::from_iter(ids);
        let mut locked = Vec::with_capacity(ids.len());
        for id in ids {
            let device = self.caller.and(&[id]);
            let lookup =
                self.caches.lookups.get_or_insert_with(device, self.now, until, Arc::default);
            locked.push(lookup.lock_owned().await);
        }
        locked
    }

    /// The network adapters of a device by its id.
    pub(super) fn adapters(&self, id: &str) -> Option<Arc<[Adapter]>> {
        self.caches.adapters.get(&self.caller.and(&[id]), self.now)
    }

    pub(super) fn keep_adapters(&self, id: &str, adapters: Arc<[Adapter]>) {
        let until = self.now.plus_seconds(DEVICE_SECONDS);
        self.caches.adapters.insert(self.caller.and(&[id]), adapters, until);
    }

    /// An incident by its number.
    pub(super) fn incident(&self, number: i64) -> Option<Arc<Incident>> {
        let key = self.caller.and(&[&number.to_string()]);
        self.caches.incidents.get(&key, self.now)
    }

    pub(super) fn keep_incident(&self, number: i64, incident: Arc<Incident>) {
        let until = self.now.plus_seconds(DEVICE_SECONDS);
        self.caches.incidents.insert(self.caller.and(&[&number.to_string()]), incident, until);
    }

    /// Whether the caller may not read incidents.
    pub(super) fn is_without_incidents(&self) -> bool {
        self.caches.without_incidents.contains(&self.caller, self.now)
    }

    pub(super) fn keep_without_incidents(&self) {
        let until = self.now.plus_seconds(DECISION_SECONDS);
        self.caches.without_incidents.insert(self.caller, (), until);
    }

    /// The SHA-1 of a file by another hash.
    pub(super) fn sha1(&self, hash: &str) -> Option<Record<String>> {
        self.caches.sha1s.get(&self.caller.and(&[hash]), self.now)
    }

    pub(super) fn keep_sha1(&self, hash: &str, sha1: Option<String>) {
        let seconds = if sha1.is_some() { FILE_SECONDS } else { UNKNOWN_FILE_SECONDS };
        let until = self.now.plus_seconds(seconds);
        self.caches.sha1s.insert(self.caller.and(&[hash]), sha1.into(), until);
    }

    /// How much longer the product wants no hunting query of the caller; none when it takes them.
    pub(super) fn hunting_pause(&self, now: Time) -> Option<Duration> {
        let until = self.caches.hunting_pauses.get(&self.caller, now)?;
        let left = until.as_unix_milliseconds() - now.as_unix_milliseconds();
        u64::try_from(left).ok().map(Duration::from_millis)
    }

    pub(super) fn keep_hunting_pause(&self, now: Time, wait: Duration) {
        let seconds = i64::try_from(wait.as_secs()).unwrap_or(DECISION_SECONDS);
        // A part of a second counts as a whole one.
        let until =
            now.plus_seconds(seconds.min(DECISION_SECONDS) + i64::from(wait.subsec_nanos() > 0));
        self.caches.hunting_pauses.insert(self.caller, until, until);
    }

    /// The number of values that one filter of the caller may name.
    pub(super) fn filter_size(&self) -> Option<usize> {
        self.caches.filter_sizes.get(&self.caller, self.now)
    }

    pub(super) fn keep_filter_size(&self, size: usize) {
        let until = self.now.plus_seconds(DECISION_SECONDS);
        self.caches.filter_sizes.insert(self.caller, size, until);
    }

    /// Whether Graph refused the caller's hunting queries.
    pub(super) fn is_refused_by_graph(&self) -> bool {
        self.caches.refused_by_graph.contains(&self.caller, self.now)
    }

    pub(super) fn keep_refused_by_graph(&self) {
        let until = self.now.plus_seconds(DECISION_SECONDS);
        self.caches.refused_by_graph.insert(self.caller, (), until);
    }

    pub(super) fn forget_refused_by_graph(&self) {
        self.caches.refused_by_graph.remove(&self.caller);
    }

    /// Whether the caller's API was found to be retired.
    pub(super) fn is_retired(&self) -> bool {
        self.caches.retired.contains(&self.caller, self.now)
    }

    pub(super) fn keep_retired(&self) {
        let until = self.now.plus_seconds(DECISION_SECONDS);
        self.caches.retired.insert(self.caller, (), until);
    }
}

/// What `cached` has of these ids, and the ids that it has nothing of.
pub(super) fn split_cached<'i, V>(
    ids: impl IntoIterator<Item = &'i str>,
    cached: impl Fn(&str) -> Option<V>,
) -> (HashMap<String, V>, Vec<&'i str>) {
    let (mut known, mut missing) = (HashMap::new(), Vec::new());
    for id in ids {
        match cached(id) {
            Some(value) => {
                known.insert(id.to_owned(), value);
            }
            None => missing.push(id),
        }
    }
    (known, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix_seconds(1_793_437_200 + seconds).unwrap()
    }

    #[test]
    fn entries_end_and_belong_to_one_caller() {
        let caches = Caches::default();
        let cache = |caller: &str, seconds| CallerCache {
            caches: &caches,
            caller: CacheKey::of(&[caller]),
            now: at(seconds),
        };
        cache("a", 0).keep_sha1("known", Some("sha1".to_owned()));
        cache("a", 0).keep_sha1("unknown", None);
        assert_eq!(cache("a", 86_399).sha1("known"), Some(Record::Known("sha1".to_owned())));
        assert_eq!(cache("a", 86_400).sha1("known"), None);
        assert_eq!(cache("a", 599).sha1("unknown"), Some(Record::Unknown));
        assert_eq!(cache("a", 600).sha1("unknown"), None);
        assert_eq!(cache("b", 0).sha1("known"), None);
        cache("a", 0).keep_refused_by_graph();
        assert!(cache("a", 86_399).is_refused_by_graph());
        assert!(!cache("a", 86_400).is_refused_by_graph() && !cache("b", 0).is_refused_by_graph());
        cache("a", 0).forget_refused_by_graph();
        assert!(!cache("a", 0).is_refused_by_graph());
    }
}
