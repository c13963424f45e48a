//! What a process remembers of a key's interface between requests: families that do not serve it,
//! and whether its event search takes long windows. Nothing of an answer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use relay_core::{Time, oauth::CacheKey};

/// More marks than this are not kept; the one that ends first goes.
const MOST: usize = 1000;

/// Marks, each until a time.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<HashMap<CacheKey, Time>>);

impl Memory {
    /// Whether the mark is set and has not ended.
    pub(crate) fn holds(&self, mark: CacheKey, now: Time) -> bool {
        self.marks().get(&mark).is_some_and(|until| *until > now)
    }

    /// Sets the mark until then.
    pub(crate) fn set(&self, mark: CacheKey, until: Time) {
        let mut marks = self.marks();
        if marks.len() >= MOST && !marks.contains_key(&mark) {
            let first = marks.iter().min_by_key(|(_, until)| **until).map(|(mark, _)| *mark);
            first.and_then(|first| marks.remove(&first));
        }
        marks.insert(mark, until);
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<CacheKey, Time>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time::from_unix_seconds(second).unwrap()
    }

    #[test]
    fn a_mark_ends_and_is_nobody_elses() {
        let memory = Memory::default();
        let [mine, other] = ["mine", "other"].map(|name| CacheKey::of(&[name]));
        memory.set(mine, at(100));
        assert!(memory.holds(mine, at(99)) && !memory.holds(mine, at(100)));
        assert!(!memory.holds(other, at(99)));
    }

    #[test]
    fn s07_the_marks_are_bounded_and_the_first_to_end_goes() {
        let memory = Memory::default();
        let marks: Vec<_> = (0..=MOST).map(|n| CacheKey::of(&[&n.to_string()])).collect();
        for (n, mark) in (1..).zip(&marks) {
            memory.set(*mark, at(n));
        }
        assert_eq!(memory.marks().len(), MOST);
        assert!(!memory.marks().contains_key(&marks[0]));
        assert!(memory.marks().contains_key(&marks[MOST]));
    }
}
