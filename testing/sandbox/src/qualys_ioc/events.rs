//! `GET /ioc/events`: the search for events of active objects, or of the history.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{OriginalUri, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use serde::Deserialize;
use serde_json::Value;

use super::{
    EVENTS_PATH, Gateway,
    accounts::{Subscription, Tenant},
    answers::Refusal,
    present,
    qql::Filter,
    time,
};

const FIRST_TENANT: &str = include_str!("data/events.json");
const SECOND_TENANT: &str = include_str!("data/second_tenant.json");

const USUAL_PAGE: usize = 10;
const LARGEST_PAGE: usize = 1000;
/// Pages reach no further into a result than this.
const WINDOW: usize = 10_000;

/// An event and the searches that find it; `about` in the file says what it is good for.
#[derive(Clone, Deserialize)]
struct Record {
    passes: Vec<Pass>,
    event: Value,
}

/// The objects that a search looks at.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Pass {
    /// Those that exist now: `state=true`.
    Active,
    /// All that ever happened.
    Historical,
}

/// The built-in data. A file that cannot be read would give no events; the tests look at all of
/// them.
pub(super) struct Records {
    first: Vec<Record>,
    second: Vec<Record>,
}

impl Default for Records {
    fn default() -> Self {
        let read = |text| serde_json::from_str(text).unwrap_or_default();
        Self { first: read(FIRST_TENANT), second: read(SECOND_TENANT) }
    }
}

/// The query as sent, not yet understood.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    filter: Option<String>,
    page_size: Option<String>,
    page_number: Option<String>,
    state: Option<String>,
    sort: Option<String>,
}

struct Search {
    filter: Option<Filter>,
    pass: Pass,
    order: Option<Order>,
    skip: usize,
    take: usize,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}

type SearchQuery = Result<Query<Parameters>, QueryRejection>;

pub(super) async fn search(
    State(gateway): State<Arc<Gateway>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    query: SearchQuery,
) -> Response {
    let subscription = match caller(&gateway, &headers, uri.path()) {
        Ok(subscription) => subscription,
        Err(refusal) => return refusal.into_response(),
    };
    let (figures, place) = gateway.quotas.enter(subscription, present());
    let found = async {
        place?.work().await;
        let Query(parameters) = query.map_err(|error| Refusal::bad_request(error.body_text()))?;
        Ok::<_, Refusal>(Json(gateway.records.find(subscription.tenant, &parameters.read()?)))
    };
    (figures.headers(), found.await).into_response()
}

fn caller(
    gateway: &Gateway,
    headers: &HeaderMap,
    path: &str,
) -> Result<&'static Subscription, Refusal> {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or_else(|| Refusal::unauthorized("Full authentication is required"))?;
    let subscription = gateway.tokens.redeem(token, present())?;
    if path == EVENTS_PATH && !subscription.serves_plain_path {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "No message available"));
    }
    Ok(subscription)
}

impl Parameters {
    fn read(&self) -> Result<Search, Refusal> {
        let take = number("pageSize", self.page_size.as_deref(), USUAL_PAGE)?;
        let page = number("pageNumber", self.page_number.as_deref(), 0)?;
        if !(1..=LARGEST_PAGE).contains(&take) {
            return Err(Refusal::bad_request("pageSize must lie between 1 and 1000"));
        }
        let skip = page.saturating_mul(take);
        if skip.saturating_add(take) > WINDOW {
            return Err(Refusal::bad_request("The result window ends at 10000 events"));
        }
        Ok(Search { filter: self.filter()?, pass: self.pass()?, order: self.order()?, skip, take })
    }

    fn filter(&self) -> Result<Option<Filter>, Refusal> {
        let filter = self.filter.as_deref().map(Filter::parse).transpose();
        filter.map_err(|error| Refusal::bad_request(format!("Invalid filter: {error}")))
    }

    fn pass(&self) -> Result<Pass, Refusal> {
        match self.state.as_deref() {
            Some("true") => Ok(Pass::Active),
            None | Some("false") => Ok(Pass::Historical),
            Some(_) => Err(Refusal::bad_request("state must be true or false")),
        }
    }

    /// `[{"event.dateTime":"desc"}]`; no other field can be sorted by.
    fn order(&self) -> Result<Option<Order>, Refusal> {
        let Some(sort) = self.sort.as_deref() else { return Ok(None) };
        let fields: Vec<BTreeMap<String, Order>> = serde_json::from_str(sort)
            .map_err(|error| Refusal::bad_request(format!("Invalid sort: {error}")))?;
        match fields.as_slice() {
            [field] if field.len() == 1 => field.get("event.dateTime").copied(),
            _ => None,
        }
        .map(Some)
        .ok_or_else(|| Refusal::bad_request("Events can be sorted by event.dateTime only"))
    }
}

fn number(name: &str, text: Option<&str>, usual: usize) -> Result<usize, Refusal> {
    let message = |_| Refusal::bad_request(format!("{name} must be a number"));
    text.map_or(Ok(usual), |text| text.parse().map_err(message))
}

impl Records {
    fn find(&self, tenant: Tenant, search: &Search) -> Vec<Value> {
        let records = match tenant {
            Tenant::First => &self.first,
            Tenant::Second => &self.second,
        };
        let mut found: Vec<&Value> =
            records.iter().filter(|record| search.wants(record)).map(|one| &one.event).collect();
        match search.order {
            None => {}
            Some(Order::Asc) => found.sort_by_key(|event| time::of_event(event)),
            Some(Order::Desc) => {
                found.sort_by_key(|event| std::cmp::Reverse(time::of_event(event)));
            }
        }
        found.into_iter().skip(search.skip).take(search.take).cloned().collect()
    }
}

impl Search {
    fn wants(&self, record: &Record) -> bool {
        record.passes.contains(&self.pass)
            && self.filter.as_ref().is_none_or(|filter| filter.selects(&record.event))
    }
}
