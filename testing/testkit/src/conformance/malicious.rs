//! A product that is not to be trusted: its texts reach the answer as plain data, or not at all.

use relay_core::{Relay, Route, url::escaped};
use sandbox::{Call, Fault, Times};
use serde_json::{Map, Value, json};
use url::form_urlencoded::byte_serialize;

use super::Conformance;
use crate::{Answer, relay::fixture};

/// What somebody might write who can write into the product.
const TEXT: &str =
    "</script><img src=x onerror=alert(1)>\u{1b}[31m\u{0}\u{202e}\r\n[a](javascript:alert(1))";

/// Members of CTIM whose value people follow.
const LINKS: [&str; 4] = ["source_uri", "origin_uri", "reason_uri", "url"];

/// Members of CTIM whose text people read.
const TEXTS: [&str; 7] =
    ["title", "short_description", "description", "reason", "producer", "tags", "rows"];

const CODES: [u16; 6] = [200, 400, 401, 403, 404, 500];
const ROUTES: [Route; 2] = [Route::Observe, Route::Health];
/// The forms of [`with_message`].
const FORMS: [usize; 4] = [0, 1, 2, 3];

type Rewrite = fn(Value) -> Value;

/// Fails unless every link that the answer offers leads to the web.
#[track_caller]
fn assert_safe_links(answer: &Answer) {
    with_leaves((**answer).clone(), "", &|name, leaf| {
        if let Some(link) = leaf.as_str().filter(|_| LINKS.contains(&name)) {
            assert!(link.starts_with("https://") || link.starts_with("http://"), "{link}");
        }
        leaf
    });
}

