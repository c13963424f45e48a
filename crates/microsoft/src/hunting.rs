//! `runHuntingQuery`: one Kusto query over a tenant's last thirty days.
//!
//! Source: spec §5.7; page "security: runHuntingQuery".

use std::time::Duration;

use http::{HeaderValue, header};
use relay_core::{Request, Response, Result, lenient};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Permission, Session, refusal};

/// What a query may take; the service itself stops after three minutes.
const LONGEST: Duration = Duration::from_secs(20);
/// Without the charset the service does not understand letters beyond ASCII.
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// A query as the service wants it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Question {
    #[serde(rename = "Query")]
    query: String,
    /// ISO 8601.
    #[serde(rename = "Timespan")]
    timespan: &'static str,
}

impl Question {
    pub(crate) fn of(query: &str) -> Self {
        Self { query: query.to_owned(), timespan: "P30D" }
    }
}

#[derive(Deserialize)]
#[serde(bound = "Row: DeserializeOwned")]
struct Answer<Row> {
    #[serde(deserialize_with = "lenient::objects")]
    results: Vec<Row>,
}

impl<C: Sync> Session<'_, C> {
    /// Runs a query; rows that are not of the wanted shape are left out. Values belong into the
    /// query as [`kql::literal`](crate::kql::literal) only.
    ///
    /// Errors: `Forbidden` without `ThreatHunting.Read.All`, `InvalidInput` for a query that the
    /// service does not understand, `RateLimited` when the tenant's quota is used up.
    pub async fn run_hunting_query<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        let request = Request::post(self.base().path("/v1.0/security/runHuntingQuery"))
            .json(&Question::of(query))?
            .header(header::CONTENT_TYPE, HeaderValue::from_static(JSON))
            .repeatable()
            .within(LONGEST);
        rows(&self.send(request).await?)
    }
}

/// The rows of an answer to a hunting query.
pub(crate) fn rows<Row: DeserializeOwned>(response: &Response) -> Result<Vec<Row>> {
    if !response.is_success() {
        return Err(refusal(response, Permission::Hunt));
    }
    Ok(response.json::<Answer<Row>>()?.results)
}
