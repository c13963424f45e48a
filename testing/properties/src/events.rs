//! F9: an event of any gateway leads to the route of its path, whatever stage stands before it.

use arbitrary::{Result, Unstructured};
use http::Method;
use lambda_http::{Context, request::LambdaRequest};
use relay_core::{Incoming, Route, fuzz_api::incoming};
use serde_json::Value;
use testkit::event::{Event, Gateway};

use crate::structured;

/// The bytes are an event's JSON: it is parsed or rejected. After the mark they steer a request, its
/// gateway, and where it is deployed.
///
/// # Panics
///
/// When reading panics, or stage, domain or encoding change what is read.
pub fn f09_events(data: &[u8]) {
    match structured(data) {
        // Where the steering bytes end, there is no request to look at.
        Some(mut steering) => drop(check_deployed(&mut steering)),
        None => {
            if let Some(read) = serde_json::from_slice(data).ok().and_then(read) {
                let _ = Route::of(&read.method, &read.path);
            }
        }
    }
}

/// None for what is no event.
fn read(event: Value) -> Option<Incoming> {
    if !is_from_gateway(&event) {
        return None;
    }
    let event: LambdaRequest = serde_json::from_value(event).ok()?;
    Some(incoming(event, Context::default()))
}

/// Whether the parts are as gateways make them, whatever a caller sends: the path begins with a
/// slash, domain and stage are names.
fn is_from_gateway(event: &Value) -> bool {
    let text = |place: &str| event.pointer(place).and_then(Value::as_str);
    let [domain, stage] = ["/requestContext/domainName", "/requestContext/stage"].map(text);
    [text("/path"), text("/rawPath")].iter().flatten().all(|path| path.starts_with('/'))
        && domain.is_none_or(is_domain)
        && stage.is_none_or(is_label)
}

/// Names of hosts in ASCII, under a top level that is no number.
fn is_domain(text: &str) -> bool {
    let is_top = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_plain = !text.to_ascii_lowercase().contains("xn--");
    is_plain
        && !text.contains('$')
        && text.split('.').all(is_label)
        && text.rsplit('.').next().is_some_and(is_top)
}

fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

fn check_deployed(u: &mut Unstructured<'_>) -> Result<()> {
    let gateway = *u.choose(&Gateway::ALL)?;
    let method = *u.choose(&["POST", "POST", "POST", "GET", "PUT", "OPTIONS"])?;
    let path = path(u)?;
    let (query, body) = (query(u)?, u.arbitrary::<Vec<u8>>()?);
    let plain = gateway.request(method, &path);
    let changed = deployed(with_headers(plain.clone(), u)?.query(&query), u)?;
    let (sent, body) = match (String::from_utf8(body), u.arbitrary()?) {
        (Ok(text), true) => (changed.text(&text), text.into_bytes()),
        (Ok(text), false) => (changed.binary(text.as_bytes()), text.into_bytes()),
        (Err(bytes), _) => (changed.binary(bytes.as_bytes()), bytes.into_bytes()),
    };
    let [plain, changed] = [plain, sent].map(|event| read(event.to_json()).expect("an event"));
    let expected = Method::from_bytes(method.as_bytes()).expect("a method");
    assert_eq!((&plain.method, &changed.method), (&expected, &expected));
    assert_eq!(
        Route::of(&changed.method, &changed.path),
        Route::of(&plain.method, &plain.path),
        "{changed:?}"
    );
    assert_eq!(changed.body, body, "{changed:?}");
    Ok(())
}

/// A path of the relay, or one that looks so.
fn path(u: &mut Unstructured<'_>) -> Result<String> {
    let (_, _, known) = u.choose(Route::ALL)?;
    let ends =
        ["", "", "", "/", "//", "/x", "%2f", " ", "?", "#", "\"", "<", "\u{e4}", "\\", "/..", ":"];
    let end = *u.choose(&ends)?;
    Ok(if u.ratio(1, 4)? {
        format!("/{}{known}{end}", u.arbitrary::<String>()?)
    } else {
        format!("{known}{end}")
    })
}

/// What a caller may write behind a question mark, well-formed or not.
fn query(u: &mut Unstructured<'_>) -> Result<String> {
    let queries = ["", "a=b", "\"", "<x>", "a b", "%", "%zz", "#", "&&=&", "\u{e4}", "^`{|}"];
    if u.arbitrary()? { Ok((*u.choose(&queries)?).to_owned()) } else { u.arbitrary() }
}

/// Headers from which a URL might be made.
fn with_headers(event: Event, u: &mut Unstructured<'_>) -> Result<Event> {
    let values = ["relay.example", "https", "", " ", "a b", "[", "x:y:z", "//", "\u{e4}", "a,b"];
    let mut event = event;
    for name in ["Host", "X-Forwarded-Proto", "X-Forwarded-Host", "Cookie"] {
        if u.ratio(1, 3)? {
            event = event.header(name, u.choose(&values)?);
        }
    }
    Ok(event)
}

/// The same request to an API that is deployed in another way.
fn deployed(event: Event, u: &mut Unstructured<'_>) -> Result<Event> {
    let names = ["prod", "v1", "$default", "dev-2", "health", "observe", "respond"];
    Ok(match u.int_in_range(0..=3)? {
        0 => event,
        1 => event.stage(u.choose(&names)?),
        2 => event.custom_domain("relays.example", u.choose(&["", "misp", "a/b"])?),
        _ => {
            event.stage(u.choose(&names)?).custom_domain("relays.example", u.choose(&["", "misp"])?)
        }
    })
}
