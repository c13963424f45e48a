//! `/attributes/restSearch`.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};

use super::{
    access::{MispError, User},
    call::reply,
    conditions::Conditions,
    content::{Attribute, Content, Event},
    filter::{is_empty, text},
    order::Order,
    row::{Detail, View},
    server::Server,
    warninglist,
};
use crate::lock::locked;

const NO_FILTER: &str = "Restsearch queries using GET and no parameters are not allowed. If you have passed \
    parameters via a JSON body, make sure you use POST requests.";
const NO_FORMAT: &str = "Invalid output format.";
const NO_SEARCHES: &str = "API searches are not allowed for this user role.";
const NO_MORE_SEARCHES: &str = "Rate limit exceeded.";
/// How long a quota of searches is counted, in seconds.
const QUOTA_SECONDS: &str = "900";

/// Parameters by name.
pub(super) type Parameters = Map<String, Value>;

/// One page of the rows: a limit, which may count for every row, and how many rows stand before.
struct Page {
    limit: Option<f64>,
    skip: usize,
}

impl Page {
    fn read(given: &Parameters) -> Result<Self, MispError> {
        let limit = given.get("limit").filter(|limit| !is_empty(limit)).map(number).transpose()?;
        let page = given.get("page").filter(|page| !is_empty(page)).map(number).transpose()?;
        let before = (page.unwrap_or(1.0) - 1.0).max(0.0) * limit.unwrap_or(0.0);
        Ok(Self { limit, skip: whole(before) })
    }

    /// The rows of this page; a negative limit is none.
    fn cut<T>(&self, mut rows: Vec<T>) -> Vec<T> {
        rows.drain(..self.skip.min(rows.len()));
        if let Some(limit) = self.limit.filter(|limit| *limit > 0.0) {
            rows.truncate(whole(limit));
        }
        rows
    }

    /// `X-Result-Count` for so many rows of the database, of which so many are shown: one more where a
    /// page with a limit is full or shows nothing.
    #[expect(clippy::cast_precision_loss, reason = "there are far less than 2^53 rows")]
    fn count(&self, read: usize, shown: usize) -> usize {
        let full = self.limit.is_some_and(|limit| shown == 0 || shown as f64 >= limit);
        read + usize::from(full)
    }
}

/// A number, written as such or as text; anything else makes the server fail.
fn number(value: &Value) -> Result<f64, MispError> {
    if value.is_array() || value.is_object() {
        return Err(MispError::internal());
    }
    text(value).trim().parse().map_err(|_| MispError::internal())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, never negative"
)]
fn whole(number: f64) -> usize {
    number as usize
}

/// Answers a search of this user.
pub(super) fn search(
    server: &Server,
    user: User,
    given: &Parameters,
    is_get: bool,
) -> Result<Response, MispError> {
    let quota = server.count_search(user)?;
    if given.is_empty() && is_get {
        return Err(MispError::new(StatusCode::BAD_REQUEST, NO_FILTER));
    }
    let format = given.get("returnFormat").filter(|format| !is_empty(format));
    let format = format.map_or_else(|| "json".to_owned(), text);
    if !["json", "count"].contains(&format.as_str()) {
        return Err(MispError::new(StatusCode::NOT_FOUND, NO_FORMAT));
    }
    if server.chokes_on(given) {
        return Err(MispError::internal());
    }
    let mut response = run(server, user, given, &format)?;
    response.headers_mut().extend(quota);
    Ok(response)
}

fn run(
    server: &Server,
    user: User,
    given: &Parameters,
    format: &str,
) -> Result<Response, MispError> {
    let content = &locked(&server.content);
    let detail = Detail::read(given);
    let view = View { content, user, numbers: server.numbers, detail, now: server.now() };
    let page = Page::read(given)?;
    let read = page.cut(found(&view, given)?);
    let shown: Vec<_> = read.iter().filter(|(_, row)| !is_left_out(&view, given, row)).collect();
    let counts = [
        ("x-result-count", page.count(read.len(), shown.len()).to_string()),
        ("x-skipped-elements-count", (read.len() - shown.len()).to_string()),
    ];
    if format == "count" {
        let media = [(CONTENT_TYPE, "text/plain; charset=UTF-8")];
        return Ok((counts, media, shown.len().to_string()).into_response());
    }
    let rows: Vec<Value> = shown.into_iter().map(|(event, row)| view.row(event, row)).collect();
    Ok((counts, reply(&json!({"response": {"Attribute": rows}}))).into_response())
}

/// Every row that the search finds, in its order.
pub(super) fn found<'a>(
    view: &View<'a>,
    given: &Parameters,
) -> Result<Vec<(&'a Event, &'a Attribute)>, MispError> {
    let content: &'a Content = view.content;
    let conditions = Conditions::read(given, content, view.now)?;
    let rows = content.attributes().filter(|(event, row)| view.shows(event, row));
    let mut rows: Vec<_> = rows.filter(|(event, row)| conditions.finds(event, row)).collect();
    if Conditions::follows_first_halves(given) {
        rows.sort_by(|(_, one), (_, other)| one.halves()[0].key.cmp(other.halves()[0].key));
    }
    given.get("order").map(Order::read).unwrap_or_default().apply(&mut rows);
    Ok(rows)
}

/// Whether the request asks to leave such a row out.
fn is_left_out(view: &View<'_>, given: &Parameters, row: &Attribute) -> bool {
    let on = |name| given.get(name).is_some_and(|value| !is_empty(value));
    on("enforceWarninglist") && !warninglist::hits(view.content, row, view.numbers).is_empty()
        || on("excludeDecayed") && view.decay(row).is_some_and(|(_, decayed)| decayed)
}

impl Server {
    /// Counts a search of a role with a quota. Returns the headers that tell of it.
    fn count_search(&self, user: User) -> Result<HeaderMap, MispError> {
        let mut headers = HeaderMap::new();
        let Some(quota) = user.searches else {
            return Ok(headers);
        };
        if quota == 0 {
            return Err(MispError::new(StatusCode::METHOD_NOT_ALLOWED, NO_SEARCHES));
        }
        let mut searches = locked(&self.searches);
        let used = searches.entry(user.key).or_default();
        let over = *used >= quota;
        *used = (*used + 1).min(quota);
        headers.insert("x-rate-limit-limit", HeaderValue::from(quota));
        headers.insert("x-rate-limit-remaining", HeaderValue::from(quota - *used));
        headers.insert("x-rate-limit-reset", HeaderValue::from_static(QUOTA_SECONDS));
        if over {
            let error = MispError::new(StatusCode::TOO_MANY_REQUESTS, NO_MORE_SEARCHES);
            return Err(error.with_headers(headers));
        }
        Ok(headers)
    }
}
