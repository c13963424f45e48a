//! Whether an item of a list was there before.

use std::{
    collections::HashSet,
    hash::{BuildHasher, Hash, RandomState},
};

/// Up to this many items are compared with each other, which costs less than hashing them; longer lists are
/// searched by hash. So few relations always fit into a sighting: one that was left out, and so does not stand
/// in the list, can only be met again in a long list, which knows it by its hash.
const FEW: usize = 15;

/// What stands in a list already.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Empty while there are few items.
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Seen {
    /// Whether an item is not in the list. Where there are many, it counts as seen from then on, even
    /// if it is not added.
    pub(super) fn is_new<T: Eq + Hash>(&mut self, list: &[T], item: &T) -> bool {
        if list.len() < FEW {
            return !list.contains(item);
        }
        if self.hashes.is_empty() {
            self.hashes.extend(list.iter().map(|item| self.hasher.hash_one(item)));
        }
        self.hashes.insert(self.hasher.hash_one(item))
    }
}

/// Returns the items in their order, without repeats.
pub fn each_once<T: Eq + Hash>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let items = items.into_iter();
    let (mut kept, mut seen) = (Vec::with_capacity(items.size_hint().0), Seen::default());
    for item in items {
        if seen.is_new(&kept, &item) {
            kept.push(item);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_found_among_few_and_among_many() {
        for count in [0, 1, FEW - 1, FEW, FEW + 1, 5 * FEW] {
            let items: Vec<_> = (0..count).collect();
            let repeated = items.iter().chain(&items).chain(items.iter().rev()).copied();
            assert_eq!(each_once(repeated), items);
        }
    }
}
