//! What outlives a request: caches with a bound and an end, each entry under the digest of the
//! whole credential set that fetched it (spec §10).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay_core::{
    Time,
    oauth::{CacheKey, TokenCache},
};

use crate::{
    client::{Adapter, Machine},
    pace::Pace,
};

/// Devices change rarely, but people move and addresses follow.
const DEVICE_SECONDS: i64 = 15 * 60;
/// A file never changes its hashes.
const FILE_SECONDS: i64 = 24 * 3600;
/// A file that is unknown may be seen any moment.
const UNKNOWN_FILE_SECONDS: i64 = 10 * 60;
/// A permission or a retired API: worth another try on the next day.
const DECISION_SECONDS: i64 = 24 * 3600;

/// The caches of one process.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) tokens: TokenCache,
    machines: Remembered<Option<Arc<Machine>>>,
    adapters: Remembered<Arc<[Adapter]>>,
    files: Remembered<Option<String>>,
    /// Callers whom Graph refuses hunting.
    endpoint_hunters: Remembered<()>,
    /// Callers whose tenant's own API is gone.
    left: Remembered<()>,
    hunts: Pace,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            tokens: TokenCache::default(),
            machines: Remembered::at_most(2000),
            adapters: Remembered::at_most(2000),
            files: Remembered::at_most(5000),
            endpoint_hunters: Remembered::at_most(1000),
            left: Remembered::at_most(1000),
            hunts: Pace::default(),
        }
    }
}

/// The part of the memory that belongs to one caller, at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recall<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) who: CacheKey,
    pub(crate) now: Time,
}

impl Recall<'_> {
    /// A device by its id; `Some(None)` when the product did not know it.
    pub(crate) fn machine(&self, id: &str) -> Option<Option<Arc<Machine>>> {
        self.memory.machines.get(self.who, id, self.now)
    }

    pub(crate) fn keep_machine(&self, id: &str, machine: Option<Arc<Machine>>) {
        self.memory.machines.put(self.who, id, machine, self.now.plus_seconds(DEVICE_SECONDS));
    }

    /// A device's network adapters by the device's id.
    pub(crate) fn adapters(&self, id: &str) -> Option<Arc<[Adapter]>> {
        self.memory.adapters.get(self.who, id, self.now)
    }

    pub(crate) fn keep_adapters(&self, id: &str, adapters: Arc<[Adapter]>) {
        self.memory.adapters.put(self.who, id, adapters, self.now.plus_seconds(DEVICE_SECONDS));
    }

    /// The SHA-1 of a file by another hash; `Some(None)` when the product did not know the file.
    pub(crate) fn sha1(&self, hash: &str) -> Option<Option<String>> {
        self.memory.files.get(self.who, hash, self.now)
    }

    pub(crate) fn keep_sha1(&self, hash: &str, sha1: Option<String>) {
        let seconds = if sha1.is_some() { FILE_SECONDS } else { UNKNOWN_FILE_SECONDS };
        self.memory.files.put(self.who, hash, sha1, self.now.plus_seconds(seconds));
    }

    /// Takes one of the caller's turns to hunt; when there is none, says for how many seconds.
    pub(crate) fn take_turn_to_hunt(&self) -> Result<(), u64> {
        self.memory.hunts.take_turn(self.who, self.now)
    }

    /// Whether hunting goes to the product's own endpoint, because Graph refused the caller.
    pub(crate) fn hunts_at_endpoint(&self) -> bool {
        self.memory.endpoint_hunters.get(self.who, "", self.now).is_some()
    }

    pub(crate) fn hunt_at_endpoint(&self) {
        self.memory.endpoint_hunters.put(self.who, "", (), self.now.plus_seconds(DECISION_SECONDS));
    }

    pub(crate) fn hunt_at_graph_again(&self) {
        self.memory.endpoint_hunters.forget(self.who, "");
    }

    /// Whether alerts come from Graph, because the product's own API was found to be gone.
    pub(crate) fn has_left(&self) -> bool {
        self.memory.left.get(self.who, "", self.now).is_some()
    }

    pub(crate) fn leave(&self) {
        self.memory.left.put(self.who, "", (), self.now.plus_seconds(DECISION_SECONDS));
    }
}

/// Values with an end; when there are too many, those that end first go.
#[derive(Debug)]
struct Remembered<V> {
    entries: Mutex<HashMap<(CacheKey, String), Entry<V>>>,
    most: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    until: Time,
}

impl<V: Clone> Remembered<V> {
    fn at_most(most: usize) -> Self {
        Self { entries: Mutex::default(), most }
    }

    fn get(&self, who: CacheKey, what: &str, now: Time) -> Option<V> {
        let entries = self.entries();
        let entry = entries.get(&(who, what.to_owned()))?;
        (entry.until > now).then(|| entry.value.clone())
    }

    fn put(&self, who: CacheKey, what: &str, value: V, until: Time) {
        let mut entries = self.entries();
        let key = (who, what.to_owned());
        if entries.len() >= self.most && !entries.contains_key(&key) {
            let first = entries.iter().min_by_key(|(_, entry)| entry.until);
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                entries.remove(&first);
            }
        }
        entries.insert(key, Entry { value, until });
    }

    fn forget(&self, who: CacheKey, what: &str) {
        self.entries().remove(&(who, what.to_owned()));
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<(CacheKey, String), Entry<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix_seconds(1_793_437_200 + seconds).unwrap()
    }

    #[test]
    fn entries_end_and_belong_to_one_caller() {
        let memory = Memory::default();
        let recall = |who: &str, seconds| Recall {
            memory: &memory,
            who: CacheKey::of(&[who]),
            now: at(seconds),
        };
        recall("a", 0).keep_sha1("known", Some("sha1".to_owned()));
        recall("a", 0).keep_sha1("unknown", None);
        assert_eq!(recall("a", 86_399).sha1("known"), Some(Some("sha1".to_owned())));
        assert_eq!(recall("a", 86_400).sha1("known"), None);
        assert_eq!(recall("a", 599).sha1("unknown"), Some(None));
        assert_eq!(recall("a", 600).sha1("unknown"), None);
        assert_eq!(recall("b", 0).sha1("known"), None);
        recall("a", 0).hunt_at_endpoint();
        assert!(recall("a", 86_399).hunts_at_endpoint());
        assert!(!recall("a", 86_400).hunts_at_endpoint() && !recall("b", 0).hunts_at_endpoint());
        recall("a", 0).hunt_at_graph_again();
        assert!(!recall("a", 0).hunts_at_endpoint());
    }

    #[test]
    fn a_full_memory_forgets_what_ends_first() {
        let remembered = Remembered::at_most(2);
        let who = CacheKey::of(&[]);
        remembered.put(who, "late", 1, at(20));
        remembered.put(who, "soon", 2, at(10));
        remembered.put(who, "new", 3, at(30));
        let known = ["late", "soon", "new"].map(|what| remembered.get(who, what, at(0)));
        assert_eq!(known, [Some(1), None, Some(3)]);
        remembered.put(who, "new", 4, at(30));
        assert_eq!(remembered.get(who, "late", at(0)), Some(1));
    }
}
