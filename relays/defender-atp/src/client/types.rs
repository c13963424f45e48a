//! What the requests of one call brought, before it is mapped.

use std::{cmp::Reverse, collections::HashSet};

use microsoft::{
    FoundAlerts, SearchOptions,
    defender::{
        Alert, AlertDetails, AlertQuery, DefenderClient, DeviceEvent, EventKey, Lookup,
        NormalizedObservable, Sha1s,
    },
};
use relay_core::{Error, ErrorKind, Partial, Time, ctim::Sighting};

use crate::{Credentials, mapping::Mapper};

/// Alerts by what they were searched by.
pub(crate) type AlertsByQuery = Lookup<AlertQuery, Vec<Alert>>;

/// The SHA-1 hashes of files by their other hashes.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    pub(super) sha1s: Lookup<String, String>,
    /// That some files were not looked up.
    pub(super) warning: Option<Error>,
}

/// The alerts about observables, by the backend that they come from.
#[derive(Debug)]
pub(crate) enum Alerts<'o> {
    /// From the product's own API, one list for each observable.
    Own(Vec<Vec<Alert>>, AlertDetails),
    /// From Graph.
    Graph(FoundAlerts<'o>),
}

impl Alerts<'_> {
    /// Whether there is an alert about the observable at this index.
    pub(crate) fn has_any(&self, index: usize) -> bool {
        match self {
            Self::Graph(alerts) => alerts.has_any(index),
            Self::Own(alerts, _) => alerts.get(index).is_some_and(|alerts| !alerts.is_empty()),
        }
    }

    /// Returns the sightings of the observable at this index, and drops its alerts.
    pub(crate) fn sightings(
        &mut self,
        index: usize,
        observable: &NormalizedObservable<'_>,
        mapper: &Mapper<'_>,
        options: &SearchOptions<'_>,
    ) -> Vec<Sighting> {
        match self {
            Self::Graph(alerts) => alerts.sightings(options, index).collect(),
            Self::Own(alerts, details) => {
                let alerts = alerts.get_mut(index).map(std::mem::take).unwrap_or_default();
                let sighting = |mut alert: Alert| {
                    details.complete(&mut alert);
                    mapper.alert(
                        observable,
                        &alert,
                        details.device(&alert),
                        details.incident(&alert),
                    )
                };
                alerts.into_iter().filter_map(sighting).collect()
            }
        }
    }

    /// Returns the SHA-1 hashes of files by another hash, as far as alerts of Graph name both.
    pub(crate) fn sha1s(&self) -> Sha1s {
        match self {
            Self::Graph(alerts) => alerts.sha1s(),
            Self::Own(..) => Sha1s::new(),
        }
    }
}

/// Events, and what they were searched by.
#[derive(Debug, Default)]
pub(crate) struct Events {
    events: Lookup<EventKey, Vec<DeviceEvent>>,
    /// That fewer events than the limit were requested of each observable.
    warnings: Vec<Error>,
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
        let mut seen = HashSet::new();
        let keys = observables.iter().flat_map(|observable| self.keys_of(observable));
        keys.filter(|key| !self.searched.contains(key) && seen.insert(key.clone())).collect()
    }

    pub(super) fn add(
        &mut self,
        searched: Vec<EventKey>,
        events: Partial<Lookup<EventKey, Vec<DeviceEvent>>>,
    ) {
        self.searched.extend(searched);
        self.events.extend(events.data);
        self.warnings.extend(events.errors);
    }

    /// Whether a query failed, so that a further one would, too.
    pub(crate) fn has_failed(&self) -> bool {
        self.events.failed.values().any(|error| error.kind() != ErrorKind::TooLarge)
    }

    /// What is missing of the events about these observables.
    pub(super) fn errors(
        &self,
        client: &DefenderClient<'_, Credentials>,
        observables: &[NormalizedObservable<'_>],
    ) -> Vec<Error> {
        let mut errors = self.warnings.clone();
        for observable in observables {
            for key in self.keys_of(observable) {
                errors.extend(self.events.errors_about(client, &key, observable.observable));
            }
        }
        errors
    }

    /// Whether there is an event about an observable.
    pub(crate) fn has_any(&self, observable: &NormalizedObservable<'_>) -> bool {
        self.keys_of(observable).iter().any(|key| self.events.found.contains_key(key))
    }

    /// The events about an observable by all its keys, each event once with its time, the newest
    /// first. Those without a time are left out.
    pub(crate) fn about(&self, observable: &NormalizedObservable<'_>) -> Vec<(Time, &DeviceEvent)> {
        let keys = self.keys_of(observable);
        let found: Vec<_> = keys.iter().filter_map(|key| self.events.found.get(key)).collect();
        let mut seen = HashSet::with_capacity(found.iter().map(|events| events.len()).sum());
        let each = found.into_iter().flatten().filter(|event| seen.insert(event.identity()));
        let with_time = each.filter_map(|event| Some((event.time()?, event)));
        let mut events: Vec<_> = with_time.collect();
        events.sort_by_key(|(time, _)| Reverse(*time));
        events
    }

    fn keys_of(&self, observable: &NormalizedObservable<'_>) -> Vec<EventKey> {
        let sha1 = self.sha1s.get(&observable.value).cloned().map(EventKey::sha1);
        EventKey::new(observable).into_iter().chain(sha1).collect()
    }
}
