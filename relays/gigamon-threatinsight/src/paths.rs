//! Which events of a detection are about the value that was asked: those with the value where the
//! detection's rule looked. Source: spec §3.2.

use serde_json::Value;

use crate::{client::Detection, iql::Wanted};

/// Whether this event of the detection is about the value.
///
/// If the event has none of the fields that the rule looked at, the detection's own word counts.
pub(crate) fn is_about(wanted: &Wanted<'_>, detection: &Detection, event: &Value) -> bool {
    let indicators = &detection.indicators;
    let paths = indicators.iter().filter_map(|indicator| indicator.path());
    let values: Vec<_> = paths.flat_map(|path| values(event, &path)).collect();
    if values.is_empty() {
        return indicators.iter().flat_map(|it| &it.values).any(|value| wanted.is(value));
    }
    values.iter().any(|value| value.as_str().is_some_and(|value| wanted.is(value)))
}

/// What stands at the end of a path; lists are walked, and nothing is as good as no path. In flat
/// events the path is one name, joined by underscores.
fn values<'a>(event: &'a Value, path: &[&str]) -> Vec<&'a Value> {
    let mut found = Vec::new();
    collect(event, path, &mut found);
    if found.is_empty() {
        collect(event, &[path.join("_").as_str()], &mut found);
    }
    found
}

fn collect<'a>(value: &'a Value, path: &[&str], found: &mut Vec<&'a Value>) {
    match (value, path.split_first()) {
        (Value::Null, _) => {}
        (Value::Array(items), _) => items.iter().for_each(|item| collect(item, path, found)),
        (value, None) => found.push(value),
        (value, Some((first, rest))) => {
            if let Some(inner) = value.get(first) {
                collect(inner, rest, found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use relay_core::{
        Observable,
        ObservableType::{self, Domain, Ip, Sha256},
    };
    use serde_json::json;

    use super::*;

    fn check(kind: ObservableType, value: &str, indicators: Value, event: Value, expected: bool) {
        let text = json!({"indicators": indicators}).to_string();
        let detection: Detection = serde_json::from_str(&text).unwrap();
        let asked = Observable::new(kind, value);
        let wanted = Wanted::of(&asked).unwrap();
        assert_eq!(is_about(&wanted, &detection, &event), expected, "{indicators} {event}");
    }

    #[test]
    fn the_value_must_stand_where_the_rule_looked() {
        let dst = json!([{"field": "dst.ip", "values": ["203.0.113.77"]}]);
        let to = |ip: &str| json!({"src": {"ip": "203.0.113.77"}, "dst": {"ip": ip}});
        check(Ip, "203.0.113.77", dst.clone(), to("203.0.113.77"), true);
        check(Ip, "203.0.113.77", dst.clone(), to("203.0.113.78"), false);
        check(Ip, "203.0.113.77", dst.clone(), json!({"dst": [{"ip": "203.0.113.77"}]}), true);
        check(Ip, "203.0.113.77", dst.clone(), json!({"dst_ip": "203.0.113.77"}), true);
        check(Ip, "203.0.113.77", dst.clone(), json!({"dst_ip": "203.0.113.78"}), false);
        check(Ip, "203.0.113.77", dst, json!({"dst": {"ip": 7}}), false);
    }

    #[test]
    fn no11_spellings_do_not_matter() {
        let files = json!([{"field": "http:files.sha256", "values": []}]);
        let hash = "ab".repeat(32);
        let event = json!({"files": [{"sha256": null}, {"sha256": hash.to_uppercase()}]});
        check(Sha256, &hash, files, event, true);
        let answers = json!([{"field": "answers.ip"}]);
        let event = json!({"answers": [{"ip": "2001:0db8:0::77"}, null, "x"]});
        check(Ip, "2001:db8::77", answers, event, true);
    }

    #[test]
    fn without_the_field_the_detections_own_values_count() {
        let intel = json!([{"field": "intel.ip", "values": ["198.51.100.24"]}]);
        let event = json!({"dst": {"ip": "198.51.100.24"}});
        check(Ip, "198.51.100.24", intel.clone(), event.clone(), true);
        check(Ip, "198.51.100.25", intel.clone(), event, false);
        check(Ip, "198.51.100.24", intel, json!({"intel": {"ip": null}}), true);
        let query = json!([{"field": "query.domain", "values": ["C2.bad.example"]}]);
        check(Domain, "c2.bad.example", query, json!({"query": null}), true);
        check(Domain, "c2.bad.example", json!(null), json!({"query": null}), false);
    }
}
