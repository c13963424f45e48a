//! The outcomes of requests that are each about one of many keys.

use std::{collections::HashMap, hash::Hash};

use relay_core::{Error, Observable};

use super::DefenderClient;

/// What was read by each key, and what is missing of it.
#[derive(Debug)]
pub struct Lookup<K, V> {
    /// What there is; a key that the product knows nothing of may be missing.
    pub found: HashMap<K, V>,
    /// The error that cost all of a key, or a part of it.
    pub failed: HashMap<K, Error>,
    /// How many records of a key were requested, where all were too large to be read.
    pub cut: HashMap<K, usize>,
}

impl<K: Eq + Hash, V> Lookup<K, V> {
    /// Adds what another look-up brought.
    pub fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
        self.failed.extend(other.failed);
        self.cut.extend(other.cut);
    }

    /// Returns what is missing by a key, as errors about the observable that it stands for.
    pub fn errors_about<C: Sync>(
        &self,
        client: &DefenderClient<'_, C>,
        key: &K,
        observable: &Observable,
    ) -> Vec<Error> {
        let failed = self.failed.get(key).cloned();
        let failed = failed.map(|error| client.graph().error_about(error, observable));
        let cut = self.cut.get(key).map(|count| client.call.fewer_records(observable, *count));
        failed.into_iter().chain(cut).collect()
    }
}

// By hand, because a derive would ask the same of keys and values.
impl<K, V> Default for Lookup<K, V> {
    fn default() -> Self {
        Self { found: HashMap::new(), failed: HashMap::new(), cut: HashMap::new() }
    }
}
