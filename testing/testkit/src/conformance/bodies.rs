//! Bodies of the wrong shape, and how the answer describes them.

use relay_core::{Relay, Route};
use serde_json::json;

use super::{Conformance, policies};
use crate::Observables;

/// Bodies that are no list of observables, and how the answer describes the error.
const MALFORMED: &[(&[u8], &str)] = &[
    (b"", r#"{"_schema": ["Invalid input type."]}"#),
    (b"no JSON", r#"{"_schema": ["Invalid input type."]}"#),
    (b"null", r#"{"_schema": ["Invalid input type."]}"#),
    (b"{}", r#"{"_schema": ["Invalid input type."]}"#),
    (b"\"[]\"", r#"{"_schema": ["Invalid input type."]}"#),
    (b"[", r#"{"_schema": ["Invalid input type."]}"#),
    (b"[] []", r#"{"_schema": ["Invalid input type."]}"#),
    (b"\xef\xbb\xbf", r#"{"_schema": ["Invalid input type."]}"#),
    (b"[{\"type\":\"ip\",\"value\":\"\xff\"}]", r#"{"_schema": ["Invalid input type."]}"#),
    (b"[NaN]", r#"{"_schema": ["Invalid input type."]}"#),
    (b"[1]", r#"{"0": {"_schema": ["Invalid input type."]}}"#),
    (b"[[]]", r#"{"0": {"_schema": ["Invalid input type."]}}"#),
    (br#"["ip"]"#, r#"{"0": {"_schema": ["Invalid input type."]}}"#),
    (
        br#"[{}]"#,
        r#"{"0": {"type": ["Missing data for required field."], "value": ["Missing data for required field."]}}"#,
    ),
    (
        br#"[{"type":"ip","value":"203.0.113.7"},{"type":null,"value":"x"}]"#,
        r#"{"1": {"type": ["Field may not be null."]}}"#,
    ),
    (br#"[{"type":"ip","value":""}]"#, r#"{"0": {"value": ["Field may not be blank."]}}"#),
    (br#"[{"type":"","value":"x"}]"#, r#"{"0": {"type": ["Field may not be blank."]}}"#),
    (br#"[{"type":"ip","value":7}]"#, r#"{"0": {"value": ["Not a valid string."]}}"#),
    (br#"[{"type":["ip"],"value":"x"}]"#, r#"{"0": {"type": ["Not a valid string."]}}"#),
];

impl<R: Relay> Conformance<R> {
    /// Every form of a malformed body is described by index and member, under the relay's code.
    pub(super) async fn malformed_bodies_are_explained(&self) {
        let relay = self.start().await;
        for route in policies::with_observables::<R>() {
            for (body, description) in MALFORMED {
                let answer = relay.send(relay.request(route).body(*body)).await;
                answer.assert_fatal(R::ABOUT.invalid_body_code);
                assert!(answer.message().contains(description), "{}", answer.message());
            }
        }
        relay.assert_no_calls();
    }

    /// Depth and length do not exhaust the relay, and a long list of errors is truncated.
    pub(super) async fn large_malformed_bodies_get_short_answers(&self) {
        let relay = self.start().await;
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let wide = format!("[{}0]", "0,".repeat(100_000));
        let long = format!(r#"[{{"type":"ip","value":{}}}]"#, "1".repeat(1_000_000));
        for body in [deep, wide, long] {
            let answer = relay.send(relay.request(Route::Observe).body(body)).await;
            answer.assert_fatal(R::ABOUT.invalid_body_code);
            assert!(answer.text.len() < 10_000);
        }
        relay.assert_no_calls();
    }

    /// A trigger without one of its three texts is rejected.
    pub(super) async fn malformed_triggers_are_explained(&self) {
        let relay = self.start().await;
        if !policies::guarded::<R>().any(|route| route == Route::Trigger) {
            return;
        }
        let assert_rejected = async |body: String, member: &str| {
            let answer = relay.send(relay.request(Route::Trigger).body(body)).await;
            answer.assert_fatal(R::ABOUT.invalid_body_code);
            assert!(answer.text.contains(member), "{}", answer.text);
        };
        for body in ["", "[]", "null", "x"] {
            assert_rejected(body.to_owned(), "_schema").await;
        }
        for name in ["action-id", "observable_type", "observable_value"] {
            for value in [json!(null), json!(""), json!(1), json!([])] {
                let mut body =
                    json!({"action-id": "x", "observable_type": "x", "observable_value": "x"});
                body[name] = value;
                assert_rejected(body.to_string(), name).await;
            }
        }
        relay.assert_no_calls();
    }

    /// A list without a supported observable has an empty answer and needs no request.
    pub(super) async fn empty_lists_get_empty_answers(&self) {
        let relay = self.start().await;
        let unsupported =
            Observables::from([("no_such_type", "x"), ("imei", "x"), ("\u{0}", "x"), (" ", " ")]);
        for route in policies::with_observables::<R>() {
            let is_list = matches!(route, Route::Refer | Route::Respond);
            let empty = if is_list { json!([]) } else { json!({}) };
            for observables in [&Observables::default(), &unsupported] {
                let answer = relay.send(relay.request(route).about(observables)).await;
                assert_eq!(answer, json!({"data": empty}));
            }
        }
        relay.assert_no_calls();
    }
}
