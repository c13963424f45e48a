//! Literals, operators and functions.

use serde_json::{Value, json};

use super::{answer, column, value};

fn check(cases: &[(&str, Value)]) {
    for (expression, expected) in cases {
        assert_eq!(value(expression), *expected, "{expression}");
    }
}

#[test]
fn literals() {
    check(&[
        ("'it\\'s \\\\ \"x\"'", json!("it's \\ \"x\"")),
        ("\"tab\\tand\\u00e9\\x41\"", json!("tab\tandéA")),
        ("@'C:\\Windows'", json!("C:\\Windows")),
        ("'ünïcödé 東京'", json!("ünïcödé 東京")),
        ("42", json!(42)),
        ("2.5", json!(2.5)),
        ("-3", json!(-3)),
        ("true", json!(true)),
        ("1d", json!("1.00:00:00")),
        ("90min", json!("01:30:00")),
        ("datetime(2026-10-30)", json!("2026-10-30T00:00:00Z")),
        ("datetime(2026-10-30T06:12:01.5Z)", json!("2026-10-30T06:12:01.5Z")),
        ("dynamic(['a', \"b\", -1, {'k': null}])", json!(["a", "b", -1, {"k": null}])),
        ("long(null)", Value::Null),
    ]);
}

#[test]
fn text_is_compared_with_and_without_case() {
    check(&[
        ("'a' == 'A'", json!(false)),
        ("'a' =~ 'A'", json!(true)),
        ("'a' !~ 'A'", json!(false)),
        ("'a' != 'A'", json!(true)),
        ("'Straße' contains 'SSE'", json!(false)),
        ("'https://x' contains '://'", json!(true)),
        ("'Firewall' contains 'WALL'", json!(true)),
        ("'Firewall' contains_cs 'WALL'", json!(false)),
        ("'Firewall' !contains 'x'", json!(true)),
        ("'cdn.contoso.example' startswith 'CDN.'", json!(true)),
        ("'cdn.contoso.example' endswith_cs '.Example'", json!(false)),
    ]);
}

#[test]
fn has_finds_whole_terms_only() {
    check(&[
        ("'cdn.contoso-files.example' has 'contoso'", json!(true)),
        ("'cdn.contoso-files.example' has 'conto'", json!(false)),
        ("'powershell.exe -enc AAAA' has 'ENC'", json!(true)),
        ("'powershell.exe -enc AAAA' has_cs 'ENC'", json!(false)),
        ("'a b c' !has 'b'", json!(false)),
        ("'a b c' has_any ('x', 'C')", json!(true)),
        ("'a b c' has_any (dynamic(['x', 'y']))", json!(false)),
    ]);
}

#[test]
fn membership_takes_values_and_arrays() {
    check(&[
        ("'b' in ('a', 'b')", json!(true)),
        ("'B' in ('a', 'b')", json!(false)),
        ("'B' in~ (dynamic(['a', 'b']))", json!(true)),
        ("'b' !in (dynamic(['a']), 'b')", json!(false)),
        ("'c' !in~ ('A', 'B')", json!(true)),
        ("'' in (dynamic([]))", json!(false)),
        ("3 in (1, 2, 3)", json!(true)),
    ]);
}

#[test]
fn logic_knows_unknown_truth() {
    check(&[
        ("true and false or true", json!(true)),
        ("not(1 == 1)", json!(false)),
        ("long(null) == 1", Value::Null),
        ("long(null) == 1 or true", json!(true)),
        ("long(null) == 1 and true", Value::Null),
        ("iff(1 < 2, 'yes', 'no')", json!("yes")),
        ("case(1 > 2, 'a', 2 > 1, 'b', 'c')", json!("b")),
        ("case(1 > 2, 'a', 'c')", json!("c")),
        ("coalesce('', 'second')", json!("second")),
    ]);
}

