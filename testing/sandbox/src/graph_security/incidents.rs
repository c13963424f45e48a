//! Incidents: pages "Get incident" and "incident resource type".

use http::StatusCode;
use serde_json::json;

use super::{
    ALERTS_LIMIT, Graph,
    alerts::require,
    records,
    request::GraphRequest,
    response::{GraphError, GraphResponse},
};
use crate::identity::Grant;

const ROLES: [&str; 2] = ["SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"];

pub(super) fn get(
    graph: &Graph,
    grant: &Grant,
    request: &GraphRequest,
    id: &str,
) -> Result<GraphResponse, GraphError> {
    require(&ROLES, grant)?;
    graph.count(&ALERTS_LIMIT, grant)?;
    let mut incidents = records::of(grant.tenant).incidents.iter();
    let incident = incidents.find(|incident| incident["id"] == id).ok_or_else(|| {
        let message = format!("Incident '{id}' was not found.");
        GraphError::new(StatusCode::NOT_FOUND, "NotFound", message)
    })?;
    let tenant = grant.tenant.id;
    let mut body = incident.clone();
    body["@odata.context"] = json!(request.context("security/incidents/$entity"));
    body["tenantId"] = json!(tenant);
    body["incidentWebUrl"] =
        json!(format!("https://security.microsoft.com/incidents/{id}?tid={tenant}"));
    Ok(GraphResponse::ok(body))
}
