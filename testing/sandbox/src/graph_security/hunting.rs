//! Advanced hunting: page "security: runHuntingQuery".

use serde::Deserialize;
use serde_json::json;

use super::{
    Graph,
    alerts::missing_roles,
    answer::{Answered, Problem, Reply},
    evidence,
    question::Question,
    quota::Pool,
    timespan,
};
use crate::{
    identity::{Grant, NOW},
    kql::{self, Tables},
};

const ROLES: [&str; 1] = ["ThreatHunting.Read.All"];

/// The body.
#[derive(Debug, Deserialize)]
struct Hunt {
    #[serde(rename = "Query", alias = "query")]
    query: Option<String>,
    #[serde(rename = "Timespan", alias = "timespan")]
    timespan: Option<String>,
}

pub(super) fn run(graph: &Graph, grant: &Grant, question: &Question) -> Answered {
    if !grant.has_any(&ROLES) {
        return Err(missing_roles(&ROLES, grant));
    }
    graph.quotas.count(Pool::Hunting, grant)?;
    let hunt: Hunt = question.json()?;
    let query = hunt.query.filter(|query| !query.trim().is_empty());
    let query = query.ok_or_else(|| Problem::bad_request("The parameter 'Query' is required."))?;
    let timespan = hunt.timespan.as_deref().unwrap_or(timespan::USUAL);
    let range = timespan::range(timespan, NOW).ok_or_else(|| {
        Problem::bad_request(format!("The timespan '{timespan}' is not in ISO 8601 format."))
    })?;

    let rows = graph.library.of(grant.tenant).map_or(&[][..], |records| &records.alert_evidence);
    let tables = Tables::new(NOW).with("AlertEvidence", evidence::COLUMNS, rows);
    let tables = (graph.more_tables)(grant.tenant, tables).within(&range);
    let result = kql::run(&understood(&query, question), &tables)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    let schema: Vec<_> = result
        .columns
        .iter()
        .map(|column| json!({"name": column.name, "type": column.kind.schema_name()}))
        .collect();
    Ok(Reply::ok(json!({
        "@odata.context": question.context("microsoft.graph.security.huntingQueryResults"),
        "schema": schema,
        "results": result.rows,
    })))
}

/// Without the right charset the service does not understand characters beyond ASCII.
fn understood(query: &str, question: &Question) -> String {
    let media = question.header("content-type").to_lowercase();
    if media.replace(' ', "").contains("charset=utf-8") {
        return query.to_owned();
    }
    query.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect()
}