#[test]
fn functions_of_text() {
    check(&[
        ("strcat('ip|', '203.0.113.80', 7)", json!("ip|203.0.113.807")),
        ("tolower('ÄB')", json!("äb")),
        ("toupper('ab')", json!("AB")),
        ("strlen('東京')", json!(2)),
        ("substring('hunting', 1, 3)", json!("unt")),
        ("replace_string('a-b-c', '-', '')", json!("abc")),
        ("split('ws-204.contoso.example', '.')", json!(["ws-204", "contoso", "example"])),
        ("tostring(split('ws-204.contoso.example', '.')[0])", json!("ws-204")),
        ("strcat_array(dynamic(['a', 'b']), ', ')", json!("a, b")),
        ("strcat('C:\\\\Users', '\\\\', 'a.exe')", json!("C:\\Users\\a.exe")),
        ("tostring(datetime(2026-10-30))", json!("2026-10-30T00:00:00.0000000Z")),
        ("tostring(dynamic({'k': 1}))", json!("{\"k\":1}")),
    ]);
}

#[test]
fn a_url_is_taken_apart_as_it_is_written() {
    check(&[
        ("tostring(parse_url('https://u:p@CDN.example:8443/a?b=c#d').Host)", json!("CDN.example")),
        ("tostring(parse_url('https://cdn.example:8443/a?b=c#d').Port)", json!("8443")),
        ("tostring(parse_url('https://cdn.example/a?b=c#d')['Query Parameters'].b)", json!("c")),
        ("tostring(parse_url('http://[2001:db8::1]/').Host)", json!("2001:db8::1")),
        ("tostring(parse_url('no url').Host)", json!("")),
    ]);
}

#[test]
fn arrays_and_bags() {
    check(&[
        ("array_concat(pack_array('a'), dynamic([]), dynamic(['b']))", json!(["a", "b"])),
        (
            "bag_pack('mac', '00155D0A0B0C', 'ips', dynamic(null))",
            json!({"mac": "00155D0A0B0C", "ips": null}),
        ),
        ("array_length(dynamic([1, 2]))", json!(2)),
        ("dynamic([1, 2])[-1]", json!(2)),
        ("dynamic([1, 2])[5]", Value::Null),
        ("dynamic({'a': {'b': 1}}).a.b", json!(1)),
        ("parse_json('{\"a\": [1]}').a[0]", json!(1)),
        ("set_has_element(dynamic(['a']), 'a')", json!(true)),
        ("isempty(dynamic({'a': 1}).b)", json!(true)),
    ]);
}

#[test]
fn numbers_and_times() {
    check(&[
        ("1 + 2 * 3 - 4", json!(3)),
        ("7 / 2", json!(3)),
        ("7 / 2.0", json!(3.5)),
        ("7 % 4", json!(3)),
        ("1 / 0", Value::Null),
        ("now() - datetime(2026-10-31)", json!("1.00:00:00")),
        ("ago(1h)", json!("2026-10-31T23:00:00Z")),
        ("datetime(2026-10-30T06:12:01Z) + 2d", json!("2026-11-01T06:12:01Z")),
        ("bin(datetime(2026-10-30T06:12:01Z), 1h)", json!("2026-10-30T06:00:00Z")),
        ("bin(17, 5)", json!(15)),
        ("tolong('12')", json!(12)),
        ("toint('x')", Value::Null),
        ("tobool('true')", json!(true)),
        ("todatetime('2026-10-30')", json!("2026-10-30T00:00:00Z")),
    ]);
}

#[test]
fn null_text_reads_as_empty_text() {
    let ids = |condition: &str| column(&format!("Events | where {condition}"), "Id");
    assert_eq!(ids("isempty(Address)"), [2, 4]);
    assert_eq!(ids("isnotempty(Address)"), [1, 3]);
    assert_eq!(ids("Address == ''"), [2, 4]);
    assert_eq!(ids("strcat('<', Address, '>') == '<>'"), [2, 4]);
}

#[test]
fn kinds_are_named_as_in_the_schema() {
    let result =
        answer("Events | project Id, Timestamp, Host, Tags, Flag = true, Age = 1d, R = 1.5");
    let kinds: Vec<&str> = result.columns.iter().map(|column| column.kind.schema_name()).collect();
    assert_eq!(kinds, ["Int64", "DateTime", "String", "Object", "SByte", "TimeSpan", "Double"]);
}
