//! `GET /ioc/events`: the search for events of active objects, or of the history.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{OriginalUri, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header::AUTHORIZATION};
use serde::Deserialize;
use serde_json::Value;

use super::{
    EVENTS_PATH, Gateway,
    accounts::{Customer, Subscription},
    error::QualysError,
    qql::Filter,
    time,
};

const FIRST_CUSTOMER: &str = include_str!("data/events.json");
/// What the first customer has of [`incident`](crate::incident).
const INCIDENT: &str = include_str!("data/incident.json");
const SECOND_CUSTOMER: &str = include_str!("data/second_tenant.json");

const DEFAULT_PAGE_SIZE: usize = 10;
const MAX_PAGE_SIZE: usize = 1000;
/// Pages reach no further into a result than this.
const MAX_RESULT_EVENTS: usize = 10_000;

/// An event and the searches that find it; `about` in the file names its purpose.
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
        let read = |text| serde_json::from_str::<Vec<_>>(text).unwrap_or_default();
        let first = [read(FIRST_CUSTOMER), read(INCIDENT)].concat();
        Self { first, second: read(SECOND_CUSTOMER) }
    }
}

/// The query as sent, before it is checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    filter: Option<String>,
    page_size: Option<String>,
    page_number: Option<String>,
    state: Option<String>,
    sort: Option<String>,
}

struct EventSearch {
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
    let now = gateway.clock.now();
    let subscription = match caller(&gateway, &headers, uri.path()) {
        Ok(subscription) => subscription,
        Err(error) => return error.response(now),
    };
    let (usage, slot) = gateway.quotas.enter(subscription, now);
    let found = async {
        slot?.work().await;
        let query = query.map_err(|error| QualysError::bad_request(error.body_text()));
        Ok::<_, QualysError>(Json(gateway.records.find(subscription.customer, &query?.read()?)))
    };
    let response =
        found.await.map_or_else(|error| error.response(now), IntoResponse::into_response);
    (usage.headers(), response).into_response()
}

fn caller(
    gateway: &Gateway,
    headers: &HeaderMap,
    path: &str,
) -> Result<&'static Subscription, QualysError> {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or_else(|| QualysError::unauthorized("Full authentication is required"))?;
    let subscription = gateway.tokens.redeem(token, gateway.clock.now())?;
    let is_served = match path {
        EVENTS_PATH => subscription.serves_plain_path,
        _ => subscription.serves_versioned_path,
    };
    if is_served { Ok(subscription) } else { Err(QualysError::unknown_path()) }
}

impl Parameters {
    fn read(&self) -> Result<EventSearch, QualysError> {
        let take = number("pageSize", self.page_size.as_deref(), DEFAULT_PAGE_SIZE)?;
        let page = number("pageNumber", self.page_number.as_deref(), 0)?;
        if !(1..=MAX_PAGE_SIZE).contains(&take) {
            return Err(QualysError::bad_request("pageSize must lie between 1 and 1000"));
        }
        let skip = page.saturating_mul(take);
        if skip.saturating_add(take) > MAX_RESULT_EVENTS {
            return Err(QualysError::bad_request("The result window ends at 10000 events"));
        }
        let (filter, pass, order) = (self.filter()?, self.pass()?, self.order()?);
        Ok(EventSearch { filter, pass, order, skip, take })
    }

    fn filter(&self) -> Result<Option<Filter>, QualysError> {
        let filter = self.filter.as_deref().map(Filter::parse).transpose();
        filter.map_err(|error| QualysError::bad_request(format!("Invalid filter: {error}")))
    }

    fn pass(&self) -> Result<Pass, QualysError> {
        match self.state.as_deref() {
            Some("true") => Ok(Pass::Active),
            None | Some("false") => Ok(Pass::Historical),
            Some(_) => Err(QualysError::bad_request("state must be true or false")),
        }
    }

    /// `[{"event.dateTime":"desc"}]`; no other field can be sorted by.
    fn order(&self) -> Result<Option<Order>, QualysError> {
        let Some(sort) = self.sort.as_deref() else { return Ok(None) };
        let fields: Vec<BTreeMap<String, Order>> = serde_json::from_str(sort)
            .map_err(|error| QualysError::bad_request(format!("Invalid sort: {error}")))?;
        let order = match fields.as_slice() {
            [field] if field.len() == 1 => field.get("event.dateTime").copied(),
            _ => None,
        };
        let message = "Events can be sorted by event.dateTime only";
        order.map(Some).ok_or_else(|| QualysError::bad_request(message))
    }
}

fn number(name: &str, text: Option<&str>, default: usize) -> Result<usize, QualysError> {
    let message = |_| QualysError::bad_request(format!("{name} must be a number"));
    text.map_or(Ok(default), |text| text.parse().map_err(message))
}

impl Records {
    fn find(&self, customer: Customer, search: &EventSearch) -> Vec<Value> {
        let records = match customer {
            Customer::First => &self.first,
            Customer::Second => &self.second,
        };
        let mut found: Vec<&Value> =
            records.iter().filter(|record| search.finds(record)).map(|one| &one.event).collect();
        match search.order {
            None => {}
            Some(Order::Asc) => found.sort_by_key(|event| time::of_event(event)),
            Some(Order::Desc) => found.sort_by_key(|event| Reverse(time::of_event(event))),
        }
        found.into_iter().skip(search.skip).take(search.take).cloned().collect()
    }
}

impl EventSearch {
    fn finds(&self, record: &Record) -> bool {
        record.passes.contains(&self.pass)
            && self.filter.as_ref().is_none_or(|filter| filter.selects(&record.event))
    }
}
