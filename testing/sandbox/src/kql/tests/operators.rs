//! The operators between the pipes.

use serde_json::{Value, json};

use super::{answer, column, names};

#[test]
fn where_keeps_the_true_ones() {
    assert_eq!(column("Events | where Host =~ 'ws-204' and Id < 3", "Id"), [1, 2]);
    assert_eq!(column("Events | filter Timestamp > ago(2d)", "Id"), [1, 3]);
}

#[test]
fn comments_and_blanks_do_not_matter() {
    assert_eq!(column("// first\nEvents // all\n\t| where Id == 1 // one", "Id"), [1]);
}

#[test]
fn columns_are_chosen_computed_and_renamed() {
    let shape = |query: &str| names(&answer(query)).join(",");
    assert_eq!(shape("Events | project Id, K = strcat(Host, Address)"), "Id,K");
    assert_eq!(shape("Events | project Id, tolower(Host), toupper(Host)"), "Id,Column1,Column2");
    assert_eq!(shape("Events | project Tags.k"), "Tags_k");
    assert_eq!(shape("Hosts | extend Owner = 'x', New = 1"), "Host,Owner,Id,New");
    assert_eq!(shape("Hosts | project-away Owner, Id"), "Host");
    assert_eq!(shape("Hosts | project-keep Id, Host"), "Host,Id");
    assert_eq!(shape("Hosts | project-rename HostId = Id"), "Host,Owner,HostId");
    assert_eq!(column("Hosts | extend Owner = toupper(Owner) | take 1", "Owner"), ["MARA"]);
}

#[test]
fn extend_sees_the_columns_before_it() {
    let query = "Hosts | take 1 | extend Owner = 'new', Old = Owner";
    assert_eq!(column(query, "Old"), ["mara"]);
}

#[test]
fn sort_puts_nulls_where_they_belong() {
    let ids = |by: &str| column(&format!("Events | sort by {by}"), "Id");
    assert_eq!(ids("Timestamp"), [3, 1, 2, 4]);
    assert_eq!(ids("Timestamp asc"), [4, 2, 1, 3]);
    assert_eq!(ids("Host asc, Id desc"), [4, 2, 3, 1]);
    assert_eq!(ids("Tags.k desc nulls first, Id asc").first(), Some(&json!(1)));
    assert_eq!(ids("Tags.k desc, Id asc").first(), Some(&json!(3)));
}

#[test]
fn rows_are_taken_and_counted() {
    assert_eq!(column("Events | take 2", "Id"), [1, 2]);
    assert_eq!(column("Events | sort by Id desc | limit 1", "Id"), [4]);
    assert_eq!(column("Events | where Id > 1 | count", "Count"), [3]);
}

#[test]
fn distinct_keeps_the_first_of_each() {
    assert_eq!(column("Hosts | distinct Host", "Host"), ["ws-204", "srv-1"]);
    assert_eq!(column("Hosts | project Host | distinct *", "Host"), ["ws-204", "srv-1"]);
}

#[test]
fn summarize_groups_and_aggregates() {
    let query = "Events | summarize Seen = max(Timestamp), count(), make_list(Id), dcount(Address) \
                 by Key = tolower(Host)";
    let result = answer(query);
    assert_eq!(names(&result), ["Key", "Seen", "count_", "list_Id", "dcount_Address"]);
    assert_eq!(
        result.rows[0],
        json!({"Key": "ws-204", "Seen": "2026-10-31T00:00:00Z", "count_": 3, "list_Id": [1, 2, 3],
               "dcount_Address": 2})
    );
}

#[test]
fn aggregates_may_stand_in_expressions() {
    let query = "Events | summarize Ids = strcat_array(make_set(tostring(Id)), '+'), \
                 Range = max(Id) - min(Id), countif(Id > 2), avg(Id), sum(Id), take_any(Host)";
    assert_eq!(
        answer(query).rows,
        [json!({"Ids": "1+2+3+4", "Range": 3, "countif_": 2, "avg_Id": 2.5, "sum_Id": 10,
                "take_any_Host": "ws-204"})]
    );
}

#[test]
fn arg_max_brings_the_row_along() {
    let query = "Events | summarize arg_max(Timestamp, Id, Address) by Host";
    let result = answer(query);
    assert_eq!(names(&result), ["Host", "Timestamp", "Id", "Address"]);
    assert_eq!(result.rows[0]["Id"], 3);
    assert_eq!(column("Events | summarize arg_min(Timestamp, *)", "Id"), [4]);
}

#[test]
fn summarize_of_nothing() {
    assert_eq!(column("Events | where false | summarize count()", "count_"), [0]);
    assert!(answer("Events | where false | summarize count() by Host").rows.is_empty());
    assert_eq!(column("Hosts | summarize by Host", "Host"), ["ws-204", "srv-1"]);
}

