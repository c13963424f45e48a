//! A product that is not to be trusted: its words reach the answer as plain data, or not at all.

use relay_core::{http::escaped, route::Route};
use sandbox::{Call, Fault, Times};
use serde_json::{Map, Value, json};
use url::form_urlencoded::byte_serialize;

use super::{Answer, Ask, Question, Stage, Subject};

/// What somebody might write who can write into the product.
const TEXT: &str =
    "</script><img src=x onerror=alert(1)>\u{1b}[31m\u{0}\u{202e}\r\n[a](javascript:alert(1))";
const LINKS: [&str; 4] =
    ["javascript:alert(1)", "file:///etc/passwd", "//evil.example", "http://[evil"];

/// Members of CTIM whose value people follow.
const FOLLOWED: [&str; 4] = ["source_uri", "origin_uri", "reason_uri", "url"];

/// Every link that the answer offers leads to the web.
#[track_caller]
fn assert_safe_links(answer: &Answer) {
    walk(&answer.json, &mut |name, value| {
        if let Some(link) = value.as_str().filter(|_| FOLLOWED.contains(&name)) {
            assert!(link.starts_with("https://") || link.starts_with("http://"), "{link}");
        }
    });
}

/// Looks at every member of every object.
fn walk(json: &Value, look: &mut impl FnMut(&str, &Value)) {
    match json {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            look(name, value);
            walk(value, look);
        }),
        Value::Array(items) => items.iter().for_each(|item| walk(item, look)),
        _ => {}
    }
}

/// The same JSON with other leaves; objects and lists stay. `name` is the member it belongs to.
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

/// What the product's people wrote, replaced by this.
pub(crate) fn in_free_text<S: Subject>(json: Value, said: &str) -> Value {
    with_texts(json, |name, old| if S::FREE_TEXT.contains(&name) { said.to_owned() } else { old })
}

/// What the product's people wrote comes out as data, whole answers stay valid.
pub async fn i13_hostile_words_are_data<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let before = stage.observe(Question::known::<S>()).await;
    for rewrite in [
        |json| in_free_text::<S>(json, TEXT),
        |json| in_free_text::<S>(json, &"😀".repeat(10_000)),
        |json| in_free_text::<S>(json, ""),
        |json| in_free_text::<S>(json, " "),
    ] as [fn(Value) -> Value; 4]
    {
        stage.sandbox.fault("", Fault::Rewritten(rewrite), Times::Always);
        let answer = stage.observe(Question::known::<S>()).await;
        stage.sandbox.clear_faults();
        answer.assert_good();
        assert_safe_links(&answer);
        assert_eq!(answer.docs("sightings").len(), before.docs("sightings").len());
        assert_ne!(answer.json, before.json, "nobody has heard the words");
    }
}

/// Links of the product lead to the web or nowhere.
pub async fn i14_hostile_links_are_dropped<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    fn linked(json: Value, to: &'static str) -> Value {
        with_texts(json, |_, old| if old.contains("://") { to.to_owned() } else { old })
    }
    for rewrite in [
        |json| linked(json, LINKS[0]),
        |json| linked(json, LINKS[1]),
        |json| linked(json, LINKS[2]),
        |json| linked(json, LINKS[3]),
    ] as [fn(Value) -> Value; 4]
    {
        stage.break_search(Fault::Rewritten(rewrite));
        assert_safe_links(&stage.observe(Question::known::<S>()).await);
        stage.sandbox.clear_faults();
    }
}

/// Whatever the product puts in place of its values, the answer is a valid one.
pub async fn n09_nonsense_never_breaks_an_answer<S: Subject>() {
    fn all(json: Value, leaf: Value) -> Value {
        with_leaves(json, "", &|_, _| leaf.clone())
    }
    let stage = Stage::<S>::warm().await;
    for rewrite in [
        |json| with_texts(json, |_, _| TEXT.to_owned()),
        |json| with_texts(json, |_, old| format!("{old}{TEXT}")),
        |json| with_texts(json, |_, old| old.to_uppercase()),
        |json| with_texts(json, |_, old| old.chars().rev().collect()),
        |json| with_texts(json, |_, _| String::new()),
        |json| all(json, Value::Null),
        |json| all(json, json!(-1)),
        |json| all(json, json!(1e300)),
        |json| all(json, json!(u64::MAX)),
        |json| all(json, json!("2026-02-30T25:61:00Z")),
        |json| all(json, json!([[]])),
        |json| all(json, json!({"": {}})),
        |json| all(json, json!(true)),
        |json| json!([json]),
        |json| json!({"value": json}),
    ] as [fn(Value) -> Value; 15]
    {
        stage.break_search(Fault::Rewritten(rewrite));
        assert_safe_links(&stage.observe(Question::known::<S>()).await);
        stage.sandbox.clear_faults();
    }
}

