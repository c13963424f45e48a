//! What the requests of one call brought, before it is mapped, and the requests for what alerts
//! leave out.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures::future::join3;
use microsoft::defender::{Adapter, Alert, AlertEvidence, AlertQuery, DeviceEvent, Machine};
use relay_core::{Error, Partial, ctim::Sighting};

use super::{Client, hunting_failed};

/// Alerts by what they were searched by.
pub(crate) type AlertsByQuery = HashMap<AlertQuery, Vec<Alert>>;

/// Events by the text of the key that they were searched by.
pub(crate) type EventsByKey = HashMap<String, Vec<DeviceEvent>>;

/// The sightings of each observable, in the order of the observables.
pub(crate) type Sightings = Vec<Vec<Sighting>>;

/// What alerts name by id only: devices, and evidence that their list left out.
#[derive(Debug, Default)]
pub(crate) struct AlertDetails {
    /// By the device's id; `None` for one that the product does not know.
    pub(super) machines: HashMap<String, Option<Arc<Machine>>>,
    /// By the device's id.
    pub(super) adapters: HashMap<String, Arc<[Adapter]>>,
    /// By the alert's id.
    pub(super) evidence: HashMap<String, Vec<AlertEvidence>>,
}

impl AlertDetails {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.machines.extend(other.machines);
        self.adapters.extend(other.adapters);
        self.evidence.extend(other.evidence);
        self
    }

    /// Adds the evidence that the alert's list left out.
    pub(super) fn complete(&self, alert: &mut Alert) {
        let loaded = alert.id.as_ref().and_then(|id| self.evidence.get(id));
        if let Some(evidence) = loaded.filter(|_| alert.evidence.is_empty()) {
            alert.evidence = evidence.clone().into();
        }
    }

    pub(super) fn device(&self, alert: &Alert) -> DeviceDetails<'_> {
        let Some(id) = alert.machine_id.as_ref() else { return DeviceDetails::default() };
        let machine = self.machines.get(id).and_then(|machine| machine.as_deref());
        let adapters = self.adapters.get(id).map(|adapters| &adapters[..]).unwrap_or_default();
        DeviceDetails { machine, adapters }
    }
}

/// What is known of an alert's device beside the alert.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DeviceDetails<'a> {
    /// None when the product does not know the device, or did not answer.
    pub(crate) machine: Option<&'a Machine>,
    pub(crate) adapters: &'a [Adapter],
}

impl Client<'_> {
    /// Requests devices and evidence of these alerts, but for devices that are `known` already.
    /// What fails is a warning.
    pub(super) async fn details(
        &self,
        alerts: &AlertsByQuery,
        known: &AlertDetails,
    ) -> Partial<AlertDetails> {
        let alerts: Vec<_> = alerts.values().flatten().collect();
        // Only an alert that names its computer has a target.
        let named = alerts.iter().filter(|alert| alert.computer_dns_name.is_some());
        let ids: BTreeSet<&str> = named.filter_map(|alert| alert.machine_id.as_deref()).collect();
        let missing = |id: &&str| !known.machines.contains_key(*id);
        let (machines, adapters, evidence) = join3(
            self.defender.machines(ids.iter().copied().filter(missing)),
            self.defender.adapters(ids.iter().copied().filter(missing)),
            self.evidence(&alerts),
        )
        .await;
        let hunting_errors = adapters.errors.into_iter().map(hunting_failed);
        let errors = machines.errors.into_iter().chain(hunting_errors).chain(evidence.errors);
        let data = AlertDetails {
            machines: machines.data,
            adapters: adapters.data,
            evidence: evidence.data,
        };
        Partial { data, errors: errors.map(Error::as_warning).collect() }
    }

    /// The evidence of all alerts by their ids, where no list brought any.
    async fn evidence(&self, alerts: &[&Alert]) -> Partial<HashMap<String, Vec<AlertEvidence>>> {
        let listed: Vec<_> = alerts.iter().filter(|alert| !alert.has_all_evidence).collect();
        if listed.iter().any(|alert| !alert.evidence.is_empty()) {
            return Partial::default();
        }
        let ids: BTreeSet<&str> = listed.iter().filter_map(|alert| alert.id.as_deref()).collect();
        if ids.is_empty() {
            return Partial::default();
        }
        let ids: Vec<_> = ids.into_iter().collect();
        let Partial { data: alerts, errors } = self.defender.alerts_with_evidence(&ids).await;
        let loaded = alerts.into_iter();
        let loaded =
            loaded.filter_map(|alert| Some((alert.id.into_inner()?, alert.evidence.into_inner())));
        Partial { data: loaded.collect(), errors }
    }
}
