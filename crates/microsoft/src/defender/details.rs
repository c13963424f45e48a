//! What alerts name by id only: devices, incidents, and evidence that their list left out.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures::future::join4;
use relay_core::{Error, ErrorKind, Partial};

use super::{Adapter, Alert, AlertEvidence, DefenderClient, Machine, incidents::Incidents};
use crate::Incident;

/// Details of some alerts.
#[derive(Debug, Default)]
pub struct AlertDetails {
    /// By the device's id; `None` for one that the product does not know.
    machines: HashMap<String, Option<Arc<Machine>>>,
    /// By the device's id.
    adapters: HashMap<String, Arc<[Adapter]>>,
    /// By the alert's id.
    evidence: HashMap<String, Vec<AlertEvidence>>,
    incidents: Incidents,
}

impl AlertDetails {
    /// Returns these details and those of further alerts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.machines.extend(other.machines);
        self.adapters.extend(other.adapters);
        self.evidence.extend(other.evidence);
        self.incidents.extend(other.incidents);
        self
    }

    /// Adds the evidence that an alert's list left out.
    pub fn complete(&self, alert: &mut Alert) {
        let loaded = alert.id.as_ref().and_then(|id| self.evidence.get(id));
        if let Some(evidence) = loaded.filter(|_| alert.evidence.is_empty()) {
            alert.evidence = evidence.clone().into();
        }
    }

    /// Returns what is known of an alert's device.
    #[must_use]
    pub fn device(&self, alert: &Alert) -> DeviceDetails<'_> {
        let Some(id) = alert.machine_id.as_ref() else { return DeviceDetails::default() };
        let machine = self.machines.get(id).and_then(|machine| machine.as_deref());
        let adapters = self.adapters.get(id).map(|adapters| &adapters[..]).unwrap_or_default();
        DeviceDetails { machine, adapters }
    }

    /// Returns what is known of the incident that an alert belongs to.
    #[must_use]
    pub fn incident(&self, alert: &Alert) -> Option<&Incident> {
        self.incidents.get(&(*alert.incident_id)?).map(|incident| &**incident)
    }
}

/// What is known of an alert's device beside the alert.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceDetails<'a> {
    /// None when the product does not know the device, or did not answer.
    pub machine: Option<&'a Machine>,
    /// None without hunting.
    pub adapters: &'a [Adapter],
}

impl<C: Sync> DefenderClient<'_, C> {
    /// Requests devices, incidents and evidence of these alerts, but for devices that are `known`
    /// already. What fails is a warning. Incidents are never what is waited for: they are requested
    /// beside devices or evidence only.
    pub async fn details(&self, alerts: &[&Alert], known: &AlertDetails) -> Partial<AlertDetails> {
        // Only an alert that names its computer has a target.
        let named = alerts.iter().filter(|alert| alert.computer_dns_name.is_some());
        let ids: BTreeSet<&str> = named.filter_map(|alert| alert.machine_id.as_deref()).collect();
        let missing = |id: &&str| !known.machines.contains_key(*id);
        let is_uncached = |id: &str| self.cache.machine(id).is_none();
        let without_evidence = without_evidence(alerts);
        let waits =
            !without_evidence.is_empty() || ids.iter().copied().filter(missing).any(is_uncached);
        let (machines, adapters, evidence, incidents) = join4(
            self.machines(ids.iter().copied().filter(missing)),
            self.adapters(ids.iter().copied().filter(missing)),
            self.evidence(&without_evidence),
            self.incidents_of(alerts, waits),
        )
        .await;
        let errors = [machines.errors, adapters.errors, evidence.errors, incidents.errors].concat();
        let data = AlertDetails {
            machines: machines.data,
            adapters: adapters.data,
            evidence: evidence.data,
            incidents: incidents.data,
        };
        // The error that stopped the others is told.
        let told = errors.into_iter().filter(|error| error.kind() != ErrorKind::NotAsked);
        Partial { data, errors: told.map(Error::as_warning).collect() }
    }

    /// The evidence of alerts by their ids.
    async fn evidence(&self, ids: &[&str]) -> Partial<HashMap<String, Vec<AlertEvidence>>> {
        if ids.is_empty() {
            return Partial::default();
        }
        let Partial { data: alerts, errors } = self.alerts_with_evidence(ids).await;
        let loaded = alerts.into_iter();
        let loaded =
            loaded.filter_map(|alert| Some((alert.id.into_inner()?, alert.evidence.into_inner())));
        Partial { data: loaded.collect(), errors }
    }
}

/// The ids of all alerts out of lists, where no list brought any evidence.
fn without_evidence<'a>(alerts: &[&'a Alert]) -> Vec<&'a str> {
    let listed = || alerts.iter().filter(|alert| !alert.has_all_evidence);
    if listed().any(|alert| !alert.evidence.is_empty()) {
        return Vec::new();
    }
    let ids: BTreeSet<&str> = listed().filter_map(|alert| alert.id.as_deref()).collect();
    ids.into_iter().collect()
}