/// The same JSON with other leaves; `name` is the member that it belongs to.
fn with_leaves(json: Value, name: &str, leaf: &impl Fn(&str, Value) -> Value) -> Value {
    match json {
        Value::Object(members) => {
            let changed = members.into_iter().map(|(name, value)| {
                let value = with_leaves(value, &name, leaf);
                (name, value)
            });
            Value::Object(changed.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            items.into_iter().map(|item| with_leaves(item, name, leaf)).collect()
        }
        other => leaf(name, other),
    }
}

/// The same JSON with other texts.
fn with_texts(json: Value, text: impl Fn(&str, String) -> String) -> Value {
    with_leaves(json, "", &|name, leaf| match leaf {
        Value::String(old) => Value::String(text(name, old)),
        other => other,
    })
}

/// The same JSON with this text in place of everything that people wrote.
pub(crate) fn with_free_text<R: Relay>(json: Value, text: &str) -> Value {
    let free_text = fixture::<R>().free_text;
    with_texts(json, |name, old| match free_text.contains(&name) {
        true => text.to_owned(),
        false => old,
    })
}

/// The same JSON with this text in place of every link.
fn with_links(json: Value, link: &str) -> Value {
    with_texts(json, |_, old| if old.contains("://") { link.to_owned() } else { old })
}

/// The same JSON with this in place of every leaf.
fn all(json: Value, leaf: &Value) -> Value {
    with_leaves(json, "", &|_, _| leaf.clone())
}

/// Everything secret that these requests carried, as it was sent.
fn sent(calls: &[Call]) -> String {
    let parts = calls.iter().map(|call| {
        let body = String::from_utf8_lossy(&call.body);
        format!("{} {body}", call.authorization().unwrap_or_default())
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// Errors with this message, in all the forms in which products write them.
fn with_message(code: u16, message: &str) -> [Fault; 4] {
    let plain = |body: String| Fault::Status { code, headers: Vec::new(), body };
    let flat = json!({
        "message": message, "name": message, "error": message, "error_description": message,
        "detail": message, "authentication_exceptions": [message], "errors": [message],
    });
    let details = json!([{"message": message}]);
    let nested = json!({"error": {"code": message, "message": message, "details": details}});
    [
        Fault::json(code, &flat),
        Fault::json(code, &nested),
        plain(message.to_owned()),
        plain(flat.to_string()),
    ]
}

impl<R: Relay> Conformance<R> {
    /// What people wrote into the product comes out as data.
    pub(super) async fn i13_malicious_texts_are_data(&self) {
        let relay = self.warm().await;
        let before = relay.observe(self.known()).await;
        let rewrites: [Rewrite; 4] = [
            |json| with_free_text::<R>(json, TEXT),
            |json| with_free_text::<R>(json, &"😀".repeat(10_000)),
            |json| with_free_text::<R>(json, ""),
            |json| with_free_text::<R>(json, " "),
        ];
        for rewrite in rewrites {
            relay.sandbox.fault("", Fault::Rewritten(rewrite), Times::Always);
            let answer = relay.observe(self.known()).await;
            relay.sandbox.clear_faults();
            answer.assert_no_errors();
            assert_safe_links(&answer);
            assert_plain_texts(&answer);
            assert_eq!(answer.docs("sightings").len(), before.docs("sightings").len());
            assert_ne!(answer, before, "the texts have reached nobody");
        }
    }

    /// Links of the product lead to the web or are left out.
    pub(super) async fn i14_malicious_links_are_dropped(&self) {
        self.assert_links_are_safe(&[
            |json| with_links(json, "javascript:alert(1)"),
            |json| with_links(json, "file:///etc/passwd"),
            |json| with_links(json, "//evil.example"),
            |json| with_links(json, "http://[evil"),
        ])
        .await;
    }

    /// Whatever stands in place of the product's values, the answer is valid.
    pub(super) async fn n09_nonsense_responses_get_valid_answers(&self) {
        self.assert_links_are_safe(&[
            |json| with_texts(json, |_, _| TEXT.to_owned()),
            |json| with_texts(json, |_, old| format!("{old}{TEXT}")),
            |json| with_texts(json, |_, old| old.to_uppercase()),
            |json| with_texts(json, |_, old| old.chars().rev().collect()),
            |json| with_texts(json, |_, _| String::new()),
            |json| all(json, &Value::Null),
            |json| all(json, &json!(-1)),
            |json| all(json, &json!(1e300)),
            |json| all(json, &json!(u64::MAX)),
            |json| all(json, &json!("2026-02-30T25:61:00Z")),
            |json| all(json, &json!([[]])),
            |json| all(json, &json!({"": {}})),
            |json| all(json, &json!(true)),
            |json| json!([json]),
            |json| json!({"value": json}),
        ])
        .await;
    }

    async fn assert_links_are_safe(&self, rewrites: &[Rewrite]) {
        let relay = self.warm().await;
        for rewrite in rewrites {
            relay.break_searches(Fault::Rewritten(*rewrite));
            assert_safe_links(&relay.observe(self.known()).await);
            relay.sandbox.clear_faults();
        }
    }

    /// The product's error messages come out in one line, and not all of a long one.
    pub(super) async fn i13_malicious_errors_are_plain_lines(&self) {
        let relay = self.warm().await;
        let message = TEXT.repeat(1000);
        let codes = [400, 401, 403, 404, 500].into_iter();
        for fault in codes.flat_map(|code| with_message(code, &message)) {
            relay.sandbox.fault("", fault, Times::Always);
            for route in ROUTES {
                let answer = relay.send(relay.request(route)).await;
                assert!(!answer.error_entries().is_empty(), "{}", answer.text);
                for line in answer.messages().chain(answer.codes()) {
                    assert!(!line.chars().any(char::is_control), "{line:?}");
                    assert!(line.chars().count() < 1000, "{line}");
                }
            }
            relay.sandbox.clear_faults();
        }
    }

    /// The secrets of the caller, in every spelling.
    fn spelled_secrets(&self) -> String {
        let spelled = self.secrets().into_iter().flat_map(|secret| {
            let form: String = byte_serialize(secret.as_bytes()).collect();
            [escaped(&secret), form, json!(secret).to_string(), secret]
        });
        spelled.collect::<Vec<_>>().join(" ")
    }

    fn secrets(&self) -> Vec<String> {
        let claims = self.fixture.claims();
        let secrets = self.fixture.secrets.iter().filter_map(|name| claims[*name].as_str());
        secrets.map(str::to_owned).collect()
    }

    /// Credentials that the product repeats in its errors are redacted.
    pub(super) async fn n17_credentials_in_errors_are_redacted(&self) {
        let relay = self.start().await;
        let message = self.spelled_secrets();
        for fault in CODES.into_iter().flat_map(|code| with_message(code, &message)) {
            relay.sandbox.fault("", fault, Times::Always);
            for route in ROUTES {
                relay.send(relay.request(route)).await;
            }
            relay.sandbox.clear_faults();
        }
    }

    /// So is the access token that the product issued.
    pub(super) async fn n17_access_tokens_in_errors_are_redacted(&self) {
        for (code, form) in
            [200, 401, 500].into_iter().flat_map(|code| FORMS.map(|form| (code, form)))
        {
            let relay = self.start().await;
            relay.observe(self.first()).await.assert_no_errors();
            let fault = with_message(code, &sent(&relay.calls()))[form].clone();
            relay.sandbox.fault("", fault, Times::Always);
            // Once: a token that the product has rejected is forgotten, and no secret any more.
            relay.send(relay.request(ROUTES[form % 2])).await;
        }
    }

    /// So is a part of a credential, where a long message of the product is truncated.
    pub(super) async fn n17_truncated_credentials_are_redacted(&self) {
        for (secret, form) in
            self.secrets().into_iter().flat_map(|secret| FORMS.map(|form| (secret.clone(), form)))
        {
            let relay = self.warm().await;
            for before in (160..200).step_by(3) {
                let message = format!("{}{secret}", "-".repeat(before));
                relay.break_searches(with_message(500, &message)[form].clone());
                relay.observe(self.first()).await.assert_failure();
                relay.sandbox.clear_faults();
            }
        }
    }
}

/// No text of an answer brings a link under another name, an image or HTML, and none hides or reverses
/// what it says.
#[track_caller]
fn assert_plain_texts(value: &Value) {
    match value {
        Value::Array(all) => all.iter().for_each(assert_plain_texts),
        Value::Object(members) => {
            for (name, value) in members {
                if TEXTS.contains(&name.as_str()) {
                    let text = value.to_string();
                    let markup = ["](", "<i", "</", "\\u00", "\u{202e}"];
                    assert!(!markup.iter().any(|it| text.contains(it)), "{name}: {text}");
                }
                assert_plain_texts(value);
            }
        }
        _ => {}
    }
}
