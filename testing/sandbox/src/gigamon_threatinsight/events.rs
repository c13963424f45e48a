//! The event family: the search with a query in IQL over a window of time.

use std::cmp::Reverse;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    accounts::{Account, Caller},
    iql::Query,
    parameters::{GigamonError, Page},
    records::{Moment, time_of},
};

/// The body of `POST /query`. Without a date the window is open on that side.
#[derive(Deserialize)]
pub(super) struct EventQuery {
    query: String,
    /// Inclusive.
    start_date: Option<Moment>,
    /// Exclusive.
    end_date: Option<Moment>,
    #[serde(default = "default_limit")]
    limit: usize,
    #[serde(default)]
    offset: usize,
    #[serde(default)]
    order_by: OrderBy,
    #[serde(default)]
    order: Order,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OrderBy {
    #[default]
    Timestamp,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    #[default]
    Desc,
}

fn default_limit() -> usize {
    100
}

pub(super) async fn query(
    caller: Caller,
    State(data): State<Shared>,
    body: Result<Json<EventQuery>, JsonRejection>,
) -> Result<Json<Value>, GigamonError> {
    if let Some(status) = caller.0.events {
        return Err(GigamonError::no_family(status));
    }
    let Json(search) = body.map_err(|error| invalid_body(error.body_text()))?;
    search.check(caller.0)?;
    let query = parsed(&search.query, &data)?;
    let events = caller.records(&data).events.iter();
    let searchable = events.filter(|record| record.searchable).map(|record| &record.event);
    Ok(Json(search.answer(searchable.filter(|event| query.selects(event)))))
}

fn parsed(text: &str, data: &Shared) -> Result<Query, GigamonError> {
    let known = data.first.events.iter().chain(&data.second.events).map(|record| &record.event);
    Query::parse(text, known)
        .map_err(|error| GigamonError::bad_request("client.invalid_query", format!("{error}.")))
}

fn invalid_body(message: impl Into<String>) -> GigamonError {
    GigamonError::bad_request("client.invalid_body", message)
}

impl EventQuery {
    fn check(&self, account: &Account) -> Result<(), GigamonError> {
        if !(1..=10_000).contains(&self.limit) {
            return Err(invalid_body("limit must lie between 1 and 10000."));
        }
        let longest = account.max_days.map(|days| SignedDuration::from_hours(24 * days));
        if longest.is_some_and(|longest| self.window().is_none_or(|window| window > longest)) {
            let message = "The time between start_date and end_date is too long.";
            return Err(GigamonError::bad_request("client.invalid_date_range", message));
        }
        Ok(())
    }

    /// The length of the window; `None` when it is open.
    fn window(&self) -> Option<SignedDuration> {
        Some(self.end_date?.0.duration_since(self.start_date?.0))
    }

    fn includes(&self, time: Timestamp) -> bool {
        self.start_date.is_none_or(|start| start.0 <= time)
            && self.end_date.is_none_or(|end| time < end.0)
    }

    fn answer<'a>(&self, events: impl Iterator<Item = &'a Value>) -> Value {
        let mut found: Vec<(Timestamp, &Value)> = events
            .filter_map(|event| Some((time_of(event, "timestamp")?, event)))
            .filter(|(time, _)| self.includes(*time))
            .collect();
        match self.order {
            Order::Asc => found.sort_by_key(|(time, _)| *time),
            Order::Desc => found.sort_by_key(|(time, _)| Reverse(*time)),
        }
        let total = found.len();
        let page = Page { limit: self.limit, offset: self.offset };
        let shown = page.of(found.into_iter().map(|(_, event)| event));
        let OrderBy::Timestamp = self.order_by;
        json!({
            "result_count": shown.len(), "total": total, "offset": self.offset, "limit": self.limit,
            "order_by": "timestamp",
            "order": if self.order == Order::Asc { "asc" } else { "desc" },
            "query": self.query, "events": shown,
        })
    }
}
