//! The operators between the pipes.

use serde_json::{Value, json};

use super::{answer, column, names, tables};
use crate::kql::run;

/// Queries, a column of their results, and its values.
fn check(cases: &[(&str, &str, Value)]) {
    for (query, name, expected) in cases {
        assert_eq!(column(query, name), *expected, "{query}");
    }
}

#[test]
fn rows_are_chosen_sorted_and_counted() {
    check(&[
        ("Events | where Host =~ 'ws-204' and Id < 3", "Id", json!([1, 2])),
        ("Events | filter Timestamp > ago(2d)", "Id", json!([1, 3])),
        ("// first\nEvents // all\n\t| where Id == 1 // one", "Id", json!([1])),
        ("Events | take 2", "Id", json!([1, 2])),
        ("Events | sort by Id desc | limit 1", "Id", json!([4])),
        ("Events | where Id > 1 | count", "Count", json!([3])),
        ("let n = 1; Events | take 1;", "Id", json!([1])),
        ("Events | sort by Timestamp", "Id", json!([3, 1, 2, 4])),
        ("Events | sort by Timestamp asc", "Id", json!([4, 2, 1, 3])),
        ("Events | order by Host asc, Id desc", "Id", json!([4, 2, 3, 1])),
        ("Events | sort by Tags.k desc, Id asc | take 1", "Id", json!([3])),
        ("Events | sort by Tags.k asc, Id asc | take 1", "Id", json!([1])),
        ("Hosts | distinct Host", "Host", json!(["ws-204", "srv-1"])),
        ("Hosts | project Host | distinct *", "Host", json!(["ws-204", "srv-1"])),
    ]);
}

#[test]
fn columns_are_chosen_computed_and_named() {
    for (query, expected) in [
        ("Events | project Id, K = strcat(Host, Address)", "Id,K"),
        ("Events | project Id, tolower(Host), toupper(Host)", "Id,Column1,Column2"),
        ("Events | project Tags.k", "Tags_k"),
        ("Hosts | extend Owner = 'x', New = 1", "Host,Owner,Id,New"),
        ("Hosts | project-away Owner, Id", "Host"),
    ] {
        assert_eq!(names(&answer(query)), expected, "{query}");
    }
    check(&[
        ("Hosts | extend Owner = toupper(Owner) | take 1", "Owner", json!(["MARA"])),
        ("Hosts | take 1 | extend Owner = 'new', Old = Owner", "Old", json!(["mara"])),
    ]);
}

#[test]
fn summarize_groups_and_aggregates() {
    let result = answer(
        "Events | summarize Seen = max(Timestamp), count(), make_list(Id), dcount(Address), min(Id), \
         countif(Id > 2), take_any(Address), Hosts = make_set(Host) by Key = tolower(Host)",
    );
    assert_eq!(
        result.rows[0],
        json!({"Key": "ws-204", "Seen": "2026-10-31T00:00:00Z", "count_": 3, "list_Id": [1, 2, 3],
               "dcount_Address": 2, "min_Id": 1, "countif_": 1, "take_any_Address": "203.0.113.80",
               "Hosts": ["ws-204", "WS-204"]})
    );
    let result = answer("Events | summarize arg_max(Timestamp, Id, Address) by Host");
    assert_eq!(
        (names(&result).as_str(), &result.rows[0]["Id"]),
        ("Host,Timestamp,Id,Address", &json!(3))
    );
    check(&[
        ("Events | summarize arg_min(Timestamp, *)", "Id", json!([4])),
        ("Events | where false | summarize count()", "count_", json!([0])),
        ("Events | where false | summarize count() by Host", "count_", json!([])),
        ("Hosts | summarize by Host", "Host", json!(["ws-204", "srv-1"])),
        (
            "Events | take 1 | summarize T = make_list(Timestamp)",
            "T",
            json!([["2026-10-30T06:12:01.5Z"]]),
        ),
    ]);
}

#[test]
fn expansion_gives_a_row_for_each_element() {
    let result = answer("Events | mv-expand Tags to typeof(string) | project Id, Tags");
    assert_eq!(result.columns[1].kind.schema_name(), "String");
    let rows: Vec<_> = result.rows.iter().map(|row| json!([row["Id"], row["Tags"]])).collect();
    let expected = [
        json!([1, "a"]),
        json!([1, "b"]),
        json!([3, "{\"k\":1}"]),
        json!([3, "{\"l\":2}"]),
        json!([4, null]),
    ];
    assert_eq!(rows, expected);
    let rows = answer("print a = dynamic([1, 2]), b = dynamic(['x']) | mv-expand a, c = b").rows;
    assert_eq!(
        rows,
        [json!({"a": 1, "b": ["x"], "c": "x"}), json!({"a": 2, "b": ["x"], "c": null})],
        "several arrays are walked side by side"
    );
}

#[test]
fn union_fills_missing_columns_and_tells_kinds_apart() {
    let result = answer("union Hosts, (Events | project Host, Address | take 1)");
    assert_eq!((names(&result).as_str(), result.rows.len()), ("Host,Owner,Id,Address", 4));
    assert_eq!(
        result.rows[3],
        json!({"Host": "ws-204", "Owner": null, "Id": null, "Address": "203.0.113.80"})
    );
    let result = answer("Hosts | union (Events | project Id)");
    assert_eq!(names(&result), "Host,Owner,Id_string,Id_long");
}

#[test]
fn joins_are_inner_or_leftouter() {
    let join = |kind: &str| {
        answer(&format!(
            "Events | project Id, Host | join kind={kind} (Hosts | project Host, Owner) on Host"
        ))
    };
    let inner = join("inner");
    assert_eq!((names(&inner).as_str(), inner.rows.len()), ("Id,Host,Host1,Owner", 4));
    let outer = join("leftouter");
    assert_eq!(outer.rows.len(), 6);
    assert_eq!(outer.rows[2], json!({"Id": 2, "Host": "WS-204", "Host1": null, "Owner": null}));
}

#[test]
fn rows_are_numbered_and_see_the_one_before() {
    let ranks = "Events | extend Key = tolower(Host) | sort by Key asc, Timestamp desc \
                 | extend Rank = row_number(1, prev(Key) != Key)";
    check(&[
        (ranks, "Id", json!([4, 3, 1, 2])),
        (ranks, "Rank", json!([1, 1, 2, 3])),
        ("Events | sort by Id asc | extend P = prev(Id)", "P", json!([null, 1, 2, 3])),
        ("Events | sort by Id asc | extend Row = row_number()", "Row", json!([1, 2, 3, 4])),
    ]);
}

#[test]
fn definitions_are_scalars_lists_and_tables() {
    let query = "let host = 'WS-204'; let ids = dynamic([1, 2]); let day = 1d; \
                 let mine = materialize(Events | where Host =~ host); \
                 let recent = mine | where Timestamp > now() - day - 24h; \
                 recent | where Id in (ids) and Host in ((mine | project Host))";
    check(&[
        (query, "Id", json!([1])),
        ("let dev = Hosts | distinct Host; Events | where Host in (dev)", "Id", json!([1, 3])),
    ]);
}

#[test]
fn rows_outside_the_timespan_are_not_seen() {
    let range = "2026-10-30T00:00:00Z".parse().unwrap()..="2026-10-31T00:00:00Z".parse().unwrap();
    let tables = tables().within(&range);
    let count =
        |table: &str| run(&format!("{table} | count"), &tables).unwrap().rows[0]["Count"].clone();
    assert_eq!((count("Events"), count("Hosts")), (json!(2), json!(3)));
}
