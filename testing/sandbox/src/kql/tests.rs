//! Queries and what they answer, over a few small tables.

mod errors;
mod hunting;
mod operators;
mod scalars;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Kind, QueryError, ResultTable, Tables, run};

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// `Events` has a null, an empty text and a repeated host.
fn tables() -> Tables {
    Tables::new(now())
        .with(
            "Events",
            &[
                ("Id", Kind::Long),
                ("Timestamp", Kind::Time),
                ("Host", Kind::Text),
                ("Address", Kind::Text),
                ("Tags", Kind::Dynamic),
            ],
            &[
                json!({"Id": 1, "Timestamp": "2026-10-30T06:12:01.5Z", "Host": "ws-204",
                       "Address": "203.0.113.80", "Tags": ["a", "b"]}),
                json!({"Id": 2, "Timestamp": "2026-10-29T11:06:58Z", "Host": "WS-204",
                       "Address": null, "Tags": []}),
                json!({"Id": 3, "Timestamp": "2026-10-31T00:00:00Z", "Host": "ws-204",
                       "Address": "198.51.100.7", "Tags": {"k": 1, "l": 2}}),
                json!({"Id": 4, "Timestamp": "2026-09-01T00:00:00Z", "Host": "", "Address": "",
                       "Tags": null}),
            ],
        )
        .with(
            "Hosts",
            &[("Host", Kind::Text), ("Owner", Kind::Text), ("Id", Kind::Text)],
            &[
                json!({"Host": "ws-204", "Owner": "mara", "Id": "h1"}),
                json!({"Host": "ws-204", "Owner": "juri", "Id": "h2"}),
                json!({"Host": "srv-1", "Owner": "ops", "Id": "h3"}),
            ],
        )
}

fn answer(query: &str) -> ResultTable {
    run(query, &tables()).unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn names(result: &ResultTable) -> Vec<&str> {
    result.columns.iter().map(|column| column.name.as_str()).collect()
}

/// The values of one column.
fn column(query: &str, name: &str) -> Vec<Value> {
    let result = answer(query);
    assert!(names(&result).contains(&name), "{query} has {:?}", names(&result));
    result.rows.iter().map(|row| row[name].clone()).collect()
}

/// The value of a scalar expression without columns.
fn value(expression: &str) -> Value {
    column(&format!("print x = {expression}"), "x").remove(0)
}

fn refusal(query: &str) -> QueryError {
    run(query, &tables()).expect_err(query)
}
