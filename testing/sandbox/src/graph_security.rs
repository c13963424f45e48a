//! Microsoft Graph's security API: both generations of alerts, `$batch` and advanced hunting.
//!
//! Callers bring a token of [`crate::identity`]; the token's tenant decides which records they see and how
//! Graph treats their filters. Written from the pages "List alerts_v2", "List alerts", "Combine multiple
//! HTTP requests using JSON batching", "security: runHuntingQuery" and "Microsoft Graph throttling guidance".

mod alerts;
mod answer;
mod batch;
mod evidence;
pub(crate) mod fixture;
mod hunting;
mod legacy;
mod odata;
mod options;
mod question;
mod quota;
mod records;
mod timespan;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

use crate::{
    identity::{Grant, Identity, Resource, Tenant},
    kql::Tables,
};

use answer::{Answered, Problem, Reply};
use question::Question;
use quota::Quotas;
use records::Library;

/// A domain that only a legacy alert without provider knows. Wherever a filter on legacy alerts names it,
/// the federated provider Azure Sentinel fails, and the answer is 206 with a `Warning` header.
pub const HALF_ANSWERED_DOMAIN: &str = "half-answered.example";

/// An address that has [`BUSY_ALERTS`] alerts in Contoso's tenant, for pages and limits.
pub const BUSY_ADDRESS: &str = "198.51.100.222";

/// How many alerts [`BUSY_ADDRESS`] has, all of them older than the other alerts of the month.
pub const BUSY_ALERTS: usize = 250;

/// The product with a token endpoint of its own.
pub(crate) fn router() -> Router {
    let identity = Identity::new();
    identity.routes().merge(routes(identity, |_, tables| tables))
}

/// Everything under `/v1.0`, for the tokens of this identity endpoint. `more_tables` adds to what a
/// tenant can hunt in.
pub(crate) fn routes(
    identity: Identity,
    more_tables: impl Fn(&Tenant, Tables) -> Tables + Send + Sync + 'static,
) -> Router {
    let graph = Graph {
        identity,
        library: Library::new(),
        quotas: Quotas::default(),
        more_tables: Box::new(more_tables),
    };
    Router::new().route("/v1.0/{*path}", any(serve)).with_state(Arc::new(graph))
}

/// What else a tenant can hunt in.
type MoreTables = Box<dyn Fn(&Tenant, Tables) -> Tables + Send + Sync>;

struct Graph {
    identity: Identity,
    library: Library,
    quotas: Quotas,
    more_tables: MoreTables,
}

async fn serve(
    State(graph): State<Arc<Graph>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let question = Question::read(method, &uri, headers, body);
    let answered = graph
        .identity
        .authorize(&question.headers, Resource::Graph)
        .map_err(Problem::from)
        .and_then(|grant| graph.answer(&grant, &question));
    graph.reply(answered).into_response()
}

impl Graph {
    /// Answers a call, which may be one of a batch.
    fn answer(&self, grant: &Grant, question: &Question) -> Answered {
        let segments = question.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (question.method.as_str(), &segments[..]) {
            ("POST", ["$batch"]) => batch::run(self, grant, question),
            ("GET", ["security", "alerts_v2"]) => alerts::list(self, grant, question),
            ("GET", ["security", "alerts_v2", id]) => alerts::get(self, grant, question, id),
            ("GET", ["security", "alerts"]) => legacy::list(self, grant, question),
            (
                "POST",
                ["security", "runhuntingquery" | "microsoft.graph.security.runhuntingquery"],
            ) => hunting::run(self, grant, question),
            (
                _,
                ["$batch"]
                | ["security", "alerts_v2" | "alerts" | "runhuntingquery"]
                | ["security", "alerts_v2", _],
            ) => Err(Problem::method_not_allowed()),
            (_, segments) => Err(Problem::no_such_segment(segments)),
        }
    }

    /// The reply itself, or what a problem looks like on the wire.
    fn reply(&self, answered: Answered) -> Reply {
        let id = self.identity.request_id();
        answered.unwrap_or_else(|problem| problem.reply(&id)).with_request_id(&id)
    }
}
