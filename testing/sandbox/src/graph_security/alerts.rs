//! Alerts of the new generation: pages "List alerts_v2" and "Get alert".

use serde_json::{Value, json};

use super::{
    Graph,
    answer::{Answered, Problem, Reply},
    odata::{Entity, Filter},
    options::Options,
    question::Question,
    quota::Pool,
    records::FilterSupport,
};
use crate::identity::Grant;

const ROLES: [&str; 4] = [
    "SecurityAlert.Read.All",
    "SecurityAlert.ReadWrite.All",
    "SecurityIncident.Read.All",
    "SecurityIncident.ReadWrite.All",
];

/// Rows of a page when the caller does not say, and the most that a page holds.
const USUAL_PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// What the list's page says can be filtered; evidence is added by the migration guide.
const FILTERABLE: [&str; 9] = [
    "assignedTo",
    "classification",
    "createdDateTime",
    "determination",
    "evidence",
    "lastUpdateDateTime",
    "serviceSource",
    "severity",
    "status",
];

/// Callers get these members of enumerations only when they ask for members newer than the version.
const NEW_MEMBERS: [&str; 19] = [
    "microsoftDefenderForCloud",
    "microsoftDefenderForIoT",
    "microsoftDefenderForServers",
    "microsoftDefenderForStorage",
    "microsoftDefenderForDNS",
    "microsoftDefenderForDatabases",
    "microsoftDefenderForContainers",
    "microsoftDefenderForNetwork",
    "microsoftDefenderForAppService",
    "microsoftDefenderForKeyVault",
    "microsoftDefenderForResourceManager",
    "microsoftDefenderForApiManagement",
    "microsoftSentinel",
    "active",
    "pendingApproval",
    "declined",
    "unremediated",
    "running",
    "partiallyRemediated",
];
const PREFERENCE: &str = "include-unknown-enum-members";

pub(super) fn list(graph: &Graph, grant: &Grant, question: &Question) -> Answered {
    admit(graph, grant)?;
    let options = Options::read(&question.query)?;
    let filter = filter(options.filter.as_deref(), FilterSupport::of(grant.tenant))?;
    let alerts = graph.library.of(grant.tenant).map_or(&[][..], |records| &records.alerts);
    let found: Vec<&Value> = alerts
        .iter()
        .filter(|alert| filter.as_ref().is_none_or(|filter| filter.matches(alert)))
        .collect();

    let size = options.top.unwrap_or(USUAL_PAGE).min(LARGEST_PAGE);
    let end = options.skip.saturating_add(size).min(found.len());
    let page = found.get(options.skip..end).unwrap_or_default();
    let mut body = json!({
        "@odata.context": question.context("security/alerts_v2"),
        "value": page.iter().map(|alert| shown(alert, question)).collect::<Value>(),
    });
    if options.count {
        body["@odata.count"] = json!(found.len());
    }
    if end < found.len() && size > 0 {
        body["@odata.nextLink"] = json!(options.next_link(question, ("$skip", end.to_string())));
    }
    Ok(replied(body, question))
}

pub(super) fn get(graph: &Graph, grant: &Grant, question: &Question, id: &str) -> Answered {
    admit(graph, grant)?;
    let alerts = graph.library.of(grant.tenant).map_or(&[][..], |records| &records.alerts);
    let alert = alerts
        .iter()
        .find(|alert| alert["id"] == id)
        .ok_or_else(|| Problem::not_found(format!("Alert '{id}' was not found.")))?;
    let mut body = shown(alert, question);
    body["@odata.context"] = json!(question.context("security/alerts_v2/$entity"));
    Ok(replied(body, question))
}

fn admit(graph: &Graph, grant: &Grant) -> Result<(), Problem> {
    if !grant.has_any(&ROLES) {
        return Err(missing_roles(&ROLES, grant));
    }
    graph.quotas.count(Pool::Alerts, grant)
}

/// The 403 that names what the API requires and what the token has.
pub(super) fn missing_roles(required: &[&str], grant: &Grant) -> Problem {
    Problem::forbidden(format!(
        "Missing application roles. API required roles: {}, application roles: {}.",
        required.join(","),
        grant.roles().join(",")
    ))
}

fn filter(text: Option<&str>, support: FilterSupport) -> Result<Option<Filter>, Problem> {
    let Some(text) = text.filter(|_| support != FilterSupport::Ignored) else { return Ok(None) };
    let filter = Filter::parse(text, Entity::Alert)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    let properties = filter.properties();
    if let Some(name) = properties.iter().find(|name| !FILTERABLE.contains(name)) {
        return Err(Problem::bad_request(format!(
            "Invalid filter clause: The property '{name}' cannot be used in the $filter query option."
        )));
    }
    if properties.contains(&"evidence") {
        let refusal = "Filtering on 'evidence' is not supported.";
        match support {
            FilterSupport::EvidenceRefused => {
                return Err(Problem::bad_request(format!("Invalid filter clause: {refusal}")));
            }
            FilterSupport::EvidenceNotImplemented => return Err(Problem::not_implemented(refusal)),
            FilterSupport::Full | FilterSupport::Ignored => {}
        }
    }
    Ok(Some(filter))
}

fn wants_new_members(question: &Question) -> bool {
    question.header("prefer").contains(PREFERENCE)
}

fn replied(body: Value, question: &Question) -> Reply {
    let reply = Reply::ok(body);
    if wants_new_members(question) {
        reply.with_header("Preference-Applied", PREFERENCE)
    } else {
        reply
    }
}

/// The alert as this caller sees it.
fn shown(alert: &Value, question: &Question) -> Value {
    let mut alert = alert.clone();
    if !wants_new_members(question) {
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
        let is_new = of[*name].as_str().is_some_and(|member| NEW_MEMBERS.contains(&member));
        if is_new {
            of[*name] = json!("unknownFutureValue");
        }
    }
}