#[test]
fn expansion_gives_a_row_for_each_element() {
    let query = "Events | mv-expand Tags to typeof(string) | project Id, Tags";
    let result = answer(query);
    assert_eq!(result.columns[1].kind.schema_name(), "String");
    let rows: Vec<Value> = result.rows.iter().map(|row| json!([row["Id"], row["Tags"]])).collect();
    assert_eq!(
        rows,
        [
            json!([1, "a"]),
            json!([1, "b"]),
            json!([3, "{\"k\":1}"]),
            json!([3, "{\"l\":2}"]),
            json!([4, null])
        ]
    );
}

#[test]
fn expansion_walks_several_arrays_side_by_side() {
    let query = "print a = dynamic([1, 2]), b = dynamic(['x']) | mv-expand a, c = b";
    let rows = answer(query).rows;
    assert_eq!(
        rows,
        [json!({"a": 1, "b": ["x"], "c": "x"}), json!({"a": 2, "b": ["x"], "c": null})]
    );
}

#[test]
fn union_fills_missing_columns_with_null() {
    let result = answer("union Hosts, (Events | project Host, Address | take 1)");
    assert_eq!(names(&result), ["Host", "Owner", "Id", "Address"]);
    assert_eq!(result.rows.len(), 4);
    assert_eq!(
        result.rows[3],
        json!({"Host": "ws-204", "Owner": null, "Id": null,
                                      "Address": "203.0.113.80"})
    );
}

#[test]
fn union_tells_columns_of_two_kinds_apart() {
    assert_eq!(
        names(&answer("Hosts | union (Events | project Id)")),
        ["Host", "Owner", "Id_string", "Id_long"]
    );
    assert_eq!(names(&answer("union kind=inner Hosts, (Events | project Host, Id)")), ["Host"]);
}

#[test]
fn joins_of_every_kind() {
    let rows = |kind: &str| {
        answer(&format!(
            "Events | project Id, Host | join {kind} (Hosts | project Host, Owner) on Host"
        ))
    };
    let inner = rows("kind=inner");
    assert_eq!(names(&inner), ["Id", "Host", "Host1", "Owner"]);
    assert_eq!(inner.rows.len(), 4);
    assert_eq!(rows("").rows.len(), 2, "one left row for each key");
    let outer = rows("kind=leftouter");
    assert_eq!(outer.rows.len(), 6);
    assert_eq!(outer.rows[2], json!({"Id": 2, "Host": "WS-204", "Host1": null, "Owner": null}));
    let semi = rows("kind=leftsemi");
    assert_eq!(names(&semi), ["Id", "Host"]);
    assert_eq!(semi.rows.len(), 2);
    assert_eq!(rows("kind=leftanti").rows.len(), 2);
}

#[test]
fn a_join_may_name_both_sides() {
    let query = "Hosts | join kind=inner (Hosts | project Boss = Owner, Of = Id) \
                 on $left.Owner == $right.Boss | project Owner, Of";
    assert_eq!(column(query, "Of"), ["h1", "h2", "h3"]);
}

#[test]
fn rows_are_numbered_from_each_change_on() {
    let query = "Events | extend Key = tolower(Host) | sort by Key asc, Timestamp desc \
                 | extend Rank = row_number(1, prev(Key) != Key) | project Id, Rank";
    let result = answer(query);
    let ranks: Vec<Value> = result.rows.iter().map(|row| json!([row["Id"], row["Rank"]])).collect();
    assert_eq!(ranks, [json!([4, 1]), json!([3, 1]), json!([1, 2]), json!([2, 3])]);
}

#[test]
fn neighbours_are_seen_in_order() {
    let query = "Events | serialize | extend P = prev(Id), N = next(Id, 1, 99), Row = row_number()";
    assert_eq!(column(query, "P"), [json!(null), json!(1), json!(2), json!(3)]);
    assert_eq!(column(query, "N"), [2, 3, 4, 99]);
    assert_eq!(column(query, "Row"), [1, 2, 3, 4]);
}

#[test]
fn definitions_are_scalars_lists_and_tables() {
    let query = "let host = 'WS-204'; let ids = dynamic([1, 2]); let day = 1d; \
                 let mine = materialize(Events | where Host =~ host); \
                 let recent = mine | where Timestamp > ago(2 * 1d); \
                 recent | where Id in (ids) and Host in ((mine | project Host))";
    assert_eq!(column(query.replace("2 * 1d", "2d").as_str(), "Id"), [1]);
    assert_eq!(
        column("let dev = Hosts | distinct Host; Events | where Host in (dev)", "Id"),
        [1, 3]
    );
}

#[test]
fn a_closing_semicolon_is_allowed() {
    assert_eq!(column("let n = 1; Events | take 1;", "Id"), [1]);
}
