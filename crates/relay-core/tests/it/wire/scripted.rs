//! What the server sends, from plain JSON to bytes that no HTTP knows, and what it does then.

use std::{fmt::Write as _, io, time::Duration};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, time::sleep};

use super::{Stream, hung_up};

/// One answer.
#[derive(Clone)]
pub(crate) struct ScriptedResponse {
    status: u16,
    headers: Vec<(&'static str, String)>,
    /// None where the head tells no length.
    length: Option<usize>,
    /// The body is all there is.
    headless: bool,
    body: Vec<u8>,
    then: Then,
}

#[derive(Clone)]
enum Then {
    /// The next question.
    Wait,
    /// The connection ends.
    Close,
    /// The connection breaks.
    Reset,
    /// Nothing, until the caller hangs up.
    Silence,
    /// These bytes again and again, until the caller hangs up.
    Repeat(Vec<u8>),
    /// The body comes byte by byte, with this pause before each.
    Trickle(Duration),
}

/// How an answer ended.
pub(super) enum Outcome {
    Done,
    Ended,
    GivenUp,
}

impl ScriptedResponse {
    /// This status and an empty body.
    pub(crate) fn status(status: u16) -> Self {
        Self::body(status, Vec::new())
    }

    /// 200 with JSON.
    pub(crate) fn json(body: &Value) -> Self {
        Self::body(200, body.to_string()).with("content-type", "application/json")
    }

    /// Any body.
    pub(crate) fn body(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = Some(body.len());
        Self { status, headers: Vec::new(), length, headless: false, body, then: Then::Wait }
    }

    /// 200 with JSON, packed.
    pub(crate) fn gzip(body: &[u8]) -> Self {
        Self::body(200, gzip(body)).with("content-encoding", "gzip")
    }

    /// These bytes and no others.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { headless: true, ..Self::body(200, bytes) }
    }

    /// A redirection to this address.
    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).with("location", to)
    }

    /// No byte, until the caller hangs up.
    pub(crate) fn silence() -> Self {
        Self::raw([]).then(Then::Silence)
    }

    /// No byte, and the connection ends.
    pub(crate) fn hang_up() -> Self {
        Self::raw([]).then(Then::Close)
    }

    /// No byte, and the connection breaks.
    pub(crate) fn reset() -> Self {
        Self::raw([]).then(Then::Reset)
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Tells another length than the body has.
    pub(crate) fn of_length(self, length: usize) -> Self {
        Self { length: Some(length), ..self }
    }

    /// Tells no length.
    pub(crate) fn of_no_length(self) -> Self {
        Self { length: None, ..self }
    }

    /// Ends the connection behind the body.
    pub(crate) fn closing(self) -> Self {
        self.then(Then::Close)
    }

    /// Breaks the connection after this body, which is told to be longer.
    pub(crate) fn breaking_off(self) -> Self {
        self.told_longer().then(Then::Reset)
    }

    /// Falls silent after this body, which is told to be longer.
    pub(crate) fn stalling(self) -> Self {
        self.told_longer().then(Then::Silence)
    }

    fn told_longer(self) -> Self {
        let least = self.body.len() + 1;
        let told = self.length.unwrap_or_default().max(least);
        self.of_length(told)
    }

    /// Goes on with these bytes for ever.
    pub(crate) fn endless(self, piece: impl Into<Vec<u8>>) -> Self {
        self.of_no_length().then(Then::Repeat(piece.into()))
    }

    /// Sends the body byte by byte.
    pub(crate) fn trickling(self, pause: Duration) -> Self {
        self.then(Then::Trickle(pause))
    }

    fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    fn head(&self) -> Vec<u8> {
        if self.headless {
            return Vec::new();
        }
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if let Some(length) = self.length {
            write!(head, "content-length: {length}\r\n").unwrap();
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// How many bytes the caller took, and how it ended.
    pub(super) async fn give(&self, stream: &mut Stream) -> (usize, Outcome) {
        let mut sent = 0;
        let outcome = self.try_give(stream, &mut sent).await.unwrap_or(Outcome::GivenUp);
        (sent, outcome)
    }

    async fn try_give(&self, stream: &mut Stream, sent: &mut usize) -> io::Result<Outcome> {
        let mut send = async |bytes: &[u8], stream: &mut Stream| {
            stream.write_all(bytes).await?;
            *sent += bytes.len();
            io::Result::Ok(())
        };
        send(&self.head(), stream).await?;
        if let Then::Trickle(pause) = self.then {
            for byte in &self.body {
                sleep(pause).await;
                send(&[*byte], stream).await?;
            }
            return Ok(Outcome::Done);
        }
        send(&self.body, stream).await?;
        match &self.then {
            Then::Wait | Then::Trickle(_) => Ok(Outcome::Done),
            Then::Close => Ok(Outcome::Ended),
            Then::Reset => stream.get_ref().set_zero_linger().map(|()| Outcome::Ended),
            Then::Silence => {
                hung_up(stream).await;
                Ok(Outcome::GivenUp)
            }
            Then::Repeat(piece) => loop {
                send(piece, stream).await?;
            },
        }
    }
}

/// Packs bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    io::Write::write_all(&mut packed, bytes).unwrap();
    packed.finish().unwrap()
}
