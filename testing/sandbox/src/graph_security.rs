//! Microsoft Graph's security API: both generations of alerts, `$batch` and advanced hunting.
//!
//! Callers bring a token of [`crate::identity`]; the token's tenant decides which records they see and how
//! Graph treats their filters. Source: the pages "List alerts_v2", "List alerts", "Combine multiple
//! HTTP requests using JSON batching", "security: runHuntingQuery" and "Microsoft Graph throttling guidance".

mod alerts;
mod batch;
pub(crate) mod evidence;
pub(crate) mod fixture;
mod hunting;
mod incidents;
mod legacy;
mod records;
mod reputation;
mod request;
mod response;
mod timespan;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;

use crate::{
    identity::{CallLimits, Grant, Identity, Limit, Rate, Resource, Tenant},
    kql::Tables,
};

use request::GraphRequest;
use response::{GraphError, GraphResponse};

/// A domain that only a legacy alert without provider knows. Wherever a filter on legacy alerts names it,
/// the federated provider Azure Sentinel fails, and the answer is 206 with a `Warning` header.
pub const HALF_ANSWERED_DOMAIN: &str = "half-answered.example";

/// An address that has [`BUSY_ALERTS`] alerts in Contoso's tenant, for pages and limits.
pub const BUSY_ADDRESS: &str = "198.51.100.222";

/// How many alerts [`BUSY_ADDRESS`] has, all of them older than the other alerts of the month.
pub const BUSY_ALERTS: usize = 250;

const MINUTE: Duration = Duration::from_secs(60);

/// Both generations of alerts, for each app and tenant.
pub(crate) static ALERTS_LIMIT: Limit = Limit {
    name: "Graph alerts",
    rates: &[Rate { calls: 150, period: MINUTE, name: "150 calls per minute" }],
    is_per_app: true,
};

/// Advanced hunting, for each tenant.
pub(crate) static HUNTING_LIMIT: Limit = Limit {
    name: "Graph hunting",
    rates: &[Rate { calls: 45, period: MINUTE, name: "45 advanced hunting calls per minute" }],
    is_per_app: false,
};

/// The product with a token endpoint of its own; it answers as of [`crate::identity::NOW`].
pub(crate) fn router(_: Timestamp) -> Router {
    let identity = Identity::default();
    identity.routes().merge(routes(identity, |_, tables| tables))
}

/// Everything under `/v1.0`, for the tokens of this identity endpoint. `more_tables` adds to what a
/// tenant can hunt in.
pub(crate) fn routes(
    identity: Identity,
    more_tables: impl Fn(&Tenant, Tables) -> Tables + Send + Sync + 'static,
) -> Router {
    let graph =
        Graph { identity, limits: CallLimits::default(), more_tables: Box::new(more_tables) };
    Router::new().route("/v1.0/{*path}", any(serve)).with_state(Arc::new(graph))
}

/// What else a tenant can hunt in.
type MoreTables = Box<dyn Fn(&Tenant, Tables) -> Tables + Send + Sync>;

struct Graph {
    identity: Identity,
    limits: CallLimits,
    more_tables: MoreTables,
}

async fn serve(
    State(graph): State<Arc<Graph>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = GraphRequest::read(method, &uri, headers, body);
    let outcome = graph
        .identity
        .authorize(&request.headers, Resource::Graph)
        .map_err(GraphError::from)
        .and_then(|grant| graph.answer(&grant, &request));
    graph.response(outcome).into_response()
}

impl Graph {
    /// Answers a request, which may be one of a batch.
    fn answer(&self, grant: &Grant, request: &GraphRequest) -> Result<GraphResponse, GraphError> {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), &segments[..]) {
            ("POST", ["$batch"]) => batch::run(self, grant, request),
            ("GET", ["security", "alerts_v2"]) => alerts::list(self, grant, request),
            ("GET", ["security", "alerts_v2", id]) => alerts::get(self, grant, request, id),
            ("GET", ["security", "incidents", id]) => incidents::get(self, grant, request, id),
            ("GET", ["security", "alerts"]) => legacy::list(self, grant, request),
            ("GET", ["security", "threatintelligence", "hosts", host, "reputation"]) => {
                reputation::get(grant, request, host)
            }
            (
                "POST",
                ["security", "runhuntingquery" | "microsoft.graph.security.runhuntingquery"],
            ) => hunting::run(self, grant, request),
            (
                _,
                ["$batch"]
                | ["security", "alerts_v2" | "alerts" | "runhuntingquery"]
                | ["security", "alerts_v2" | "incidents", _],
            ) => Err(GraphError::method_not_allowed()),
            (_, segments) => Err(GraphError::no_such_segment(segments)),
        }
    }

    fn response(&self, outcome: Result<GraphResponse, GraphError>) -> GraphResponse {
        let id = self.identity.request_id();
        let response = outcome.unwrap_or_else(|error| error.response(&id));
        response.with_header("request-id", &id).with_header("client-request-id", &id)
    }

    /// Counts a request against a limit.
    fn count(&self, limit: &'static Limit, grant: &Grant) -> Result<(), GraphError> {
        self.limits.count(limit, grant).map_err(|reached| {
            let message = match limit.is_per_app {
                true => "Please retry again later.".to_owned(),
                false => format!("The tenant has used up its quota of {}.", reached.rate),
            };
            GraphError::too_many_requests(reached.wait_seconds, message)
        })
    }
}
