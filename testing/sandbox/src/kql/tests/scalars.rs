//! Literals, operators and functions.

use serde_json::{Value, json};

use super::{answer, column};

/// Expressions without columns, and their values.
fn check(cases: &[(&str, Value)]) {
    for (expression, expected) in cases {
        assert_eq!(column(&format!("print x = {expression}"), "x")[0], *expected, "{expression}");
    }
}

fn check_truth(cases: &[(&str, bool)]) {
    for (expression, expected) in cases {
        check(&[(expression, json!(expected))]);
    }
}

#[test]
fn literals() {
    check(&[
        ("'it\\'s \\\\ \"x\"'", json!("it's \\ \"x\"")),
        ("\"tab\\tand\\u00e9\"", json!("tab\tandé")),
        ("'ünïcödé 東京'", json!("ünïcödé 東京")),
        ("42", json!(42)),
        ("true", json!(true)),
        ("1d", json!("1.00:00:00")),
        ("90min", json!("01:30:00")),
        ("datetime(2026-10-30)", json!("2026-10-30T00:00:00Z")),
        ("datetime(2026-10-30T06:12:01.5Z)", json!("2026-10-30T06:12:01.5Z")),
        ("dynamic(['a', \"b\", 1, [null]])", json!(["a", "b", 1, [null]])),
    ]);
}

#[test]
fn text_is_compared_with_and_without_case() {
    check_truth(&[
        ("'a' == 'A'", false),
        ("'a' =~ 'A'", true),
        ("'a' !~ 'A'", false),
        ("'a' != 'A'", true),
        ("'Straße' contains 'SSE'", false),
        ("'https://x' contains '://'", true),
        ("'Firewall' contains 'WALL'", true),
        ("'Firewall' contains_cs 'WALL'", false),
        ("'Firewall' !contains 'x'", true),
        ("'cdn.contoso.example' startswith 'CDN.'", true),
        ("'cdn.contoso.example' endswith_cs '.Example'", false),
        ("'cdn.contoso-files.example' has 'contoso'", true),
        ("'cdn.contoso-files.example' has 'conto'", false),
        ("'powershell.exe -enc AAAA' has 'ENC'", true),
        ("'powershell.exe -enc AAAA' has_cs 'ENC'", false),
        ("'a b c' !has 'b'", false),
        ("'a b c' has_any ('x', 'C')", true),
        ("'a b c' has_any (dynamic(['x', 'y']))", false),
    ]);
}

#[test]
fn membership_takes_values_and_arrays() {
    check_truth(&[
        ("'b' in ('a', 'b')", true),
        ("'B' in ('a', 'b')", false),
        ("'B' in~ (dynamic(['a', 'b']))", true),
        ("'b' !in (dynamic(['a']), 'b')", false),
        ("'c' !in~ ('A', 'B')", true),
        ("'' in (dynamic([]))", false),
        ("3 in (1, 2, 3)", true),
    ]);
}

#[test]
fn null_is_neither_true_nor_false() {
    let unknown = "parse_json('{}').a == 1";
    check(&[
        ("true and false or true", json!(true)),
        ("not(1 == 1)", json!(false)),
        (unknown, Value::Null),
        (&format!("{unknown} or true"), json!(true)),
        (&format!("{unknown} and true"), Value::Null),
        ("iff(1 < 2, 'yes', 'no')", json!("yes")),
        ("coalesce('', 'second')", json!("second")),
    ]);
}

#[test]
fn functions_of_text() {
    check(&[
        ("strcat('ip|', '203.0.113.80', 7)", json!("ip|203.0.113.807")),
        ("tolower('ÄB')", json!("äb")),
        ("toupper('ab')", json!("AB")),
        ("split('ws-204.contoso.example', '.')", json!(["ws-204", "contoso", "example"])),
        ("substring('powershell', 5, 3)", json!("she")),
        ("substring('powershell', 5)", json!("shell")),
        ("substring('power', 9, 3)", json!("")),
        ("tostring(split('ws-204.contoso.example', '.')[0])", json!("ws-204")),
        ("strcat('C:\\\\Users', '\\\\', 'a.exe')", json!("C:\\Users\\a.exe")),
        ("tostring(datetime(2026-10-30))", json!("2026-10-30T00:00:00.0000000Z")),
        ("tostring(parse_json('{\"k\": 1}'))", json!("{\"k\":1}")),
        ("tolong('12')", json!(12)),
        ("toint('x')", Value::Null),
    ]);
}

#[test]
fn a_url_is_taken_apart_as_it_is_written() {
    check(&[
        ("tostring(parse_url('https://u:p@CDN.example:8443/a?b=c#d').Host)", json!("CDN.example")),
        ("tostring(parse_url('https://cdn.example:8443/a?b=c#d').Port)", json!("8443")),
        ("tostring(parse_url('http://[2001:db8::1]/').Host)", json!("2001:db8::1")),
        ("tostring(parse_url('no url').Host)", json!("")),
    ]);
}

#[test]
fn arrays_and_objects() {
    check(&[
        ("array_concat(pack_array('a'), dynamic([]), dynamic(['b']))", json!(["a", "b"])),
        ("bag_pack('mac', '00155D', 'ips', dynamic(null))", json!({"mac": "00155D", "ips": null})),
        ("array_length(dynamic([1, 2]))", json!(2)),
        ("dynamic([1, 2])[1]", json!(2)),
        ("dynamic([1, 2])[5]", Value::Null),
        ("parse_json('{\"a\": {\"b\": [1]}}').a.b[0]", json!(1)),
        ("isempty(parse_json('{}').b)", json!(true)),
    ]);
}

#[test]
fn numbers_and_times() {
    check(&[
        ("1 + 2 - 4", json!(-1)),
        ("now() - datetime(2026-10-31)", json!("1.00:00:00")),
        ("ago(1h)", json!("2026-10-31T23:00:00Z")),
        ("datetime(2026-10-30T06:12:01Z) + 2d", json!("2026-11-01T06:12:01Z")),
        ("1h - 1d", json!("-23:00:00")),
    ]);
}

#[test]
fn null_text_reads_as_empty_text() {
    for (condition, expected) in [
        ("isempty(Address)", [2, 4]),
        ("isnotempty(Address)", [1, 3]),
        ("Address == ''", [2, 4]),
        ("strcat('<', Address, '>') == '<>'", [2, 4]),
    ] {
        let query = format!("Events | where {condition}");
        assert_eq!(column(&query, "Id"), json!(expected), "{condition}");
    }
}

#[test]
fn kinds_are_named_as_in_the_schema() {
    let result = answer("Events | project Id, Timestamp, Host, Tags, Flag = true, Age = 1d");
    let kinds: Vec<&str> = result.columns.iter().map(|column| column.kind.schema_name()).collect();
    assert_eq!(kinds, ["Int64", "DateTime", "String", "Object", "SByte", "TimeSpan"]);
}
