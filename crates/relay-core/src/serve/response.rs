//! The answer as a gateway takes it from a function.

use std::collections::BTreeMap;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{ctim::Document, service::Outgoing};

/// The headers of every answer: findings are not for caches, and JSON is nothing else.
const ANSWER_HEADERS: [(HeaderName, &str); 3] = [
    (CONTENT_TYPE, "application/json"),
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];
/// The header with the id that the log has.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The form of a gateway's events and of the responses to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PayloadFormat {
    /// 1.0, of REST APIs.
    V1,
    /// 2.0, of HTTP APIs and function URLs.
    V2,
}

/// A response in either form, as JSON. Written here and not by `lambda_http`, which would escape the
/// body.
pub(super) struct GatewayResponse(String);

/// What stands before the body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    status_code: u16,
    headers: BTreeMap<String, String>,
    multi_value_headers: BTreeMap<String, [String; 1]>,
    is_base64_encoded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<[String; 0]>,
}

impl Serialize for GatewayResponse {
    /// Writes JSON as it is, as `serde_json` does for its own `RawValue`, which could only be made by
    /// reading the whole text again.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const RAW_VALUE: &str = "$serde_json::private::RawValue";
        let mut raw = serializer.serialize_struct(RAW_VALUE, 1)?;
        raw.serialize_field(RAW_VALUE, &self.0)?;
        raw.end()
    }
}

impl GatewayResponse {
    pub(super) fn new(outgoing: Outgoing, format: PayloadFormat) -> Self {
        let Outgoing { status, allow, body, request_id, .. } = outgoing;
        let allow = allow.map(|method| (ALLOW, method.as_str().to_owned()));
        let headers = ANSWER_HEADERS.map(|(name, value)| (name, value.to_owned()));
        let headers = headers.into_iter().chain([(REQUEST_ID, request_id)]).chain(allow);
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value));
        let mut head = Head {
            status_code: status,
            headers: BTreeMap::new(),
            multi_value_headers: BTreeMap::new(),
            is_base64_encoded: false,
            cookies: None,
        };
        match format {
            // This form adds both maps up.
            PayloadFormat::V1 => {
                head.multi_value_headers = headers.map(|(name, value)| (name, [value])).collect();
            }
            PayloadFormat::V2 => {
                head.headers = headers.collect();
                head.cookies = Some([]);
            }
        }
        Self::of(&head, body)
    }

    /// The body may be many times as large as all else, so it is not copied.
    fn of(head: &Head, body: Document) -> Self {
        let mut head = serde_json::to_string(head).unwrap_or_default();
        head.pop();
        Self(body.between(&[&head, r#","body":""#].concat(), r#""}"#))
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::ctim::Document;

    #[test]
    fn l01_a_response_is_what_the_gateways_form_says() {
        let response = |format| {
            let outgoing = Outgoing {
                status: 405,
                allow: Some(&Method::POST),
                body: Document::of(&json!({"code": "a \"b\" \\ \n"})).unwrap(),
                metrics: String::new(),
                request_id: "7".to_owned(),
            };
            let text = serde_json::to_string(&GatewayResponse::new(outgoing, format)).unwrap();
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        };
        let body = r#"{"code":"a \"b\" \\ \n"}"#;
        assert_eq!(
            response(PayloadFormat::V1),
            json!({
                "statusCode": 405, "headers": {}, "body": body, "isBase64Encoded": false,
                "multiValueHeaders": {
                    "allow": ["POST"], "cache-control": ["no-store"],
                    "content-type": ["application/json"], "x-content-type-options": ["nosniff"],
                    "x-request-id": ["7"],
                },
            })
        );
        assert_eq!(
            response(PayloadFormat::V2),
            json!({
                "statusCode": 405, "multiValueHeaders": {}, "body": body,
                "isBase64Encoded": false, "cookies": [],
                "headers": {
                    "allow": "POST", "cache-control": "no-store",
                    "content-type": "application/json", "x-content-type-options": "nosniff",
                    "x-request-id": "7",
                },
            })
        );
    }
}
