//! Alerts of the new generation: pages "List alerts_v2" and "Get alert".

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    ALERTS_LIMIT, Graph,
    records::{self, FilterSupport},
    request::GraphRequest,
    response::{GraphError, GraphResponse},
};
use crate::{
    identity::Grant,
    odata::{Filter, Schema},
};

const SCHEMA: Schema = Schema::Type("microsoft.graph.security.alert");

const ROLES: [&str; 4] = [
    "SecurityAlert.Read.All",
    "SecurityAlert.ReadWrite.All",
    "SecurityIncident.Read.All",
    "SecurityIncident.ReadWrite.All",
];

const DEFAULT_PAGE_SIZE: usize = 100;
const MAX_PAGE_SIZE: usize = 1000;

/// The properties that can be filtered according to the list's page; evidence is added by the migration guide.
const FILTERABLE: &str = "assignedTo classification createdDateTime determination evidence \
     lastUpdateDateTime serviceSource severity status";

/// Callers get these members of enumerations only when they ask for members newer than the version.
const NEW_MEMBERS: &str = "\
    microsoftDefenderForCloud microsoftDefenderForIoT microsoftDefenderForServers \
    microsoftDefenderForStorage microsoftDefenderForDNS microsoftDefenderForDatabases \
    microsoftDefenderForContainers microsoftDefenderForNetwork microsoftDefenderForAppService \
    microsoftDefenderForKeyVault microsoftDefenderForResourceManager \
    microsoftDefenderForApiManagement microsoftSentinel active pendingApproval declined \
    unremediated running partiallyRemediated";
const PREFERENCE: &str = "include-unknown-enum-members";

pub(super) fn list(
    graph: &Graph,
    grant: &Grant,
    request: &GraphRequest,
) -> Result<GraphResponse, GraphError> {
    admit(graph, grant)?;
    let options = request.options()?;
    let filter = filter(options.filter.as_deref(), FilterSupport::of(grant.tenant))?;
    let alerts = &records::of(grant.tenant).alerts;
    let found: Vec<&Value> = alerts
        .iter()
        .filter(|alert| filter.as_ref().is_none_or(|filter| filter.matches(alert)))
        .collect();

    let size = options.top.unwrap_or(DEFAULT_PAGE_SIZE).min(MAX_PAGE_SIZE);
    let end = options.skip.saturating_add(size).min(found.len());
    let page = found.get(options.skip..end).unwrap_or_default();
    let mut body = json!({
        "@odata.context": request.context("security/alerts_v2"),
        "value": page.iter().map(|alert| shown(alert, request)).collect::<Value>(),
    });
    if options.count {
        body["@odata.count"] = json!(found.len());
    }
    if end < found.len() && size > 0 {
        let next = options.next_page(("$skip", end.to_string()));
        body["@odata.nextLink"] = json!(request.link(&next));
    }
    Ok(response(body, request))
}

pub(super) fn get(
    graph: &Graph,
    grant: &Grant,
    request: &GraphRequest,
    id: &str,
) -> Result<GraphResponse, GraphError> {
    admit(graph, grant)?;
    let mut alerts = records::of(grant.tenant).alerts.iter();
    let alert = alerts.find(|alert| alert["id"] == id).ok_or_else(|| {
        let message = format!("Alert '{id}' was not found.");
        GraphError::new(StatusCode::NOT_FOUND, "NotFound", message)
    })?;
    let mut body = shown(alert, request);
    body["@odata.context"] = json!(request.context("security/alerts_v2/$entity"));
    Ok(response(body, request))
}

fn admit(graph: &Graph, grant: &Grant) -> Result<(), GraphError> {
    require(&ROLES, grant)?;
    graph.count(&ALERTS_LIMIT, grant)
}

/// One of these permissions, else the 403 that names what the API requires and what the token has.
pub(super) fn require(roles: &[&str], grant: &Grant) -> Result<(), GraphError> {
    if grant.has_any(roles) {
        return Ok(());
    }
    Err(GraphError::forbidden(format!(
        "Missing application roles. API required roles: {}, application roles: {}.",
        roles.join(","),
        grant.roles().join(",")
    )))
}

fn filter(text: Option<&str>, support: FilterSupport) -> Result<Option<Filter>, GraphError> {
    let Some(text) = text.filter(|_| support != FilterSupport::Ignored) else { return Ok(None) };
    let filter = Filter::parse(text, SCHEMA);
    let filter = filter.map_err(|error| GraphError::bad_request(error.to_string()))?;
    let properties = filter.properties();
    let is_filterable = |name: &str| FILTERABLE.split(' ').any(|known| known == name);
    if let Some(name) = properties.iter().find(|name| !is_filterable(name)) {
        return Err(GraphError::bad_request(format!(
            "Invalid filter clause: The property '{name}' cannot be used in the $filter query option."
        )));
    }
    let message = "Filtering on 'evidence' is not supported.";
    match support {
        FilterSupport::EvidenceRefused if properties.contains(&"evidence") => {
            Err(GraphError::bad_request(format!("Invalid filter clause: {message}")))
        }
        FilterSupport::EvidenceNotImplemented if properties.contains(&"evidence") => {
            Err(GraphError::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message))
        }
        _ => Ok(Some(filter)),
    }
}

fn wants_new_members(request: &GraphRequest) -> bool {
    request.header("prefer").contains(PREFERENCE)
}

fn response(body: Value, request: &GraphRequest) -> GraphResponse {
    let response = GraphResponse::ok(body);
    match wants_new_members(request) {
        true => response.with_header("Preference-Applied", PREFERENCE),
        false => response,
    }
}

/// The alert as this caller sees it.
fn shown(alert: &Value, request: &GraphRequest) -> Value {
    let mut alert = alert.clone();
    if !wants_new_members(request) {
        hide_new_members(&mut alert, &["serviceSource", "detectionSource"]);
        // Indexing would add the member where it is missing.
        let evidence = alert.get_mut("evidence").and_then(Value::as_array_mut);
        for evidence in evidence.into_iter().flatten() {
            hide_new_members(evidence, &["remediationStatus"]);
        }
    }
    alert
}

fn hide_new_members(of: &mut Value, properties: &[&str]) {
    for name in properties {
        let member = of[*name].as_str();
        if member.is_some_and(|member| NEW_MEMBERS.split(' ').any(|new| new == member)) {
            of[*name] = json!("unknownFutureValue");
        }
    }
}
