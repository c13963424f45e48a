//! Bodies of the wrong shape, and what the answer says of them.

use relay_core::{Relay, route::Route};
use serde_json::json;

use super::{Ask, Question, Stage, Subject, ask::unknown_action, policies};

/// What is no list of observables, and how the answer names its fault.
const FAULTY: &[(&[u8], &str)] = &[
    (b"", r#"{"_schema": ["Invalid input type."]}"#),
    (b"no JSON", r#"{"_schema": ["Invalid input type."]}"#),
    (b"null", r#"{"_schema": ["Invalid input type."]}"#),
    (b"{}", r#"{"_schema": ["Invalid input type."]}"#),
    (b"\"[]\"", r#"{"_schema": ["Invalid input type."]}"#),
    (b"[", r#"{"_schema": ["Invalid input type."]}"#),
    (b"[] []", r#"{"_schema": ["Invalid input type."]}"#),
    (b"\xef\xbb\xbf[]", r#"{"_schema": ["Invalid input type."]}"#),
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

/// Every form of a faulty body is named by index and member, under the relay's own code.
pub async fn faulty_bodies_are_explained<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for route in policies::asking::<S>() {
        for (body, problems) in FAULTY {
            let answer = stage.ask(Ask::sound::<S>(route).body(*body)).await;
            assert_eq!(answer.codes(), [S::Relay::ABOUT.invalid_body_code]);
            let message = answer.messages().next().unwrap_or_default();
            assert!(message.contains(problems), "{message}");
        }
    }
    assert_eq!(stage.calls(), 0);
}

/// Depth and length do not exhaust the relay, and a long list of faults is cut.
pub async fn large_bodies_are_refused_briefly<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let wide = format!("[{}0]", "0,".repeat(100_000));
    let long = format!(r#"[{{"type":"ip","value":{}}}]"#, "1".repeat(1_000_000));
    for body in [deep, wide, long] {
        let answer = stage.ask(Ask::sound::<S>(Route::Observe).body(body)).await;
        assert_eq!(answer.codes(), [S::Relay::ABOUT.invalid_body_code]);
        assert!(answer.text.len() < 10_000);
    }
    assert_eq!(stage.calls(), 0);
}

/// An order without one of its three texts is refused.
pub async fn faulty_orders_are_explained<S: Subject>() {
    let stage = Stage::<S>::set().await;
    if !policies::guarded::<S>().any(|route| route == Route::Trigger) {
        return;
    }
    let refused = async |body: String, member: &str| {
        let answer = stage.ask(Ask::sound::<S>(Route::Trigger).body(body)).await;
        assert_eq!(answer.codes(), [S::Relay::ABOUT.invalid_body_code], "{}", answer.text);
        assert!(answer.text.contains(member), "{}", answer.text);
    };
    for body in ["", "[]", "null", "x"] {
        refused(body.to_owned(), "_schema").await;
    }
    for name in ["action-id", "observable_type", "observable_value"] {
        for odd in [json!(null), json!(""), json!(1), json!([])] {
            let mut order = unknown_action::<S>();
            order[name] = odd;
            refused(order.to_string(), name).await;
        }
    }
    assert_eq!(stage.calls(), 0);
}

/// Nothing asked is nothing found, and no call.
pub async fn nothing_asked_is_nothing_found<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let unsupported =
        Question::of(&[("no_such_type", "x"), ("imei", "x"), ("\u{0}", "x"), (" ", " ")]);
    for route in policies::asking::<S>() {
        let empty =
            if matches!(route, Route::Refer | Route::Respond) { json!([]) } else { json!({}) };
        for question in [Question::default(), unsupported.clone()] {
            let answer = stage.ask(Ask::sound::<S>(route).about(question)).await;
            assert_eq!(answer.json, json!({"data": empty}));
        }
    }
    assert_eq!(stage.calls(), 0);
}
