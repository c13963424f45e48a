//! Advanced hunting: page "security: runHuntingQuery".

use serde::Deserialize;
use serde_json::json;

use super::{
    Graph, HUNTING_LIMIT,
    alerts::require,
    records,
    request::GraphRequest,
    response::{GraphError, GraphResponse},
    timespan,
};
use crate::{
    identity::{Grant, NOW},
    kql::{self, Tables},
};

/// The body.
#[derive(Debug, Deserialize)]
struct Hunt {
    #[serde(rename = "Query", alias = "query")]
    query: Option<String>,
    #[serde(rename = "Timespan", alias = "timespan")]
    timespan: Option<String>,
}

pub(super) fn run(
    graph: &Graph,
    grant: &Grant,
    request: &GraphRequest,
) -> Result<GraphResponse, GraphError> {
    require(&["ThreatHunting.Read.All"], grant)?;
    graph.count(&HUNTING_LIMIT, grant)?;
    let hunt: Hunt = request.json()?;
    let query = hunt.query.filter(|query| !query.trim().is_empty());
    let query =
        query.ok_or_else(|| GraphError::bad_request("The parameter 'Query' is required."))?;
    let timespan = hunt.timespan.as_deref().unwrap_or(timespan::DEFAULT);
    let range = timespan::range(timespan, NOW).ok_or_else(|| {
        GraphError::bad_request(format!("The timespan '{timespan}' is not in ISO 8601 format."))
    })?;

    let rows = &records::of(grant.tenant).alert_evidence;
    let tables = Tables::new(NOW).with("AlertEvidence", rows);
    let tables = (graph.more_tables)(grant.tenant, tables).within(&range);
    let result = kql::run(&understood(&query, request), &tables)
        .map_err(|error| GraphError::bad_request(error.to_string()))?;
    let columns = result.columns.iter();
    let schema = columns.map(|it| json!({"name": it.name, "type": it.kind.schema_name()}));
    Ok(GraphResponse::ok(json!({
        "@odata.context": request.context("microsoft.graph.security.huntingQueryResults"),
        "schema": schema.collect::<Vec<_>>(),
        "results": result.rows,
    })))
}

/// Without the right charset the service does not understand characters beyond ASCII.
fn understood(query: &str, request: &GraphRequest) -> String {
    let media = request.header("content-type").to_lowercase();
    if media.replace(' ', "").contains("charset=utf-8") {
        return query.to_owned();
    }
    query.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect()
}
