//! Legacy alerts, which Graph collects from federated providers: pages "List alerts" and
//! "Microsoft Graph Security API error responses".

use serde_json::{Value, json};

use super::{
    Graph, HALF_ANSWERED_DOMAIN,
    answer::{Answered, Problem, Reply},
    odata::{Entity, Filter},
    options::{Options, token},
    question::Question,
    quota::Pool,
};
use crate::identity::Grant;

const ROLES: [&str; 2] = ["SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"];

/// Rows that each provider gives when the caller does not say, and the most it gives.
const USUAL_TOP: usize = 100;
const LARGEST_TOP: usize = 1000;
const LARGEST_SKIP: usize = 500;

/// Providers that know no filter on collections: such filters never find their alerts.
const SIMPLE_PROVIDERS: [&str; 2] =
    ["Microsoft Defender ATP", "Office 365 Security and Compliance"];
/// The provider that fails where a filter names [`HALF_ANSWERED_DOMAIN`].
const FAILING_PROVIDER: &str = "Azure Sentinel";

pub(super) fn list(graph: &Graph, grant: &Grant, question: &Question) -> Answered {
    if !grant.has_any(&ROLES) {
        return Err(Problem::forbidden(format!(
            "Auth token does not contain valid permissions or user does not have valid roles. Required: {}.",
            ROLES.join(", ")
        )));
    }
    graph.quotas.count(Pool::Alerts, grant)?;
    let options = checked(Options::read(&question.query)?)?;
    let filter = options.filter.as_deref().map(|text| Filter::parse(text, Entity::LegacyAlert));
    let filter = filter.transpose().map_err(|error| Problem::bad_request(error.to_string()))?;
    let is_partial =
        options.filter.as_deref().is_some_and(|text| text.contains(HALF_ANSWERED_DOMAIN));

    let alerts = graph.library.of(grant.tenant).map_or(&[][..], |records| &records.legacy);
    let found = alerts.iter().filter(|alert| {
        let is_silent = is_partial && provider(alert) == FAILING_PROVIDER;
        !is_silent && filter.as_ref().is_none_or(|filter| finds(filter, alert))
    });
    let page = Page::new(by_provider(found), &options);
    let mut body = json!({
        "@odata.context": question.context("security/alerts"),
        "value": page.alerts,
    });
    if options.count {
        body["@odata.count"] = json!(page.total);
    }
    if let Some(next) = page.next {
        body["@odata.nextLink"] = json!(options.next_link(question, ("$skiptoken", token(next))));
    }
    let reply = Reply::ok(body);
    if is_partial {
        let warning = format!("199 - \"Microsoft/{FAILING_PROVIDER}/504/10000\"");
        let reply = reply.with_header("Warning", warning);
        return Ok(Reply { status: http::StatusCode::PARTIAL_CONTENT, ..reply });
    }
    Ok(reply)
}

fn checked(options: Options) -> Result<Options, Problem> {
    let too_large = |name: &str, most: usize| {
        Problem::bad_request(format!(
            "The limit of '{most}' for the {name} query has been exceeded."
        ))
    };
    if options.top.is_some_and(|top| top > LARGEST_TOP) {
        return Err(too_large("Top", LARGEST_TOP));
    }
    if options.skip > LARGEST_SKIP {
        return Err(too_large("Skip", LARGEST_SKIP));
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

/// The part of every provider's alerts that one call answers.
struct Page<'a> {
    alerts: Vec<&'a Value>,
    total: usize,
    /// Where the next page begins in each provider's alerts, if one of them has more.
    next: Option<usize>,
}

impl<'a> Page<'a> {
    fn new(providers: Vec<Vec<&'a Value>>, options: &Options) -> Self {
        let start = options.skip.saturating_add(options.skip_token);
        let end = start.saturating_add(options.top.unwrap_or(USUAL_TOP));
        let has_more = end > start && providers.iter().any(|alerts| alerts.len() > end);
        let total = providers.iter().map(Vec::len).sum();
        let part = |alerts: Vec<&'a Value>| {
            alerts.into_iter().skip(start).take(end - start).collect::<Vec<_>>()
        };
        Self {
            alerts: providers.into_iter().flat_map(part).collect(),
            total,
            next: has_more.then_some(end),
        }
    }
}
