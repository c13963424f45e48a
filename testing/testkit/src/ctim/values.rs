//! Rules for values that may stand anywhere in a document: time spans and observables.

use serde_json::{Map, Value};

use super::{
    finding::{Findings, quoted},
    place::Place,
    time, uri,
};

/// Checks this value and everything inside.
pub(super) fn check(value: &Value, place: &Place, findings: &mut Findings) {
    match value {
        Value::Object(object) => {
            check_span(object, place, findings);
            check_observable(object, place, findings);
            for (key, value) in object {
                check(value, &place.key(key), findings);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check(item, &place.index(index), findings);
            }
        }
        _ => {}
    }
}

fn check_span(object: &Map<String, Value>, place: &Place, findings: &mut Findings) {
    let text = |key| object.get(key).and_then(Value::as_str);
    let (Some(start), Some(end)) = (text("start_time"), text("end_time")) else { return };
    if let (Ok(from), Ok(to)) = (time::unbounded(start), time::unbounded(end))
        && from > to
    {
        findings.error("time-order", place, format!("start_time {start} is after end_time {end}"));
    }
}

fn check_observable(object: &Map<String, Value>, place: &Place, findings: &mut Findings) {
    let text = |key| object.get(key).and_then(Value::as_str);
    let (Some(kind), Some(value), 2) = (text("type"), text("value"), object.len()) else { return };
    if let Some(problem) = problem(kind, value) {
        let text = format!("{} {problem}", quoted(&value.into()));
        findings.warn("observable-value", place, text);
    }
}

/// The problem with the value of an observable of this type.
fn problem(kind: &str, value: &str) -> Option<&'static str> {
    if value.trim().is_empty() {
        return Some("is empty");
    }
    match kind {
        "md5" => (!is_hex(value, 32)).then_some("is no MD5"),
        "sha1" => (!is_hex(value, 40)).then_some("is no SHA-1"),
        "sha256" => (!is_hex(value, 64)).then_some("is no SHA-256"),
        "ip" => value.contains(':').then_some("is an IPv6 address typed ip"),
        "ipv6" => (!value.contains(':')).then_some("is no IPv6 address"),
        "url" => (!uri::is_absolute(value)).then_some("has no scheme"),
        _ => None,
    }
}

fn is_hex(value: &str, digits: usize) -> bool {
    value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Findings, Place, check, problem};

    fn rules(value: &Value) -> Vec<(&'static str, String)> {
        let mut findings = Findings::default();
        check(value, &Place::root(), &mut findings);
        findings.into_vec().into_iter().map(|finding| (finding.rule, finding.path)).collect()
    }

    #[test]
    fn values_that_do_not_fit_their_type() {
        for (kind, good, bad) in [
            ("md5", "d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427"),
            ("sha1", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "da39a3ee"),
            ("sha256", &"0a".repeat(32), &"0g".repeat(32)),
            ("ip", "192.0.2.7", "2001:db8::1"),
            ("ipv6", "2001:db8::1", "192.0.2.7"),
            ("url", "https://bad.example", "bad.example/path"),
            ("domain", "bad.example", " "),
        ] {
            assert_eq!(problem(kind, good), None, "{kind} {good}");
            assert!(problem(kind, bad).is_some(), "{kind} {bad}");
        }
    }

    #[test]
    fn the_walk_reaches_every_depth_and_only_looks_at_observables() {
        let span =
            json!({"start_time": "2024-01-02T00:00:00Z", "end_time": "2024-01-01T00:00:00Z"});
        let inside =
            json!([{"x": span}, {"type": "ip", "value": ""}, {"type": "ip", "value": "", "y": 1}]);
        let expected =
            [("time-order", "$[0].x".to_owned()), ("observable-value", "$[1]".to_owned())];
        assert_eq!(rules(&inside), expected);
    }
}
