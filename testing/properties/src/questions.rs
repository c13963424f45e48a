//! F5: whatever is asked of whichever relay, the answer has status 200 and is valid.

use arbitrary::{Result, Unstructured};
use relay_core::{ObservableType, route::Route};
use sandbox::Product;
use serde_json::{Value, json};
use testkit::ctim::Asked;

use crate::{
    stage::{Stage, assert_sound},
    structured,
    subject::Subject,
};

/// So many observables stand in one structured question at most.
const MOST_OBSERVABLES: usize = 6;

/// The first two bytes choose relay (`d`, `g`, `q`, `m` or `t`) and route (the first letter of its
/// path, but `a` for the list of actions), the rest is the body.
///
/// # Panics
///
/// When the answer is not sound.
pub fn f05_questions(data: &[u8]) {
    let [product, route, body @ ..] = data else { return };
    let route = route_of(*route);
    let body = match structured(body) {
        Some(mut steering) => {
            // Where the steering bytes end, the question does.
            let body = question(route, &mut steering).unwrap_or_default();
            body.to_string().into_bytes()
        }
        None => body.to_vec(),
    };
    let asked = serde_json::from_slice(&body).map(in_lower_case).unwrap_or_default();
    let subject = Subject::of(product_of(*product), *product);
    let answer = Stage::with(subject, |stage| stage.ask(route, body));
    assert_sound(route, &Asked::about(&asked), &answer);
}

fn product_of(letter: u8) -> Product {
    match letter {
        b'd' => Product::DefenderAtp,
        b'g' => Product::GraphSecurity,
        b'q' => Product::QualysIoc,
        b'm' => Product::Misp,
        b't' => Product::GigamonThreatinsight,
        other => Product::ALL[usize::from(other) % Product::ALL.len()],
    }
}

fn route_of(letter: u8) -> Route {
    match letter {
        b'h' => Route::Health,
        b'd' => Route::Deliberate,
        b'r' => Route::Refer,
        b'a' => Route::Respond,
        b't' => Route::Trigger,
        b'v' => Route::Version,
        _ => Route::Observe,
    }
}

/// The question as the relay takes it: types in lower case, values as they are.
fn in_lower_case(mut body: Value) -> Value {
    for item in body.as_array_mut().into_iter().flatten() {
        if let Some(Value::String(kind)) = item.get_mut("type") {
            kind.make_ascii_lowercase();
        }
    }
    body
}

fn question(route: Route, u: &mut Unstructured<'_>) -> Result<Value> {
    if route != Route::Trigger {
        let count = u.int_in_range(1..=MOST_OBSERVABLES)?;
        return (0..count).map(|_| observable(u)).collect();
    }
    let actions = [
        "microsoft-defender-FullIsolation",
        "microsoft-defender-Unisolate",
        "microsoft-defender-add-indicator-alert",
        "microsoft-defender-remove-indicator",
        "respond-misp-sighting-",
        "",
    ];
    let asked = observable(u)?;
    Ok(json!({
        "action-id": u.choose(&actions)?,
        "observable_type": asked["type"],
        "observable_value": asked["value"],
        "indicator_id": value(u)?,
    }))
}

fn observable(u: &mut Unstructured<'_>) -> Result<Value> {
    let common = [
        "ip",
        "ipv6",
        "domain",
        "hostname",
        "url",
        "md5",
        "sha1",
        "sha256",
        "file_name",
        "file_path",
        "mutex",
        "email",
        "registry_key",
        "user_agent",
        "ms_machine_id",
    ];
    let kind =
        if u.ratio(7, 8)? { *u.choose(&common)? } else { u.choose(ObservableType::ALL)?.as_str() };
    Ok(json!({"type": kind, "value": value(u)?}))
}

/// A value of some type, or of none, with something put before and behind it.
fn value(u: &mut Unstructured<'_>) -> Result<String> {
    let cores = [
        "",
        "203.0.113.80",
        "2001:db8::1",
        "bad.example",
        "https://bad.example/a?b=c",
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6",
        "C:\\Windows\\a.exe",
        "/usr/bin/x",
        "someone@mail.example",
        "%",
        "0",
        "..",
    ];
    let ends = [
        "", "", "", " ", "'", "\"", "\\", "`", "%", "|", "/", ".", "\0", "\n", "\u{202e}", "Ä",
        "😀",
    ];
    let core = if u.ratio(3, 4)? { (*u.choose(&cores)?).to_owned() } else { u.arbitrary()? };
    Ok(format!("{}{core}{}", u.choose(&ends)?, u.choose(&ends)?))
}
