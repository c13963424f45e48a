//! The outcome of an event.

use std::{collections::BTreeMap, process::ExitStatus};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

/// The end of an invocation.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The function gave an HTTP answer.
    Answered(Reply),
    /// The function answered something that no gateway understands.
    Garbled(Bytes),
    /// The function reported an error; a gateway answers 500 or 502.
    Failed(Failure),
    /// The function's response was rejected, because it had so many bytes.
    TooLarge(usize),
    /// The function did not answer in time.
    TimedOut,
    /// The function ended while the event was waiting or in work.
    Ended(ExitStatus),
}

/// An HTTP answer, as the gateway would send it on.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, decoded where it was encoded.
    pub body: Bytes,
    /// How many bytes the function handed over in all; Lambda limits these.
    pub handed_over: usize,
}

/// An error as functions report it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Failure {
    /// The type of the error.
    #[serde(rename = "errorType", default)]
    pub kind: String,
    /// What happened.
    #[serde(rename = "errorMessage", default)]
    pub message: String,
}

impl Outcome {
    /// The HTTP answer.
    ///
    /// # Panics
    ///
    /// When something else became of the event.
    #[track_caller]
    pub fn reply(self) -> Reply {
        match self {
            Self::Answered(reply) => reply,
            other => panic!("the function gave no HTTP answer: {other:?}"),
        }
    }

    pub(crate) fn answered(body: Bytes) -> Self {
        match Reply::read(&body) {
            Some(reply) => Self::Answered(reply),
            None => Self::Garbled(body),
        }
    }
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(body) => body,
            Err(reason) => panic!("the body is no JSON, {reason}: {}", self.text()),
        }
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn read(handed_over: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(handed_over).ok()?;
        let text = wire.body.unwrap_or_default();
        let body = match wire.is_base64 {
            true => STANDARD.decode(text).ok()?.into(),
            false => text.into(),
        };
        let headers = headers(wire.headers.unwrap_or_default(), wire.multi.unwrap_or_default())?;
        Some(Self { status: wire.status, headers, body, handed_over: handed_over.len() })
    }
}

impl Failure {
    /// Reads a report; text that is none becomes its message.
    pub(super) fn read(report: &[u8]) -> Self {
        serde_json::from_slice(report).unwrap_or_else(|_| Self {
            kind: String::new(),
            message: String::from_utf8_lossy(report).into_owned(),
        })
    }
}

/// The answer's form for every gateway; format 2.0 knows no `multiValueHeaders`.
#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "statusCode")]
    status: u16,
    headers: Option<BTreeMap<String, String>>,
    #[serde(rename = "multiValueHeaders")]
    multi: Option<BTreeMap<String, Vec<String>>>,
    body: Option<String>,
    #[serde(rename = "isBase64Encoded", default)]
    is_base64: bool,
}

/// Both maps together; a name that stands in both counts where it has all its values.
fn headers(
    single: BTreeMap<String, String>,
    multi: BTreeMap<String, Vec<String>>,
) -> Option<HeaderMap> {
    let is_single = |name: &String| !multi.keys().any(|other| other.eq_ignore_ascii_case(name));
    let single = single.into_iter().filter(|(name, _)| is_single(name));
    let mut headers = HeaderMap::new();
    for (name, value) in single {
        headers.append(name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?);
    }
    for (name, values) in &multi {
        for value in values {
            headers.append(name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?);
        }
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::{Failure, Outcome, Reply};

    fn read(answer: &Value) -> Option<Reply> {
        Reply::read(answer.to_string().as_bytes())
    }

    #[test]
    fn plain_and_encoded_bodies() {
        let plain =
            json!({"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": "hé"});
        let reply = read(&plain).unwrap();
        assert_eq!((reply.status, reply.text().as_str()), (200, "hé"));
        assert_eq!(reply.headers["content-type"], "text/plain");
        assert_eq!(reply.handed_over, plain.to_string().len());
        let encoded = json!({"statusCode": 404, "body": "e30=", "isBase64Encoded": true});
        assert_eq!(read(&encoded).unwrap().json(), json!({}));
        assert_eq!(
            read(&json!({"statusCode": 204, "body": null, "headers": null})).unwrap().body,
            ""
        );
    }

    #[test]
    fn headers_with_several_values_stand_once() {
        let reply = read(&json!({
            "statusCode": 200,
            "headers": {"A": "1", "b": "2"},
            "multiValueHeaders": {"a": ["1", "3"]},
        }));
        let headers = reply.unwrap().headers;
        let values: Vec<_> = headers.get_all("a").iter().collect();
        assert_eq!(values, ["1", "3"]);
        assert_eq!(headers["b"], "2");
    }

    #[test]
    fn responses_without_a_gateway_format_are_garbled() {
        for answer in [
            json!("text"),
            json!({"body": "x"}),
            json!({"statusCode": "200"}),
            json!({"statusCode": 200, "body": {}}),
            json!({"statusCode": 200, "body": "*", "isBase64Encoded": true}),
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
        ] {
            let outcome = Outcome::answered(Bytes::from(answer.to_string()));
            assert!(matches!(outcome, Outcome::Garbled(_)), "{answer}");
        }
    }

    #[test]
    fn error_reports_of_any_form() {
        let report = br#"{"errorType": "Broken", "errorMessage": "no key", "stackTrace": []}"#;
        let expected = Failure { kind: "Broken".into(), message: "no key".into() };
        assert_eq!(Failure::read(report), expected);
        assert_eq!(Failure::read(b"broken").message, "broken");
    }
}
