//! Reads the body of a call: observables or a trigger.

mod object;
mod unique;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::{
    ctim::{Observable, ObservableType},
    error::{Error, ErrorKind, Result},
    relay::{Partial, Trigger},
    text::without_byte_order_mark,
};
use object::{EachOf, Member, Members};
use unique::UniqueObservables;

/// The most observables of one call; a warning says how many are left out.
pub const MAX_OBSERVABLES: usize = 1000;
/// The largest body that is read, in bytes: a thousand observables of a kilobyte each.
pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;
/// The longest value of an observable, in bytes. No product stores longer ones.
pub const MAX_VALUE_BYTES: usize = 8 * 1024;
/// The most invalid items that the message lists.
const MAX_INVALID_ITEMS: usize = 50;

const TYPE_AND_VALUE: Members<2> = Members { names: ["type", "value"], max_bytes: MAX_VALUE_BYTES };
const ACTION: Members<4> = Members {
    names: ["action-id", "observable_type", "observable_value", "indicator_id"],
    max_bytes: MAX_VALUE_BYTES,
};

/// Reads a list of objects with the texts `type` and `value`.
///
/// Keeps the types that `supports` accepts, with values exactly as sent; of several with the same
/// type and normal form the first. A value that is too long is left out with a warning, or with an
/// error where nothing else is asked about.
///
/// Errors: `InvalidBody`, with the problems by index and member.
pub(crate) fn observables(
    body: &[u8],
    supports: impl Fn(ObservableType) -> bool,
) -> Result<Partial<Vec<Observable>>> {
    check_size(body)?;
    let body = without_byte_order_mark(body);
    let mut invalid = BTreeMap::new();
    let mut kept = UniqueObservables::default();
    let mut index = 0;
    let take = |item: Option<[Member; 2]>| {
        match item.ok_or_else(wrong_type).and_then(type_and_value) {
            Ok((kind, value)) => {
                if let Some(kind) = kind.parse().ok().filter(|kind| supports(*kind)) {
                    kept.add(kind, value, index);
                }
            }
            Err(problems) if invalid.len() < MAX_INVALID_ITEMS => {
                invalid.insert(index, problems);
            }
            Err(_) => {}
        }
        index += 1;
    };
    let is_read = EachOf { members: TYPE_AND_VALUE, take }.read(body).is_ok();
    match (is_read, invalid.is_empty()) {
        (true, true) => Ok(kept.finished()),
        (true, false) => Err(invalid_body(&invalid)),
        (false, _) => Err(invalid_body(&wrong_type())),
    }
}

/// Reads an object with the texts `action-id`, `observable_type` and `observable_value`, and
/// sometimes `indicator_id`, a text or a number.
///
/// Errors: `InvalidBody`, with the problems by member.
pub(crate) fn trigger(body: &[u8]) -> Result<Trigger> {
    check_size(body)?;
    let body = without_byte_order_mark(body);
    let Ok(Some([action_id, observable_type, observable_value, indicator_id])) = ACTION.read(body)
    else {
        return Err(invalid_body(&wrong_type()));
    };
    let members = [action_id, observable_type, observable_value];
    let [action_id, observable_type, observable_value] = texts(members, ACTION.names)
        .and_then(|texts| all_short(texts, ACTION.names))
        .map_err(|problems| invalid_body(&problems))?;
    let indicator_id = match indicator_id {
        Member::Text(id) => Some(id),
        Member::Number(id) => Some(id.to_string()),
        _ => None,
    };
    Ok(Trigger { action_id, observable_type, observable_value, indicator_id })
}

fn check_size(body: &[u8]) -> Result<()> {
    if body.len() <= MAX_REQUEST_BYTES {
        return Ok(());
    }
    let text = format!(
        "The request has {} bytes, but at most {MAX_REQUEST_BYTES} are read; ask about fewer observables at a time.",
        body.len()
    );
    Err(Error::new(ErrorKind::InvalidBody, text))
}

/// The problems of one object by member, each a list of one, as callers know it from earlier relays.
type Problems = BTreeMap<&'static str, [&'static str; 1]>;

/// The problem of a value that has another type than a list or an object.
fn wrong_type() -> Problems {
    Problems::from([("_schema", ["Invalid input type."])])
}

