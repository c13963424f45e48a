//! F5: whatever body any relay gets on any route, the answer has status 200 and is valid.

use arbitrary::{Result, Unstructured};
use relay_core::{ObservableType, Route};
use sandbox::Product;
use serde_json::{Value, json};

use crate::{relays::with_relay, structured};

/// The most observables of one structured body.
const MAX_OBSERVABLES: usize = 6;

/// The first two bytes choose relay (`d`, `g`, `q`, `m` or `t`) and route (the first letter of its
/// path, but `a` for the list of actions), the rest is the body.
///
/// # Panics
///
/// When the answer is not valid.
pub fn f05_requests(data: &[u8]) {
    let [product, route, body @ ..] = data else { return };
    let route = route_of(*route);
    let body = match structured(body) {
        Some(mut steering) => {
            // The body ends with the steering bytes.
            let body = generated(route, &mut steering).unwrap_or_default();
            body.to_string().into_bytes()
        }
        None => body.to_vec(),
    };
    with_relay(product_of(*product), *product, |kept| {
        kept.send(kept.relay.request(route).body(body));
    });
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

pub(crate) fn route_of(letter: u8) -> Route {
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

fn generated(route: Route, u: &mut Unstructured<'_>) -> Result<Value> {
    if route != Route::Trigger {
        let count = u.int_in_range(1..=MAX_OBSERVABLES)?;
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
    let observable = observable(u)?;
    Ok(json!({
        "action-id": u.choose(&actions)?,
        "observable_type": observable["type"],
        "observable_value": observable["value"],
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
