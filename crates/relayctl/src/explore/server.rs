//! The server of the page, for one reader on this machine.
//!
//! Every page of the web can send requests to 127.0.0.1. None gets an answer here: the path begins with
//! a secret that only the printed address has, `Host` must be this server's, which a name that another
//! page points here is not, and a question must come from the page itself.

use std::{io, net::SocketAddr, sync::Arc};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing,
};
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    AskedRelay,
    answers::{self, named},
    question::Question,
};
use crate::{
    report::{Page, policy_header},
    signals::{self, Signals},
};

/// The largest question in bytes.
const MAX_QUESTION_BYTES: usize = 256 * 1024;

/// The relays, and what a request must know to reach them.
pub(super) struct Explorer {
    authority: String,
    secret: String,
    relays: Vec<Arc<AskedRelay>>,
    page: String,
}

impl Explorer {
    pub(super) fn new(address: SocketAddr, secret: String, relays: Vec<AskedRelay>) -> Self {
        let known: Vec<_> = relays.iter().map(named).collect();
        Self {
            authority: address.to_string(),
            secret,
            relays: relays.into_iter().map(Arc::new).collect(),
            page: Page::served(&json!({"relays": known})).html,
        }
    }

    /// Returns the address of the page.
    pub(super) fn url(&self) -> String {
        format!("http://{}/{}/", self.authority, self.secret)
    }

    /// Whether a request knows the secret and names this server.
    fn is_meant(&self, request: &Request) -> bool {
        let secret = request.uri().path().split('/').nth(1).unwrap_or_default();
        let knows = verify_slices_are_equal(secret.as_bytes(), self.secret.as_bytes()).is_ok();
        knows && is(request.headers(), header::HOST, &self.authority)
    }

    /// Whether a question comes from the page: browsers name the origin of every POST.
    fn is_from_page(&self, headers: &HeaderMap) -> bool {
        is(headers, header::ORIGIN, &format!("http://{}", self.authority))
    }
}

fn is(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    let mut sent = headers.get_all(name).iter();
    sent.next().is_some_and(|one| one == value) && sent.next().is_none()
}

/// Serves until a signal asks the process to end.
pub(super) async fn serve(
    listener: TcpListener,
    explorer: Explorer,
    [mut first, every]: [Signals; 2],
) -> io::Result<()> {
    let explorer = Arc::new(explorer);
    let router = Router::new()
        .route("/{secret}/", routing::get(page))
        .route("/{secret}/ask", routing::post(ask))
        .layer(DefaultBodyLimit::max(MAX_QUESTION_BYTES))
        .layer(middleware::from_fn_with_state(explorer.clone(), guard))
        .with_state(explorer);
    let server =
        axum::serve(listener, router).with_graceful_shutdown(async move { first.next().await });
    signals::served(server.into_future(), every).await
}

/// Answers nobody but the page's reader, and tells the browser to keep, frame and share nothing.
async fn guard(State(explorer): State<Arc<Explorer>>, request: Request, next: Next) -> Response {
    let mut response = if explorer.is_meant(&request) {
        next.run(request).await
    } else {
        refused(
            StatusCode::NOT_FOUND,
            "There is nothing here; open the address that relayctl printed.",
        )
    };
    let policy = HeaderValue::try_from(policy_header()).ok();
    let headers = response.headers_mut();
    headers.extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn page(State(explorer): State<Arc<Explorer>>) -> Html<String> {
    Html(explorer.page.clone())
}

async fn ask(
    State(explorer): State<Arc<Explorer>>,
    headers: HeaderMap,
    question: Result<Json<Question>, axum::extract::rejection::JsonRejection>,
) -> Response {
    if !explorer.is_from_page(&headers) {
        return refused(StatusCode::FORBIDDEN, "Only the page itself may ask.");
    }
    let Ok(Json(question)) = question else {
        return refused(StatusCode::BAD_REQUEST, "The question cannot be read; is it too long?");
    };
    let lines = answers::lines(&question, &explorer.relays);
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

fn refused(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({"message": reason}))).into_response()
}
