//! The incidents that alerts belong to: docs/relays/defender-atp.md#incidents.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use relay_core::{Error, ErrorKind, Partial};

use super::{Alert, DefenderClient};
use crate::Incident;

/// Incidents that one call reads, the newest first: as many as one batch holds.
const MAX_INCIDENTS: usize = 20;

/// Incidents by their numbers.
pub(super) type Incidents = HashMap<i64, Arc<Incident>>;

impl<C: Sync> DefenderClient<'_, C> {
    /// Returns the incidents of these alerts: cached ones, and where the caller waits anyway, those
    /// that are not cached. Without the permission there are none, and no warning.
    pub(super) async fn incidents_of(
        &self,
        alerts: &[&Alert],
        waits_anyway: bool,
    ) -> Partial<Incidents> {
        let numbers: BTreeSet<i64> = alerts.iter().filter_map(|alert| *alert.incident_id).collect();
        let (mut incidents, mut missing) = (Incidents::new(), Vec::new());
        for number in numbers.into_iter().rev() {
            match self.cache.incident(number) {
                Some(incident) => drop(incidents.insert(number, incident)),
                None => missing.push(number),
            }
        }
        missing.truncate(MAX_INCIDENTS);
        if missing.is_empty() || !waits_anyway || self.cache.is_without_incidents() {
            return incidents.into();
        }
        let read = self.read_incidents(&missing).await;
        incidents.extend(read.data);
        Partial { data: incidents, errors: read.errors }
    }

    async fn read_incidents(&self, numbers: &[i64]) -> Partial<Incidents> {
        let _slot = self.slot().await;
        let mut incidents = Partial::<Incidents>::default();
        for (number, outcome) in numbers.iter().zip(self.graph().incidents(numbers).await) {
            match outcome {
                Ok(incident) => {
                    let incident = Arc::new(incident);
                    self.cache.keep_incident(*number, incident.clone());
                    incidents.data.insert(*number, incident);
                }
                Err(error) => incidents.errors.push(error),
            }
        }
        // One of several equal failures says enough.
        incidents.errors.truncate(1);
        if let Some(error) = incidents.errors.pop_if(|error| is_told_elsewhere(error)) {
            tracing::debug!(reason = error.message().as_ref(), "incidents cannot be read");
            if error.kind() == ErrorKind::Forbidden {
                self.cache.keep_without_incidents();
            }
        }
        incidents.errors = incidents.errors.into_iter().map(missing).collect();
        incidents
    }
}

/// A missing permission costs little; a login that fails and a host that is away are told by hunting.
fn is_told_elsewhere(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Unauthorized | ErrorKind::Unreachable)
}

fn missing(error: Error) -> Error {
    error.with_preface("Titles and priorities of incidents are missing from the answer.")
}
