//! What alerts say of their devices by number only, and evidence that a list left out.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures::future::join3;
use relay_core::{Error, Partial};

use super::alerts::Wave;
use crate::{
    client::{Adapter, Alert, Evidence, Machine},
    desk::Desk,
    mapping::Device,
};

/// Details of some alerts: their devices by id, and evidence by the alert's id.
#[derive(Debug, Default)]
pub(super) struct Details {
    machines: HashMap<String, Option<Arc<Machine>>>,
    adapters: HashMap<String, Arc<[Adapter]>>,
    evidence: HashMap<String, Vec<Evidence>>,
}

impl Details {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.machines.extend(other.machines);
        self.adapters.extend(other.adapters);
        self.evidence.extend(other.evidence);
        self
    }

    /// Gives an alert the evidence that its list left out.
    pub(super) fn complete(&self, alert: &mut Alert) {
        let loaded = alert.id.as_ref().and_then(|id| self.evidence.get(id));
        if let Some(evidence) = loaded.filter(|_| alert.evidence.is_empty()) {
            alert.evidence = evidence.clone();
        }
    }

    pub(super) fn device(&self, alert: &Alert) -> Device<'_> {
        let Some(id) = alert.machine_id.as_ref() else { return Device::default() };
        let machine = self.machines.get(id).and_then(|machine| machine.as_deref());
        let adapters = self.adapters.get(id).map(|adapters| &adapters[..]).unwrap_or_default();
        Device { machine, adapters }
    }
}

impl Desk<'_> {
    /// Devices and evidence of these alerts, in one trip; devices that are `known` already or
    /// remembered are not asked for again. What fails is a warning.
    pub(super) async fn details(&self, wave: &Wave, known: &Details) -> Partial<Details> {
        let alerts: Vec<_> = wave.values().flatten().collect();
        // Only an alert that names its computer has a target.
        let named = alerts.iter().filter(|alert| alert.computer_dns_name.is_some());
        let ids: BTreeSet<&str> = named.filter_map(|alert| alert.machine_id.as_deref()).collect();
        let (machines, adapters, evidence) = join3(
            self.machines(ids.iter().copied().filter(|id| !known.machines.contains_key(*id))),
            self.adapters(ids.iter().copied().filter(|id| !known.adapters.contains_key(*id))),
            self.evidence(&alerts),
        )
        .await;
        let failures = [machines.errors, adapters.errors, evidence.errors].concat();
        Partial {
            data: Details {
                machines: machines.data,
                adapters: adapters.data,
                evidence: evidence.data,
            },
            errors: failures.into_iter().map(Error::as_warning).collect(),
        }
    }

    async fn machines<'i>(
        &self,
        ids: impl Iterator<Item = &'i str>,
    ) -> Partial<HashMap<String, Option<Arc<Machine>>>> {
        let mut machines = HashMap::new();
        let mut unknown = Vec::new();
        for id in ids {
            match self.recall.machine(id) {
                Some(machine) => drop(machines.insert(id.to_owned(), machine)),
                None => unknown.push(id),
            }
        }
        if unknown.is_empty() {
            return machines.into();
        }
        let Partial { data: rows, errors } = self.api.machines(&unknown).await;
        let rows = rows.into_iter().filter_map(|row| Some((row.id.clone()?, Arc::new(row))));
        let found: HashMap<_, _> = rows.collect();
        for id in unknown {
            let machine = found.get(id).cloned();
            // A device that is missing from a broken answer may well be known.
            if machine.is_some() || errors.is_empty() {
                self.recall.keep_machine(id, machine.clone());
            }
            machines.insert(id.to_owned(), machine);
        }
        Partial { data: machines, errors }
    }

    async fn adapters<'i>(
        &self,
        ids: impl Iterator<Item = &'i str>,
    ) -> Partial<HashMap<String, Arc<[Adapter]>>> {
        let mut adapters = HashMap::new();
        let mut unknown = Vec::new();
        for id in ids {
            match self.recall.adapters(id) {
                Some(known) => drop(adapters.insert(id.to_owned(), known)),
                None => unknown.push(id),
            }
        }
        let hunter = self.hunter();
        if unknown.is_empty() || hunter.is_off() {
            return adapters.into();
        }
        let Partial { data: mut found, errors } = hunter.adapters(&unknown).await;
        for id in unknown {
            let of_device: Arc<[Adapter]> = found.remove(id).unwrap_or_default().into();
            if errors.is_empty() {
                self.recall.keep_adapters(id, of_device.clone());
            }
            adapters.insert(id.to_owned(), of_device);
        }
        Partial { data: adapters, errors: errors.into_iter().map(super::events::missing).collect() }
    }

    /// The evidence of all alerts, where the lists brought none of any (spec §4.1).
    async fn evidence(&self, alerts: &[&Alert]) -> Partial<HashMap<String, Vec<Evidence>>> {
        let listed: Vec<_> = alerts.iter().filter(|alert| !alert.is_whole).collect();
        if listed.iter().any(|alert| !alert.evidence.is_empty()) {
            return Partial::default();
        }
        let ids: BTreeSet<&str> = listed.iter().filter_map(|alert| alert.id.as_deref()).collect();
        if ids.is_empty() {
            return Partial::default();
        }
        let ids: Vec<_> = ids.into_iter().collect();
        let Partial { data: rows, errors } = self.api.alerts_with_evidence(&ids).await;
        let loaded = rows.into_iter().filter_map(|row| Some((row.id?, row.evidence)));
        Partial { data: loaded.collect(), errors }
    }
}
