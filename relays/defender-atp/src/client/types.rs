//! What the requests of one call brought, before it is mapped.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use microsoft::defender::{Alert, AlertQuery, DeviceEvent, EventKey, NormalizedObservable, Sha1s};
use relay_core::Time;

/// Alerts by what they were searched by.
pub(crate) type AlertsByQuery = HashMap<AlertQuery, Vec<Alert>>;

/// Events, and what they were searched by.
#[derive(Debug, Default)]
pub(crate) struct Events {
    by_key: HashMap<String, Vec<DeviceEvent>>,
    searched: HashSet<EventKey>,
    sha1s: Sha1s,
}

impl Events {
    /// The keys of these observables that were not searched for yet, each once; a file has one more
    /// where its SHA-1 is known.
    pub(super) fn new_keys(
        &mut self,
        observables: &[NormalizedObservable<'_>],
        sha1s: &Sha1s,
    ) -> Vec<EventKey> {
        self.sha1s.extend(sha1s.clone());
        let mut keys = Vec::new();
        for key in observables.iter().flat_map(|observable| self.keys_of(observable)) {
            if !self.searched.contains(&key) && !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    pub(super) fn add(
        &mut self,
        searched: Vec<EventKey>,
        events: HashMap<String, Vec<DeviceEvent>>,
    ) {
        self.searched.extend(searched);
        self.by_key.extend(events);
    }

    /// The events about an observable by all its keys, each event once, the newest first.
    pub(crate) fn about(&self, observable: &NormalizedObservable<'_>) -> Vec<&DeviceEvent> {
        let keys = self.keys_of(observable);
        let found = keys.iter().filter_map(|key| self.by_key.get(&key.text())).flatten();
        let mut seen = HashSet::new();
        let mut events: Vec<_> = found.filter(|event| seen.insert(event.identity())).collect();
        events.sort_by_cached_key(|it| Reverse(it.timestamp.as_deref().and_then(Time::parse)));
        events
    }

    fn keys_of(&self, observable: &NormalizedObservable<'_>) -> Vec<EventKey> {
        let sha1 = self.sha1s.get(&observable.value).cloned().map(EventKey::sha1);
        EventKey::new(observable).into_iter().chain(sha1).collect()
    }
}
