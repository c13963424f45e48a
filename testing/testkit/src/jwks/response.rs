//! What a key server may answer, from keys to bombs.

use std::{future, io::Write as _};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{Stream, StreamExt, stream};
use http::{
    StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION},
};
use serde_json::Value;

use crate::jwk::key_set;

const JSON: &str = "application/json";

/// One answer of a [`JwksServer`](super::JwksServer).
#[derive(Clone, Debug)]
pub struct KeyResponse {
    status: StatusCode,
    headers: Vec<(http::HeaderName, String)>,
    body: Bytes,
    ending: Ending,
}

/// What follows the body that an answer begins with.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// The end.
    Whole,
    /// The connection breaks.
    Cut,
    /// Nothing, for ever.
    Stalled,
    /// Blanks, for ever.
    Endless,
    /// Not even the headers are sent.
    Silent,
}

impl KeyResponse {
    /// A key set.
    pub fn keys(keys: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        Self::body(200, JSON, key_set(keys).to_string())
    }

    /// This status and an empty body.
    ///
    /// # Panics
    ///
    /// When the status is no HTTP status.
    pub fn status(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).expect("an HTTP status"),
            headers: Vec::new(),
            body: Bytes::new(),
            ending: Ending::Whole,
        }
    }

    /// Any body: HTML, broken JSON, JSON of another shape, megabytes.
    ///
    /// # Panics
    ///
    /// When the status is no HTTP status.
    pub fn body(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::status(status).with(CONTENT_TYPE, content_type) }
    }

    /// A redirection to this address.
    ///
    /// # Panics
    ///
    /// When the status is no HTTP status.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).with(LOCATION, location)
    }

    /// An empty key set, followed by so many blanks, compressed to about a thousandth.
    pub fn gzip_bomb(unpacked: usize) -> Self {
        static BLOCK: [u8; 64 * 1024] = [b' '; 64 * 1024];
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let mut write = |bytes: &[u8]| packed.write_all(bytes).expect("a vector takes everything");
        write(br#"{"keys":[]}"#);
        (0..unpacked / BLOCK.len()).for_each(|_| write(&BLOCK));
        write(&BLOCK[..unpacked % BLOCK.len()]);
        let packed = packed.finish().expect("a vector takes everything");
        Self::body(200, JSON, packed).with(CONTENT_ENCODING, "gzip")
    }

    /// No byte ever, while the connection stays open.
    pub fn silent() -> Self {
        Self { ending: Ending::Silent, ..Self::status(200) }
    }

    /// The headers and this answer's body, then nothing, while the connection stays open.
    pub fn stalled(self) -> Self {
        Self { ending: Ending::Stalled, ..self }
    }

    /// The headers and this answer's body, then blanks without end.
    pub fn endless(self) -> Self {
        Self { ending: Ending::Endless, ..self }
    }

    /// The headers and this answer's body, then a broken connection.
    pub fn cut(self) -> Self {
        Self { ending: Ending::Cut, ..self }
    }

    /// Adds a header.
    pub fn with(mut self, name: http::HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) async fn give(self) -> Response {
        let body = match self.ending {
            Ending::Whole => Body::from(self.body),
            Ending::Cut => followed_by(self.body, stream::once(cut())),
            Ending::Stalled => followed_by(self.body, stream::pending()),
            Ending::Endless => {
                let blanks = Bytes::from_static(&[b' '; 16 * 1024]);
                followed_by(self.body, stream::repeat(blanks).map(Ok))
            }
            Ending::Silent => future::pending().await,
        };
        let headers = self.headers.into_iter();
        let head = headers.fold(Response::builder().status(self.status), |head, (name, value)| {
            head.header(name, value)
        });
        head.body(body).expect("the script's headers are headers")
    }
}

/// Breaks the connection, but only after what came before has left the server.
async fn cut() -> Result<Bytes, &'static str> {
    tokio::task::yield_now().await;
    Err("cut by the script")
}

fn followed_by(
    body: Bytes,
    rest: impl Stream<Item = Result<Bytes, &'static str>> + Send + 'static,
) -> Body {
    Body::from_stream(stream::iter([Ok(body)]).chain(rest))
}