/// The secrets of the caller, in every spelling.
fn meant<S: Subject>() -> String {
    let claims = S::claims();
    let secrets = S::SECRETS.iter().filter_map(|name| claims[*name].as_str());
    let spelled = secrets.flat_map(|secret| {
        let form: String = byte_serialize(secret.as_bytes()).collect();
        [secret.to_owned(), escaped(secret), form, json!(secret).to_string()]
    });
    spelled.collect::<Vec<_>>().join(" ")
}

/// Everything secret that these calls carried, as it was sent.
fn sent(calls: &[Call]) -> String {
    let parts = calls.iter().map(|call| {
        let body = String::from_utf8_lossy(&call.body);
        format!("{} {body}", call.authorization().unwrap_or_default())
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// An error in all the forms in which products write them, saying this.
fn with_message(code: u16, said: &str) -> [Fault; 4] {
    let plain = |body: String| Fault::Status { code, headers: Vec::new(), body };
    let flat = json!({
        "message": said, "name": said, "error": said, "error_description": said, "detail": said,
        "authentication_exceptions": [said], "errors": [said],
    });
    let nested = json!({"error": {"code": said, "message": said, "details": [{"message": said}]}});
    [
        Fault::json(code, &flat),
        Fault::json(code, &nested),
        plain(said.to_owned()),
        plain(flat.to_string()),
    ]
}

/// What the product says of its failures comes out in one line, and not all of it.
pub async fn i13_hostile_errors_are_plain_lines<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let said = TEXT.repeat(1000);
    for fault in [400, 401, 403, 404, 500].into_iter().flat_map(|code| with_message(code, &said)) {
        stage.sandbox.fault("", fault, Times::Always);
        for route in ROUTES {
            let answer = stage.ask(Ask::sound::<S>(route)).await;
            assert!(!answer.errors().is_empty(), "{}", answer.text);
            for line in answer.messages().chain(answer.codes()) {
                assert!(!line.chars().any(char::is_control), "{line:?}");
                assert!(line.chars().count() < 1000, "{line}");
            }
        }
        stage.sandbox.clear_faults();
    }
}

const CODES: [u16; 6] = [200, 400, 401, 403, 404, 500];
/// The forms of [`saying`].
const FORMS: [usize; 4] = [0, 1, 2, 3];
const ROUTES: [Route; 2] = [Route::Observe, Route::Health];

/// A product that repeats the caller's credentials in its errors does not make the relay say them.
pub async fn n17_credentials_in_errors_are_blotted_out<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let said = meant::<S>();
    for fault in CODES.into_iter().flat_map(|code| with_message(code, &said)) {
        stage.sandbox.fault("", fault, Times::Always);
        for route in ROUTES {
            stage.ask(Ask::sound::<S>(route)).await;
        }
        stage.sandbox.clear_faults();
    }
}

/// Nor the access token that it gave out itself.
pub async fn n17_access_tokens_in_errors_are_blotted_out<S: Subject>() {
    for (code, form) in [200, 401, 500].into_iter().flat_map(|code| FORMS.map(|form| (code, form)))
    {
        let stage = Stage::<S>::set().await;
        stage.observe(Question::first::<S>()).await.assert_good();
        let fault = with_message(code, &sent(&stage.sandbox.calls()))[form].clone();
        stage.sandbox.fault("", fault, Times::Always);
        // Once: a token that the product has refused is forgotten, and no secret any more.
        stage.ask(Ask::sound::<S>(ROUTES[form % 2])).await;
    }
}

/// Nor does it say a part of them, where a long sentence of the product is cut.
pub async fn n17_credentials_that_are_cut_are_blotted_out<S: Subject>() {
    let claims = S::claims();
    let secrets = S::SECRETS.iter().filter_map(|name| claims[*name].as_str());
    for (secret, form) in secrets.flat_map(|secret| FORMS.map(|form| (secret, form))) {
        let stage = Stage::<S>::warm().await;
        for before in (160..200).step_by(3) {
            let said = format!("{}{secret}", "-".repeat(before));
            stage.break_search(with_message(500, &said)[form].clone());
            stage.observe(Question::first::<S>()).await.assert_failure();
            stage.sandbox.clear_faults();
        }
    }
}
