//! `runHuntingQuery`: one Kusto query over a tenant's last thirty days.
//!
//! Source: docs/relays/graph-security.md#hunting-queries; Microsoft's page "security:
//! runHuntingQuery".

use std::time::Duration;

use http::{HeaderValue, header};
use relay_core::{Request, Response, Result, lenient::List};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{GraphClient, Permission, error_from};

/// The time for one query; the service itself stops after three minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Without the charset the service misreads letters beyond ASCII.
pub(crate) const CONTENT_TYPE: &str = "application/json; charset=utf-8";
/// ISO 8601; thirty days are what the service keeps.
const TIMESPAN: &str = "P30D";

/// The body of a request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HuntingBody {
    #[serde(rename = "Query")]
    query: String,
    #[serde(rename = "Timespan")]
    timespan: &'static str,
}

impl HuntingBody {
    pub(crate) fn new(query: &str) -> Self {
        Self { query: query.to_owned(), timespan: TIMESPAN }
    }
}

#[derive(Deserialize)]
#[serde(bound = "Row: DeserializeOwned")]
struct HuntingResult<Row> {
    results: List<Row>,
}

impl<C: Sync> GraphClient<'_, C> {
    /// Runs a query; rows of another shape than `Row` are left out. Values enter the query through
    /// [`kql`](crate::kql) only.
    ///
    /// # Errors
    ///
    /// `Forbidden` without `ThreatHunting.Read.All`, `InvalidInput` for a query that the service
    /// does not understand, `RateLimited` when the tenant's quota is used up; else those of any
    /// request.
    pub async fn run_hunting_query<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        let request = Request::post(self.base().path("/v1.0/security/runHuntingQuery"))
            .json(&HuntingBody::new(query))?
            .header(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))
            .repeatable()
            .within(REQUEST_TIMEOUT);
        rows(&self.send(request).await?)
    }
}

/// Reads the rows of a response to a hunting query.
fn rows<Row: DeserializeOwned>(response: &Response) -> Result<Vec<Row>> {
    if !response.is_success() {
        return Err(error_from(response, Permission::Hunt));
    }
    Ok(response.json::<HuntingResult<Row>>()?.results.into_inner())
}
