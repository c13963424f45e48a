//! AWS Secrets Manager on 127.0.0.1, as far as `GetSecretValue` goes.
//!
//! Source: AWS Secrets Manager API reference, "GetSecretValue" and "Common Error Types".

use std::{
    future,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

/// What the store holds, and how it is.
#[derive(Clone, Default)]
pub(crate) struct Versions {
    pub(crate) current: Option<Value>,
    pub(crate) previous: Option<Value>,
    pub(crate) failure: Failure,
}

/// How the store fails.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) enum Failure {
    #[default]
    None,
    /// Every question gets this error.
    Error(u16, &'static str),
    /// Only questions about the previous version get it.
    OfPrevious(u16, &'static str),
    /// 200 with something else.
    Nonsense,
    /// No answer.
    Silence,
}

/// One question: headers and body.
type ReceivedRequest = (HeaderMap, Value);

pub(crate) struct SecretStore {
    url: String,
    versions: Arc<Mutex<Versions>>,
    asked: Arc<Mutex<Vec<ReceivedRequest>>>,
    task: AbortHandle,
}

type Shared = (Arc<Mutex<Versions>>, Arc<Mutex<Vec<ReceivedRequest>>>);

impl SecretStore {
    pub(crate) async fn start(versions: Versions) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let versions = Arc::new(Mutex::new(versions));
        let asked = Arc::<Mutex<Vec<ReceivedRequest>>>::default();
        let shared: Shared = (Arc::clone(&versions), Arc::clone(&asked));
        let router = Router::new().route("/", post(answer)).with_state(shared);
        let task = tokio::spawn(async { axum::serve(listener, router).await }).abort_handle();
        Self { url, versions, asked, task }
    }

    /// A store with these secrets, the newest last.
    pub(crate) async fn of(secrets: &[&str]) -> Self {
        let mut newest_first = secrets.iter().rev().map(|secret| json!({"SecretString": secret}));
        let (current, previous) = (newest_first.next(), newest_first.next());
        Self::start(Versions { current, previous, failure: Failure::None }).await
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Makes this the current secret, and the current one the previous one.
    pub(crate) fn rotate(&self, secret: &str) {
        let mut versions = self.versions.lock().unwrap();
        versions.previous = versions.current.replace(json!({"SecretString": secret}));
    }

    pub(crate) fn fail(&self, failure: Failure) {
        self.versions.lock().unwrap().failure = failure;
    }

    pub(crate) fn asked(&self) -> Vec<ReceivedRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// How often a version was asked for.
    pub(crate) fn reads(&self, fixture: &str) -> usize {
        self.asked().iter().filter(|(_, body)| body["VersionStage"] == fixture).count()
    }
}

impl Drop for SecretStore {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    State((versions, asked)): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let versions = versions.lock().unwrap().clone();
    asked.lock().unwrap().push((headers, body.clone()));
    let is_previous = body["VersionStage"] == "AWSPREVIOUS";
    match versions.failure {
        Failure::Error(status, kind) => return error(status, kind),
        Failure::OfPrevious(status, kind) if is_previous => return error(status, kind),
        Failure::Nonsense => return (StatusCode::OK, "<html>").into_response(),
        Failure::Silence => future::pending().await,
        Failure::None | Failure::OfPrevious(..) => {}
    }
    let version = if is_previous { versions.previous } else { versions.current };
    match version {
        Some(value) => found(&body, value),
        None => error(400, "ResourceNotFoundException"),
    }
}

fn found(question: &Value, mut value: Value) -> Response {
    value["ARN"] = question["SecretId"].clone();
    value["Name"] = json!("relay");
    value["VersionId"] = json!("11111111-2222-4333-8444-555555555555");
    value["VersionStages"] = json!([question["VersionStage"]]);
    value["CreatedDate"] = json!(1_795_168_800.5);
    ([("content-type", "application/x-amz-json-1.1")], value.to_string()).into_response()
}

fn error(status: u16, kind: &str) -> Response {
    let body = json!({"__type": kind, "Message": "said by the imitation"}).to_string();
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/x-amz-json-1.1")], body).into_response()
}