/// Returns a type, and a value unless that is too long.
fn type_and_value(members: [Member; 2]) -> Result<(String, Option<String>), Problems> {
    let [kind, value] = texts(members, TYPE_AND_VALUE.names)?;
    // A type that is too long is none of CTIM's.
    Ok((kind.unwrap_or_default(), value))
}

/// Returns the texts, `None` for one that is too long, or says what is wrong with each that is none.
fn texts<const COUNT: usize, const NAMES: usize>(
    members: [Member; COUNT],
    names: [&'static str; NAMES],
) -> Result<[Option<String>; COUNT], Problems> {
    let mut problems = Problems::new();
    let mut names = names.into_iter();
    let texts = members.map(|member| {
        let name = names.next().unwrap_or_default();
        text(member).unwrap_or_else(|problem| {
            problems.insert(name, [problem]);
            None
        })
    });
    if problems.is_empty() { Ok(texts) } else { Err(problems) }
}

fn text(member: Member) -> Result<Option<String>, &'static str> {
    match member {
        Member::Missing => Err("Missing data for required field."),
        Member::Null => Err("Field may not be null."),
        Member::Text(text) if text.is_empty() => Err("Field may not be blank."),
        Member::Text(text) => Ok(Some(text)),
        Member::TooLong => Ok(None),
        Member::Number(_) | Member::Other => Err("Not a valid string."),
    }
}

