//! urlscan.io's submission call, `POST /urlscan/api/v1/scan/`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{Json, Router, extract::State, routing::post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// The key that urlscan.io accepts, in the header `API-Key`.
pub const URLSCAN_API_KEY: &str = "5a4db0c5-0000-4000-8000-75726c736361";

/// The tail of the first submission's uuid; each further one adds 1.
const FIRST_SCAN: u64 = 0x1ca5_79b8_6c72;

pub(super) fn router() -> Router {
    let submissions = Arc::new(AtomicU64::new(FIRST_SCAN));
    Router::new().route("/scan/", post(submit)).with_state(submissions)
}

#[derive(Deserialize)]
struct UrlSubmission {
    url: String,
    #[serde(default)]
    visibility: Visibility,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    #[default]
    Public,
    Unlisted,
    Private,
}

type UrlscanError = (StatusCode, Json<Value>);

async fn submit(
    State(submissions): State<Arc<AtomicU64>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, UrlscanError> {
    if headers.get("api-key").is_none_or(|key| key != URLSCAN_API_KEY) {
        let description = "The API key of this request is missing or unknown.";
        return Err(error(StatusCode::UNAUTHORIZED, "API key is not valid", description));
    }
    let UrlSubmission { url, visibility } = serde_json::from_slice(&body).map_err(invalid)?;
    check_host(&url)?;
    let scan = submissions.fetch_add(1, Ordering::Relaxed);
    let uuid = format!("0e37e828-a9d9-45c0-ac50-{scan:012x}");
    Ok(Json(json!({
        "message": "Submission successful",
        "uuid": uuid,
        "result": format!("https://urlscan.io/result/{uuid}/"),
        "api": format!("https://urlscan.io/api/v1/result/{uuid}/"),
        "visibility": visibility,
        "options": {"useragent": "Mozilla/5.0"},
        "url": url,
    })))
}

/// Names that begin with `nx.` do not resolve here.
fn check_host(url: &str) -> Result<(), UrlscanError> {
    let parsed = Url::parse(url).map_err(invalid)?;
    match parsed.host_str() {
        Some(host) if host.starts_with("nx.") => {
            let description =
                format!("The domain {host} could not be resolved to a valid IPv4/IPv6 address.");
            Err((
                StatusCode::BAD_REQUEST,
                Json(json!({
                    "message": "DNS Error - Could not resolve domain",
                    "description": description,
                    "status": 400,
                    "errors": [{"title": "DNS Error", "detail": "Could not resolve domain"}],
                })),
            ))
        }
        Some(_) => Ok(()),
        None => Err(invalid("The URL has no host.")),
    }
}

fn invalid(reason: impl ToString) -> UrlscanError {
    error(StatusCode::BAD_REQUEST, "Invalid submission", &reason.to_string())
}

fn error(status: StatusCode, message: &str, description: &str) -> UrlscanError {
    let title = status.canonical_reason();
    let body = json!({
        "message": message,
        "description": description,
        "status": status.as_u16(),
        "errors": [{"title": title, "detail": message}],
    });
    (status, Json(body))
}
