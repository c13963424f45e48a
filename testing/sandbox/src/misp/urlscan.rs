//! urlscan.io's submission call, `POST /urlscan/api/v1/scan/`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
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
struct Submission {
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

#[derive(Serialize)]
struct Accepted {
    message: &'static str,
    uuid: String,
    result: String,
    api: String,
    visibility: Visibility,
    options: Options,
    url: String,
}

#[derive(Serialize)]
struct Options {
    useragent: &'static str,
}

#[derive(Serialize)]
struct Refused {
    message: &'static str,
    description: String,
    status: u16,
    errors: [Problem; 1],
}

#[derive(Serialize)]
struct Problem {
    title: &'static str,
    detail: &'static str,
}

async fn submit(
    State(submissions): State<Arc<AtomicU64>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Accepted>, Refused> {
    if headers.get("api-key").is_none_or(|key| key != URLSCAN_API_KEY) {
        return Err(unknown_key());
    }
    let submission: Submission =
        serde_json::from_slice(&body).map_err(|error| unusable(error.to_string()))?;
    check_host(&submission.url)?;
    Ok(Json(Accepted::new(submissions.fetch_add(1, Ordering::Relaxed), submission)))
}

/// Names that begin with `nx.` do not exist in this world.
fn check_host(url: &str) -> Result<(), Refused> {
    let parsed = Url::parse(url).map_err(|error| unusable(error.to_string()))?;
    match parsed.host_str() {
        Some(host) if host.starts_with("nx.") => Err(unresolvable(host)),
        Some(_) => Ok(()),
        None => Err(unusable("The URL has no host.".to_owned())),
    }
}

impl Accepted {
    fn new(scan: u64, submission: Submission) -> Self {
        let uuid = format!("0e37e828-a9d9-45c0-ac50-{scan:012x}");
        Self {
            message: "Submission successful",
            result: format!("https://urlscan.io/result/{uuid}/"),
            api: format!("https://urlscan.io/api/v1/result/{uuid}/"),
            uuid,
            visibility: submission.visibility,
            options: Options { useragent: "Mozilla/5.0" },
            url: submission.url,
        }
    }
}

fn unknown_key() -> Refused {
    Refused {
        message: "API key is not valid",
        description: "The API key of this request is missing or unknown.".to_owned(),
        status: StatusCode::UNAUTHORIZED.as_u16(),
        errors: [Problem { title: "Unauthorized", detail: "API key is not valid" }],
    }
}

fn unusable(description: String) -> Refused {
    Refused {
        message: "Invalid submission",
        description,
        status: StatusCode::BAD_REQUEST.as_u16(),
        errors: [Problem { title: "Bad Request", detail: "Invalid submission" }],
    }
}

fn unresolvable(host: &str) -> Refused {
    Refused {
        message: "DNS Error - Could not resolve domain",
        description: format!(
            "The domain {host} could not be resolved to a valid IPv4/IPv6 address."
        ),
        status: StatusCode::BAD_REQUEST.as_u16(),
        errors: [Problem { title: "DNS Error", detail: "Could not resolve domain" }],
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(self)).into_response()
    }
}
