//! The HTTP side of the Runtime API. Source: "Using the Lambda runtime API for custom runtimes".

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::StatusCode;
use serde_json::json;
use tokio::{net::TcpListener, task::AbortHandle};

use super::{
    hub::Hub,
    reply::{Failure, Outcome},
};
use crate::clock::now;

/// The largest response that Lambda accepts, in bytes of JSON.
const MAX_RESPONSE_BYTES: usize = 6_291_556;

const FUNCTION_ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:under-test";

#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    task: AbortHandle,
}

impl Server {
    pub(super) async fn start(hub: Arc<Hub>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let task = tokio::spawn(async move { axum::serve(listener, router(hub)).await });
        Self { address, task: task.abort_handle() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(hub: Arc<Hub>) -> Router {
    let api = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{id}/response", post(respond))
        .route("/invocation/{id}/error", post(fail))
        .route("/init/error", post(break_start));
    Router::new()
        .nest("/2018-06-01/runtime", api)
        .layer(DefaultBodyLimit::disable())
        .with_state(hub)
}

async fn next(State(hub): State<Arc<Hub>>) -> Response {
    let (request_id, invocation) = hub.next().await;
    let time_left = i64::try_from(invocation.time_left.as_millis()).unwrap_or(i64::MAX);
    let deadline = now().as_millisecond().saturating_add(time_left);
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("Lambda-Runtime-Aws-Request-Id", request_id),
        ("Lambda-Runtime-Deadline-Ms", deadline.to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN.to_owned()),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id),
    ];
    (headers, invocation.event).into_response()
}

async fn respond(State(hub): State<Arc<Hub>>, Path(id): Path<String>, answer: Bytes) -> Response {
    if answer.len() > MAX_RESPONSE_BYTES {
        hub.settle(&id, Outcome::TooLarge(answer.len()));
        return rejected(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge");
    }
    acknowledged(hub.settle(&id, Outcome::answered(answer)))
}

async fn fail(State(hub): State<Arc<Hub>>, Path(id): Path<String>, report: Bytes) -> Response {
    acknowledged(hub.settle(&id, Outcome::Failed(Failure::read(&report))))
}

async fn break_start(State(hub): State<Arc<Hub>>, report: Bytes) -> Response {
    hub.break_start(Failure::read(&report));
    acknowledged(true)
}

fn acknowledged(is_known: bool) -> Response {
    match is_known {
        true => (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response(),
        false => rejected(StatusCode::BAD_REQUEST, "InvalidRequestID"),
    }
}

fn rejected(status: StatusCode, kind: &str) -> Response {
    let reason = json!({"errorType": kind, "errorMessage": "The Runtime API rejected the call."});
    (status, Json(reason)).into_response()
}