fn all_short<const COUNT: usize, const NAMES: usize>(
    texts: [Option<String>; COUNT],
    names: [&'static str; NAMES],
) -> Result<[String; COUNT], Problems> {
    let too_long = names.into_iter().zip(&texts).filter(|(_, text)| text.is_none());
    let problems: Problems =
        too_long.map(|(name, _)| (name, ["Longer than maximum length 8192."])).collect();
    if problems.is_empty() { Ok(texts.map(Option::unwrap_or_default)) } else { Err(problems) }
}

fn invalid_body(problems: &impl Serialize) -> Error {
    let problems = spaced_json(problems);
    Error::new(ErrorKind::InvalidBody, format!("Invalid JSON payload received. {problems}"))
}

/// Writes JSON with a space after the commas and colons of objects, as the message always had it.
fn spaced_json(value: &impl Serialize) -> String {
    let mut json = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, SpacedFormatter);
    // Maps with text or number keys, lists and texts always serialise, and JSON is always Unicode.
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(json).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct SpacedFormatter;

impl Formatter for SpacedFormatter {
    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Partial<Vec<Observable>>> {
        observables(body.as_bytes(), |kind| kind != ObservableType::Mutex)
    }

    #[test]
    fn invalid_bodies_are_described_by_index_and_member() {
        let check = |body: &str, problems: &str| {
            let error = read(body).unwrap_err();
            assert_eq!(error.message(), format!("Invalid JSON payload received. {problems}"));
            assert_eq!(error.code(), "invalid argument");
        };
        for body in ["", "nonsense", "{}", "null", "\u{feff}", "[\u{feff}]", "[]\u{feff}"] {
            check(body, r#"{"_schema": ["Invalid input type."]}"#);
        }
        check("[1]", r#"{"0": {"_schema": ["Invalid input type."]}}"#);
        check(
            r#"[{"type":"ip","value":"203.0.113.7"},{"type":null},{"value":"","type":1}]"#,
            r#"{"1": {"type": ["Field may not be null."], "value": ["Missing data for required field."]}, "2": {"type": ["Not a valid string."], "value": ["Field may not be blank."]}}"#,
        );
        assert!(observables(b"[\xff]", |_| true).is_err());
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).is_err());
    }

    #[test]
    fn a_byte_order_mark_before_the_body_is_none_of_it() {
        let kept = read("\u{feff}[{\"type\":\"ip\",\"value\":\"203.0.113.7\"}]").unwrap();
        assert_eq!(kept.data.len(), 1);
        let body =
            "\u{feff}{\"action-id\":\"a\",\"observable_type\":\"ip\",\"observable_value\":\"v\"}";
        assert_eq!(super::trigger(body.as_bytes()).unwrap().action_id, "a");
    }

    #[test]
    fn a_long_list_of_invalid_items_is_cut() {
        let error = read(&format!("[{}1]", "1,".repeat(9_999))).unwrap_err();
        assert!(error.message().len() < 4_000);
    }

    #[test]
    fn supported_types_are_kept_once_as_first_spelled() {
        let body = r#"[
            {"type":"DOMAIN","value":"Bad.Example","extra":1},
            {"type":"domain","value":"bad.example."},
            {"type":"unknown_type","value":"x"},
            {"type":"mutex","value":"x"},
            {"type":"hostname","value":"bad.example"},
            {"type":"ip","value":"203.0.113.7"},
            {"type":"ip","value":"::ffff:203.0.113.7"},
            {"type":"ip","value":"  "}
        ]"#;
        let kept = read(body).unwrap().data;
        let values: Vec<_> = kept.iter().map(|o| (o.kind.as_str(), o.value.as_str())).collect();
        let expected = [
            ("domain", "Bad.Example"),
            ("hostname", "bad.example"),
            ("ip", "203.0.113.7"),
            ("ip", "  "),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn l05_more_than_a_thousand_observables_are_cut_with_a_warning() {
        let items: Vec<_> =
            (0..10_000).map(|n| format!(r#"{{"type":"domain","value":"d{n}.example"}}"#)).collect();
        let kept = read(&format!("[{}]", items.join(","))).unwrap();
        assert_eq!(kept.data.len(), MAX_OBSERVABLES);
        assert!(kept.errors[0].is_warning() && kept.errors[0].message().contains("9000"));
    }

    #[test]
    fn l08_a_body_of_more_than_a_mebibyte_is_refused_before_it_is_read() {
        let padded = |bytes: usize| format!("[]{}", " ".repeat(bytes - 2));
        assert!(read(&padded(MAX_REQUEST_BYTES)).is_ok());
        let error = read(&padded(MAX_REQUEST_BYTES + 1)).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidBody, "invalid argument"));
        assert!(error.message().contains("1048577 bytes, but at most 1048576"));
        assert!(super::trigger(padded(MAX_REQUEST_BYTES + 1).as_bytes()).is_err());
    }

    #[test]
    fn l08_a_value_that_is_too_long_costs_itself_only() {
        let item = |bytes: usize| format!(r#"{{"type":"url","value":"{}"}}"#, "x".repeat(bytes));
        let check = |items: &[usize], kept: usize, warning: Option<bool>| {
            let items: Vec<_> = items.iter().map(|bytes| item(*bytes)).collect();
            let found = read(&format!("[{}]", items.join(","))).unwrap();
            assert_eq!(found.data.len(), kept);
            assert_eq!(found.errors.first().map(Error::is_warning), warning);
        };
        check(&[MAX_VALUE_BYTES], 1, None);
        check(&[MAX_VALUE_BYTES + 1], 0, Some(false));
        check(&[MAX_VALUE_BYTES + 1, 7, MAX_VALUE_BYTES + 2], 1, Some(true));
        let action = |id: &str| {
            let body = format!(
                r#"{{"action-id":"{id}","observable_type":"ip","observable_value":"{}"}}"#,
                "x".repeat(MAX_VALUE_BYTES + 1)
            );
            super::trigger(body.as_bytes()).unwrap_err().message().into_owned()
        };
        assert!(
            action("a").ends_with(r#"{"observable_value": ["Longer than maximum length 8192."]}"#)
        );
        assert!(action("").ends_with(r#"{"action-id": ["Field may not be blank."]}"#));
    }

    #[test]
    fn of_repeated_members_the_last_counts_and_unknown_ones_may_be_anything() {
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let body =
            format!(r#"[{{"type":1,"x":{deep},"type":"ip","value":"::1","y":{{"":[1e999]}}}}]"#);
        assert_eq!(read(&body).unwrap().data.len(), 1);
        assert!(read(r#"[{"type":"ip","value":"::1","type":1}]"#).is_err());
    }

    #[test]
    fn triggers_need_three_texts() {
        let good = r#"{"action-id":"a","observable_type":"ip","observable_value":"v","indicator_id":7,"more":[]}"#;
        let trigger = super::trigger(good.as_bytes()).unwrap();
        assert_eq!((trigger.action_id.as_str(), trigger.indicator_id.as_deref()), ("a", Some("7")));
        let error = super::trigger(br#"{"action-id":"","observable_value":1}"#).unwrap_err();
        assert_eq!(
            error.message(),
            r#"Invalid JSON payload received. {"action-id": ["Field may not be blank."], "observable_type": ["Missing data for required field."], "observable_value": ["Not a valid string."]}"#
        );
    }
}
