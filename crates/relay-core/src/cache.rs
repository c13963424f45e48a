//! A bounded cache whose entries end at a time, and the key under which callers' entries are kept.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest;

use crate::ctim::Time;

/// A SHA-256 digest over everything that makes two callers different: product, host, every
/// credential. What one caller's requests brought is kept under it, so that no other reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// Digests the parts, each with its length, so that no two lists run together.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        Self::digest(&[], parts)
    }

    /// Returns the key of something that belongs to this caller, such as a device.
    #[must_use]
    pub fn and(&self, parts: &[&str]) -> Self {
        Self::digest(&self.0, parts)
    }

    /// Returns its first 16 hexadecimal digits, for the log.
    pub(crate) fn short(&self) -> String {
        self.0[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn digest(prefix: &[u8], parts: &[&str]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(prefix);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        Self(key)
    }
}

/// Values that outlive a call, each until a time, at most so many. Where there is no space for one
/// more, the one that ends first is dropped; of those that end at once, the one written first.
pub struct TtlCache<K, V> {
    entries: Mutex<Entries<K, V>>,
    max_entries: usize,
}

struct Entries<K, V> {
    by_key: HashMap<K, (End, V)>,
    /// The keys in the order in which they are dropped.
    by_end: BTreeMap<End, K>,
    writes: u64,
}

/// When an entry ends, and the number of the write that made it.
type End = (Time, u64);

impl<K: Clone + Eq + Hash, V: Clone> TtlCache<K, V> {
    /// Creates an empty cache of at most `max_entries` entries.
    #[must_use]
    pub fn new(max_entries: usize) -> Self {
        let entries = Entries { by_key: HashMap::new(), by_end: BTreeMap::new(), writes: 0 };
        Self { entries: Mutex::new(entries), max_entries }
    }

    /// Returns the value of an entry that has not ended at `now`.
    pub fn get(&self, key: &K, now: Time) -> Option<V> {
        self.entries().get(key, now).cloned()
    }

    /// Returns whether there is an entry that has not ended at `now`.
    pub fn contains(&self, key: &K, now: Time) -> bool {
        self.entries().get(key, now).is_some()
    }

    /// Keeps a value until `until`, in the place of the one that was there.
    pub fn insert(&self, key: K, value: V, until: Time) {
        self.entries().insert(key, value, until, self.max_entries);
    }

    /// Returns the value of an entry that has not ended at `now`, or a new one, and keeps it until
    /// `until`: where that moves on with every use, the entry unused for longest is dropped first.
    pub fn get_or_insert_with(
        &self,
        key: K,
        now: Time,
        until: Time,
        value: impl FnOnce() -> V,
    ) -> V {
        let mut entries = self.entries();
        let value = entries.get(&key, now).cloned().unwrap_or_else(value);
        entries.insert(key, value.clone(), until, self.max_entries);
        value
    }

    /// Keeps a value until `until`, unless there is one that has not ended at `now`; returns whether
    /// there was none.
    pub fn insert_new(&self, key: K, value: V, now: Time, until: Time) -> bool {
        let mut entries = self.entries();
        let is_new = entries.get(&key, now).is_none();
        if is_new {
            entries.insert(key, value, until, self.max_entries);
        }
        is_new
    }

    /// Drops an entry.
    pub fn remove(&self, key: &K) {
        self.entries().remove(key);
    }

    fn entries(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V> Entries<K, V> {
    fn get(&self, key: &K, now: Time) -> Option<&V> {
        let ((until, _), value) = self.by_key.get(key)?;
        (*until > now).then_some(value)
    }

    fn insert(&mut self, key: K, value: V, until: Time, max_entries: usize) {
        self.remove(&key);
        if self.by_key.len() >= max_entries
            && let Some((_, first)) = self.by_end.pop_first()
        {
            self.by_key.remove(&first);
        }
        self.writes += 1;
        let end = (until, self.writes);
        self.by_end.insert(end, key.clone());
        self.by_key.insert(key, (end, value));
    }

    fn remove(&mut self, key: &K) {
        if let Some((end, _)) = self.by_key.remove(key) {
            self.by_end.remove(&end);
        }
    }
}

/// Printed without entries, which may hold secrets.
impl<K, V> fmt::Debug for TtlCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TtlCache").field("max_entries", &self.max_entries).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time::from_unix_seconds(second).unwrap()
    }

    fn kept(cache: &TtlCache<&'static str, u32>, keys: &[&'static str]) -> Vec<Option<u32>> {
        keys.iter().map(|key| cache.get(key, at(1))).collect()
    }

    #[test]
    fn an_entry_ends_and_is_nobody_elses() {
        let [mine, other] = ["mine", "other"].map(|name| CacheKey::of(&[name]));
        let cache = TtlCache::new(10);
        cache.insert(mine, (), at(100));
        assert!(cache.contains(&mine, at(99)) && !cache.contains(&mine, at(100)));
        assert!(!cache.contains(&other, at(99)));
        cache.remove(&mine);
        assert_eq!(cache.get(&mine, at(99)), None);
    }

    #[test]
    fn s07_a_full_cache_drops_what_ends_first() {
        let cache = TtlCache::new(2);
        cache.insert("late", 1, at(20));
        cache.insert("soon", 2, at(10));
        cache.insert("new", 3, at(30));
        assert_eq!(kept(&cache, &["late", "soon", "new"]), [Some(1), None, Some(3)]);
        cache.insert("new", 4, at(5));
        assert_eq!(kept(&cache, &["late", "new"]), [Some(1), Some(4)]);
        cache.insert("last", 5, at(40));
        assert_eq!(kept(&cache, &["late", "new", "last"]), [Some(1), None, Some(5)]);
    }

    #[test]
    fn s07_of_entries_that_end_at_once_the_first_written_is_dropped() {
        let cache = TtlCache::new(2);
        cache.insert("one", 1, at(10));
        cache.insert("two", 2, at(10));
        assert_eq!(cache.get_or_insert_with("one", at(1), at(10), || 9), 1);
        cache.insert("three", 3, at(10));
        assert_eq!(kept(&cache, &["one", "two", "three"]), [Some(1), None, Some(3)]);
    }

    #[test]
    fn an_ended_entry_is_made_again() {
        let cache = TtlCache::new(2);
        cache.insert("one", 1, at(10));
        assert_eq!(cache.get_or_insert_with("one", at(10), at(20), || 9), 9);
        assert_eq!(cache.get(&"one", at(19)), Some(9));
    }

    #[test]
    fn a_new_entry_replaces_only_an_ended_one() {
        let cache = TtlCache::new(2);
        assert!(cache.insert_new("one", 1, at(1), at(10)));
        assert!(!cache.insert_new("one", 2, at(9), at(20)));
        assert_eq!(cache.get(&"one", at(9)), Some(1));
        assert!(cache.insert_new("one", 3, at(10), at(20)));
        assert_eq!(cache.get(&"one", at(19)), Some(3));
    }

    #[test]
    fn s07_the_cache_is_bounded() {
        let cache = TtlCache::new(1000);
        let keys: Vec<_> = (0..=1000).map(|number| CacheKey::of(&[&number.to_string()])).collect();
        for (second, key) in (1..).zip(&keys) {
            cache.insert(*key, (), at(second + 10));
        }
        assert_eq!(cache.entries().by_key.len(), 1000);
        assert_eq!(cache.entries().by_end.len(), 1000);
        assert!(!cache.contains(&keys[0], at(1)) && cache.contains(&keys[1000], at(1)));
    }

    #[test]
    fn a_key_depends_on_every_part_and_its_place() {
        let keys = [
            CacheKey::of(&[]),
            CacheKey::of(&["ab"]),
            CacheKey::of(&["a", "b"]),
            CacheKey::of(&["b", "a"]),
            CacheKey::of(&["a"]).and(&["b"]),
            CacheKey::of(&["a"]).and(&[]),
        ];
        let distinct: std::collections::HashSet<_> = keys.into_iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert_eq!(CacheKey::of(&["a"]).and(&["b"]), CacheKey::of(&["a"]).and(&["b"]));
    }
}
