//! A request as MISP takes it apart: controller, action, arguments, data, and where it is sent to log in.

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{access::MispError, installation::Front};

const NOT_JSON: &str = "Invalid JSON input. Make sure that the JSON input is a correctly formatted JSON string. \
    This request has been blocked to avoid an unfiltered request.";

/// One request.
pub(super) struct Call {
    pub(super) controller: String,
    pub(super) action: String,
    /// What stands behind the action without a name.
    pub(super) arguments: Vec<String>,
    /// What stands there as `name:value`.
    pub(super) named: Map<String, Value>,
    /// Whether the caller wants JSON; others have to log in by a form.
    pub(super) wants_json: bool,
    pub(super) is_get: bool,
    /// Whether it looks like the call of a script in a page of the server.
    pub(super) is_script: bool,
}

impl Call {
    /// `None` for a path that the web server does not hand on.
    pub(super) fn read(head: &Parts, front: Front) -> Option<Self> {
        let path = head.uri.path();
        if front == Front::Apache && path.to_ascii_lowercase().contains("%2f") {
            return None;
        }
        // A plus sign stands for a blank, as in a query.
        let path = path.replace('+', " ");
        let path = percent_decode_str(&path).decode_utf8_lossy();
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let controller = segments.next().unwrap_or_default().to_owned();
        let action = segments.next().unwrap_or("index");
        let bare = action.strip_suffix(".json");
        let mut call = Self {
            controller,
            action: bare.unwrap_or(action).to_owned(),
            arguments: Vec::new(),
            named: Map::new(),
            wants_json: bare.is_some() || accepts_json(&head.headers),
            is_get: head.method == Method::GET,
            is_script: head
                .headers
                .get("x-requested-with")
                .is_some_and(|it| it == "XMLHttpRequest"),
        };
        for segment in segments {
            match segment.split_once(':') {
                Some((name, value)) => drop(call.named.insert(name.to_owned(), value.into())),
                None => call.arguments.push(segment.to_owned()),
            }
        }
        Some(call)
    }
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let accepted =
        headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.trim_start().starts_with("application/json")
}

/// The data of a request: the members of a JSON object or the fields of a form, without a wrapper
/// `request`. Anything else counts as no data.
pub(super) fn data(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, MispError> {
    let media =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(body);
        return Ok(pairs.map(|(name, value)| (name.into_owned(), value.into())).collect());
    }
    match json(media, body)? {
        Value::Object(mut data) => match data.remove("request") {
            Some(Value::Object(wrapped)) => Ok(wrapped),
            Some(_) => Ok(Map::new()),
            None => Ok(data),
        },
        _ => Ok(Map::new()),
    }
}

/// The JSON value of a body; `Null` without one.
pub(super) fn json(media: &str, body: &[u8]) -> Result<Value, MispError> {
    if !media.starts_with("application/json") || body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body)
        .map_err(|_| MispError::new(StatusCode::METHOD_NOT_ALLOWED, NOT_JSON))
}

/// A response with JSON, as the server labels it.
pub(super) fn reply(body: &impl Serialize) -> Response {
    let media = HeaderValue::from_static("application/json; charset=UTF-8");
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

/// The way to the server's own login page.
pub(super) fn to_login(headers: &HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let page = format!("http://{host}/users/login");
    let media = "text/html; charset=UTF-8";
    (StatusCode::FOUND, [(header::LOCATION, page.as_str()), (header::CONTENT_TYPE, media)])
        .into_response()
}

/// Apache's own answer to a path that it does not hand on.
pub(super) fn not_handed_on() -> Response {
    let body = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \
        \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n<title>404 Not Found</title>\n</head>\
        <body>\n<h1>Not Found</h1>\n</body></html>\n";
    let media = [(header::CONTENT_TYPE, "text/html; charset=iso-8859-1")];
    (StatusCode::NOT_FOUND, media, Body::from(body)).into_response()
}
