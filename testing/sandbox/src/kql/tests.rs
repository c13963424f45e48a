//! Queries and what they answer, over a few small tables.

mod errors;
mod operators;
mod scalars;

use serde_json::{Value, json};

use super::{QueryError, ResultTable, Tables, run};

/// `Events` has a null, an empty text and a repeated host.
fn tables() -> Tables {
    let events = [
        json!({"Id": 1, "Timestamp": "2026-10-30T06:12:01.5Z", "Host": "ws-204", "Address": "203.0.113.80", "Tags": ["a", "b"]}),
        json!({"Id": 2, "Timestamp": "2026-10-29T11:06:58Z", "Host": "WS-204", "Address": null, "Tags": []}),
        json!({"Id": 3, "Timestamp": "2026-10-31T00:00:00Z", "Host": "ws-204", "Address": "198.51.100.7", "Tags": {"k": 1, "l": 2}}),
        json!({"Id": 4, "Timestamp": "2026-09-01T00:00:00Z", "Host": "", "Address": "", "Tags": null}),
    ];
    let hosts = [
        json!({"Host": "ws-204", "Owner": "mara", "Id": "h1"}),
        json!({"Host": "ws-204", "Owner": "juri", "Id": "h2"}),
        json!({"Host": "srv-1", "Owner": "ops", "Id": "h3"}),
    ];
    Tables::new("2026-11-01T00:00:00Z".parse().unwrap())
        .with_columns("Events", "Id:long Timestamp:datetime Host Address Tags:dynamic", &events)
        .with_columns("Hosts", "Host Owner Id", &hosts)
}

fn answer(query: &str) -> ResultTable {
    run(query, &tables()).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// The names of the columns, joined by commas.
fn names(result: &ResultTable) -> String {
    result.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(",")
}

/// The values of one column.
fn column(query: &str, name: &str) -> Value {
    answer(query).rows.iter().map(|row| row.get(name).expect(query).clone()).collect()
}

fn refusal(query: &str) -> QueryError {
    run(query, &tables()).expect_err(query)
}
