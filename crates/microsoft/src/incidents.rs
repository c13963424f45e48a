//! Incidents: what an alert is part of, in one batch.
//!
//! Source: docs/relays/defender-atp.md#incidents; Microsoft's pages "incident resource type"
//! (microsoft.graph.security) and "Get incident".

use relay_core::{
    Result,
    lenient::{Integer, Text},
};
use serde::Deserialize;

use crate::{BatchRequest, BatchResponse, GraphClient, Permission, error_from};

/// An incident: the members that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Incident {
    /// One line, made by Microsoft of what happened.
    pub display_name: Text,
    /// `unknown`, `informational`, `low`, `medium`, `high`.
    pub severity: Text,
    /// 0 to 100; above 85 the most urgent.
    pub priority_score: Integer,
}

impl<C: Sync> GraphClient<'_, C> {
    /// Reads incidents by their numbers, at most twenty of which stand in one batch. The results come
    /// in the order of the numbers; one that the service does not know is an incident of which nothing
    /// is known.
    ///
    /// Each result is an error for itself: `Forbidden` without `SecurityIncident.Read.All`; else those
    /// of any batch.
    pub async fn incidents(&self, numbers: &[i64]) -> Vec<Result<Incident>> {
        let url = |number: &i64| format!("/security/incidents/{number}");
        let requests: Vec<_> = numbers.iter().map(url).map(BatchRequest::get).collect();
        self.batch(&requests, usize::MAX, |_, response| incident(response)).await
    }
}

fn incident(response: BatchResponse<Incident>) -> Result<Incident> {
    match response.status() {
        404 => Ok(Incident::default()),
        _ if response.is_success() => response.into_record(),
        _ => Err(error_from(&response, Permission::ReadIncidents)),
    }
}
