//! The faults that a simulator can be told to have, and the calls that meet them.

mod answers;
mod rules;

use std::time::Duration;

use serde_json::Value;

pub(crate) use rules::Faults;
pub use rules::{Times, When};

/// A fault. Only the faults that send a part of the true response let the product do its work.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This response instead of the true one. A code or header that HTTP does not know resets the
    /// connection.
    Status {
        /// The status code.
        code: u16,
        /// Names and values of the headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// 200 with these bytes, said to be JSON.
    Bytes(Vec<u8>),
    /// 429, with a `Retry-After` header as given.
    TooManyRequests {
        /// Seconds, an HTTP date, or any text that is no time.
        retry_after: Option<String>,
    },
    /// 403 with a body that no product documents.
    Forbidden,
    /// A redirect.
    Redirect {
        /// The `Location` header.
        to: String,
        /// The status code, such as 302 or 308.
        code: u16,
    },
    /// 200 with a login page in HTML.
    Html,
    /// 200 without a body.
    Empty,
    /// The first half of the true body, in a well-formed HTTP message: JSON that breaks off.
    Malformed,
    /// The true response with its JSON body rewritten. A body that is no JSON goes out as it is.
    Rewritten(fn(Value) -> Value),
    /// The true response with one item over and over in its lists.
    Repeated(Repeated),
    /// The connection is reset before any response.
    ResetBeforeAnswer,
    /// The connection is reset after half of the true body.
    ResetInBody,
    /// The head of the true response, then nothing.
    Stall,
    /// No response at all; the connection stays open.
    SlowHeaders,
    /// The true body, one byte at a time.
    Trickle {
        /// The pause before each byte.
        pause: Duration,
    },
    /// 200 with one JSON text of this size, made while it is sent.
    Huge {
        /// The size; `u64::MAX` does not end in anybody's lifetime.
        bytes: u64,
    },
    /// 200 with a gzip body that unpacks to this size.
    GzipBomb {
        /// The unpacked size.
        bytes: u64,
    },
}

/// What fills the lists of a response.
#[derive(Clone, Debug)]
pub struct Repeated {
    /// How many lists the filled lists are in: 0 for the outermost.
    pub depth: usize,
    /// The item as JSON; `None` for each list's own first item, or an empty object.
    pub item: Option<String>,
    /// The size of all lists together, in bytes.
    pub bytes: usize,
}

impl Fault {
    /// A bare status code.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status { code, headers: Vec::new(), body: String::new() }
    }

    /// A status code with a JSON body, as a product's own error looks.
    #[must_use]
    pub fn json(code: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Status { code, headers, body: body.to_string() }
    }
}
