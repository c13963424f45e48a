//! Legacy alerts, which Graph collects from federated providers: pages "List alerts" and
//! "Microsoft Graph Security API error responses".

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    ALERTS_LIMIT, Graph, HALF_ANSWERED_DOMAIN, records,
    request::GraphRequest,
    response::{GraphError, GraphResponse},
};
use crate::{
    identity::Grant,
    odata::{Filter, Options, Schema, skip_token},
};

const SCHEMA: Schema = Schema::Type("microsoft.graph.alert");

const ROLES: [&str; 2] = ["SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"];

/// How many alerts each provider gives if the caller does not say.
const DEFAULT_TOP: usize = 100;
const MAX_TOP: usize = 1000;
const MAX_SKIP: usize = 500;

/// Providers that know no filter on collections: such filters never find their alerts.
const SIMPLE_PROVIDERS: [&str; 2] =
    ["Microsoft Defender ATP", "Office 365 Security and Compliance"];
/// The provider that fails where a filter names [`HALF_ANSWERED_DOMAIN`].
const FAILING_PROVIDER: &str = "Azure Sentinel";

pub(super) fn list(
    graph: &Graph,
    grant: &Grant,
    request: &GraphRequest,
) -> Result<GraphResponse, GraphError> {
    if !grant.has_any(&ROLES) {
        return Err(GraphError::forbidden(format!(
            "Auth token does not contain valid permissions or user does not have valid roles. Required: {}.",
            ROLES.join(", ")
        )));
    }
    graph.count(&ALERTS_LIMIT, grant)?;
    let options = checked(request.options()?)?;
    let filter = options.filter.as_deref().map(|text| Filter::parse(text, SCHEMA)).transpose();
    let filter = filter.map_err(|error| GraphError::bad_request(error.to_string()))?;
    let is_partial =
        options.filter.as_deref().is_some_and(|text| text.contains(HALF_ANSWERED_DOMAIN));

    let found = records::of(grant.tenant).legacy.iter().filter(|alert| {
        let is_silent = is_partial && provider(alert) == FAILING_PROVIDER;
        !is_silent && filter.as_ref().is_none_or(|filter| finds(filter, alert))
    });
    let response = GraphResponse::ok(body(&by_provider(found), &options, request));
    if is_partial {
        let warning = format!("199 - \"Microsoft/{FAILING_PROVIDER}/504/10000\"");
        let response = response.with_header("Warning", warning);
        return Ok(GraphResponse { status: StatusCode::PARTIAL_CONTENT, ..response });
    }
    Ok(response)
}

fn checked(options: Options) -> Result<Options, GraphError> {
    let top = options.top.unwrap_or_default();
    for (name, value, limit) in [("Top", top, MAX_TOP), ("Skip", options.skip, MAX_SKIP)] {
        if value > limit {
            return Err(GraphError::bad_request(format!(
                "The limit of '{limit}' for the {name} query has been exceeded."
            )));
        }
    }
    Ok(options)
}

fn provider(alert: &Value) -> &str {
    alert["vendorInformation"]["provider"].as_str().unwrap_or_default()
}

fn finds(filter: &Filter, alert: &Value) -> bool {
    let is_known = !filter.has_lambda() || !SIMPLE_PROVIDERS.contains(&provider(alert));
    is_known && filter.matches(alert)
}

/// The alerts of each provider; providers in the order of their newest alert.
fn by_provider<'a>(alerts: impl Iterator<Item = &'a Value>) -> Vec<Vec<&'a Value>> {
    let mut providers: Vec<Vec<&Value>> = Vec::new();
    for alert in alerts {
        match providers.iter_mut().find(|known| provider(known[0]) == provider(alert)) {
            Some(known) => known.push(alert),
            None => providers.push(vec![alert]),
        }
    }
    providers
}

/// A page takes the same part of every provider's alerts.
fn body(providers: &[Vec<&Value>], options: &Options, request: &GraphRequest) -> Value {
    let start = options.skip.saturating_add(options.skip_token);
    let size = options.top.unwrap_or(DEFAULT_TOP);
    let end = start.saturating_add(size);
    let page = providers.iter().flat_map(|alerts| alerts.iter().skip(start).take(size));
    let mut body = json!({
        "@odata.context": request.context("security/alerts"),
        "value": page.collect::<Vec<_>>(),
    });
    if options.count {
        body["@odata.count"] = json!(providers.iter().map(Vec::len).sum::<usize>());
    }
    if size > 0 && providers.iter().any(|alerts| alerts.len() > end) {
        let next = options.next_page(("$skiptoken", skip_token(end)));
        body["@odata.nextLink"] = json!(request.link(&next));
    }
    body
}
