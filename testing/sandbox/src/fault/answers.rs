//! The responses that faults send instead of the true one.

mod repeated;

use std::{
    future,
    io::{self, Write},
    mem,
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use serde_json::Value;

use super::Fault;

const JSON: &str = "application/json";
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head>\
    <body><form method=\"post\"><input name=\"user\"><input name=\"password\"></form></body></html>";
/// The size of the parts in which made bodies are sent.
const PIECE_BYTES: usize = 64 * 1024;

impl Fault {
    /// The response to send instead of the true one, which is made only if a part of it is sent.
    /// An error resets the connection.
    pub(crate) async fn break_response(
        self,
        truth: impl Future<Output = Response<Body>>,
    ) -> io::Result<Response<Body>> {
        match self {
            Self::Status { code, headers, body } => status(code, &headers, body),
            Self::Bytes(bytes) => plain(StatusCode::OK, JSON, bytes),
            Self::TooManyRequests { retry_after } => too_many_requests(retry_after),
            Self::Forbidden => plain(StatusCode::FORBIDDEN, JSON, r#"{"reason":"forbidden"}"#),
            Self::Redirect { to, code } => status(code, &[(LOCATION.to_string(), to)], ""),
            Self::Html => plain(StatusCode::OK, "text/html; charset=utf-8", LOGIN_PAGE),
            Self::Empty => plain(StatusCode::OK, JSON, ""),
            Self::Malformed => cut(truth.await).await,
            Self::Rewritten(rewrite) => rewritten(truth.await, rewrite).await,
            Self::Repeated(repeated) => {
                let (truth, body) = take_body(truth.await).await?;
                Ok(with_body(truth, repeated.fill(&body).unwrap_or(body).into()))
            }
            Self::ResetBeforeAnswer => Err(io::ErrorKind::ConnectionReset.into()),
            Self::ResetInBody => cut_and_reset(truth.await).await,
            Self::Stall => {
                Ok(with_body(truth.await, Body::from_stream(stream::pending::<Piece>())))
            }
            Self::SlowHeaders => future::pending().await,
            Self::Trickle { pause } => trickle(truth.await, pause).await,
            Self::Huge { bytes } => plain(StatusCode::OK, JSON, huge(bytes)),
            Self::GzipBomb { bytes } => gzip_bomb(bytes),
        }
    }
}

type Piece = io::Result<Bytes>;

fn plain(code: StatusCode, media: &str, body: impl Into<Body>) -> io::Result<Response<Body>> {
    status(code.as_u16(), &[(CONTENT_TYPE.to_string(), media.to_owned())], body)
}

fn status(
    code: u16,
    headers: &[(String, String)],
    body: impl Into<Body>,
) -> io::Result<Response<Body>> {
    let mut response = Response::builder().status(code);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body.into()).map_err(io::Error::other)
}

fn too_many_requests(retry_after: Option<String>) -> io::Result<Response<Body>> {
    let wait = retry_after.map(|wait| (RETRY_AFTER.to_string(), wait));
    status(StatusCode::TOO_MANY_REQUESTS.as_u16(), wait.as_slice(), "")
}

/// The true head with another body.
fn with_body(truth: Response<Body>, body: Body) -> Response<Body> {
    let (mut head, _) = truth.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, body)
}

async fn take_body(truth: Response<Body>) -> io::Result<(Response<Body>, Bytes)> {
    let (head, body) = truth.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(io::Error::other)?;
    Ok((Response::from_parts(head, Body::empty()), body))
}

async fn cut(truth: Response<Body>) -> io::Result<Response<Body>> {
    let (truth, body) = take_body(truth).await?;
    Ok(with_body(truth, first_half(&body).into()))
}

fn first_half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

async fn rewritten(
    truth: Response<Body>,
    rewrite: fn(Value) -> Value,
) -> io::Result<Response<Body>> {
    let (truth, body) = take_body(truth).await?;
    let Ok(json) = serde_json::from_slice(&body) else { return Ok(with_body(truth, body.into())) };
    Ok(with_body(truth, rewrite(json).to_string().into()))
}

async fn cut_and_reset(truth: Response<Body>) -> io::Result<Response<Body>> {
    let (truth, body) = take_body(truth).await?;
    let start = stream::iter([Ok(first_half(&body))]);
    let reset = stream::once(async {
        // The half must have left before the reset throws away what is still to be sent.
        tokio::task::yield_now().await;
        Piece::Err(io::ErrorKind::ConnectionReset.into())
    });
    Ok(with_body(truth, Body::from_stream(start.chain(reset))))
}

async fn trickle(truth: Response<Body>, pause: Duration) -> io::Result<Response<Body>> {
    let (truth, body) = take_body(truth).await?;
    let bytes = stream::iter(0..body.len()).then(move |at| {
        let byte = body.slice(at..=at);
        async move {
            tokio::time::sleep(pause).await;
            Piece::Ok(byte)
        }
    });
    Ok(with_body(truth, Body::from_stream(bytes)))
}

/// `{"value":"aaa…"}`, `bytes` long in all.
fn huge(bytes: u64) -> Body {
    let (open, close) = (r#"{"value":""#, r#""}"#);
    let padding = bytes.saturating_sub((open.len() + close.len()) as u64);
    let piece = Bytes::from(vec![b'a'; PIECE_BYTES]);
    let pieces = stream::unfold(padding, move |left| {
        let now = left.min(PIECE_BYTES as u64);
        let piece = piece.slice(..now as usize);
        async move { (now > 0).then_some((Piece::Ok(piece), left - now)) }
    });
    let ends = |text: &'static str| stream::iter([Piece::Ok(Bytes::from_static(text.as_bytes()))]);
    Body::from_stream(ends(open).chain(pieces).chain(ends(close)))
}

/// Blanks, packed while they are sent.
fn gzip_bomb(bytes: u64) -> io::Result<Response<Body>> {
    let packer = GzEncoder::new(Vec::new(), Compression::fast());
    let pieces = stream::try_unfold(Some((packer, bytes)), |state| async {
        let Some((mut packer, left)) = state else { return Ok(None) };
        let now = left.min(PIECE_BYTES as u64);
        if now == 0 {
            return Ok(Some((Bytes::from(packer.finish()?), None)));
        }
        packer.write_all(&[b' '; PIECE_BYTES][..now as usize])?;
        let packed = Bytes::from(mem::take(packer.get_mut()));
        io::Result::Ok(Some((packed, Some((packer, left - now)))))
    });
    let mut answer = plain(StatusCode::OK, JSON, Body::from_stream(pieces))?;
    answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Ok(answer)
}
