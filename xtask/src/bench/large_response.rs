//! A product's response with as many records as a busy tenant has: the simulator's records repeated,
//! each with ids of its own.

use sandbox::{Fault, Sandbox, Times};
use serde_json::Value;

/// The numbers of records: none, to be subtracted, and the two sizes that are compared.
pub(super) const RECORDS: [usize; 3] = [0, 100, 1000];

/// The response of one product whose records are repeated.
pub(super) struct LargeResponse {
    relay: &'static str,
    /// How the path of the request begins.
    path: &'static str,
    /// One for each number of [`RECORDS`].
    rewrite: [fn(Value) -> Value; 3],
    /// The number of observables in the call.
    pub(super) observables: usize,
    /// For a call about ten observables: a thousand records for each, and where one response is about
    /// all of them half as many, because it would be cut otherwise.
    for_ten: fn(Value) -> Value,
}

const ALL: [LargeResponse; 5] = [
    LargeResponse {
        relay: "graph-security",
        path: "/v1.0/$batch",
        rewrite: [alerts::<0>, alerts::<100>, alerts::<1000>],
        observables: 1,
        for_ten: all_alerts::<1000>,
    },
    LargeResponse {
        relay: "defender-atp",
        path: "/v1.0/security/runHuntingQuery",
        rewrite: [hunted::<0>, hunted::<100>, hunted::<1000>],
        observables: 1,
        for_ten: hunted::<5000>,
    },
    LargeResponse {
        relay: "qualys-ioc",
        path: "/ioc/events",
        rewrite: [events::<0>, events::<100>, events::<1000>],
        observables: 1,
        for_ten: events::<1000>,
    },
    // A thousand records for one observable alone would be a cut page, which is requested again.
    LargeResponse {
        relay: "misp",
        path: "/attributes/restSearch",
        rewrite: [attributes::<0>, attributes::<100>, attributes::<1000>],
        observables: 2,
        for_ten: attributes::<5000>,
    },
    LargeResponse {
        relay: "gigamon-threatinsight",
        path: "/events/v2/query",
        rewrite: [searched::<0>, searched::<100>, searched::<1000>],
        observables: 1,
        for_ten: searched::<1000>,
    },
];

impl LargeResponse {
    /// Returns the response of this relay's product.
    pub(super) fn of(relay: &str) -> Option<&'static Self> {
        const { &ALL }.iter().find(|one| one.relay == relay)
    }

    /// Makes the simulator respond with `RECORDS[size]` records.
    pub(super) fn simulate(&self, sandbox: &Sandbox, size: usize) {
        sandbox.fault(self.path, Fault::Rewritten(self.rewrite[size]), Times::Always);
    }

    /// Makes the simulator respond with a thousand records for each of ten observables.
    pub(super) fn simulate_for_ten(&self, sandbox: &Sandbox) {
        sandbox.fault(self.path, Fault::Rewritten(self.for_ten), Times::Always);
    }
}

fn alerts<const N: usize>(response: Value) -> Value {
    multiplied(response, "/responses/0/body/value", &["/id"], N)
}

fn all_alerts<const N: usize>(mut batch: Value) -> Value {
    let responses = batch["responses"].as_array_mut().into_iter().flatten();
    responses.for_each(|one| *one = multiplied(one.take(), "/body/value", &["/id"], N));
    batch
}

fn hunted<const N: usize>(response: Value) -> Value {
    multiplied(response, "/results", &["/ReportId"], N)
}

fn events<const N: usize>(response: Value) -> Value {
    multiplied(response, "", &["/id"], N)
}

fn attributes<const N: usize>(response: Value) -> Value {
    let ids = ["/id", "/event_id", "/Event/id", "/Event/uuid"];
    multiplied(response, "/response/Attribute", &ids, N)
}

fn searched<const N: usize>(response: Value) -> Value {
    multiplied(response, "/events", &["/uuid"], N)
}

/// Returns the response with its list repeated or cut to `count` records; an empty list stays empty.
fn multiplied(mut response: Value, list: &str, ids: &[&str], count: usize) -> Value {
    if let Some(Value::Array(records)) = response.pointer_mut(list) {
        let repeated = records.iter().cycle().take(count).cloned().enumerate();
        *records = repeated.map(|(place, record)| renamed(record, ids, place)).collect();
    }
    response
}

fn renamed(mut record: Value, ids: &[&str], place: usize) -> Value {
    for id in ids {
        match record.pointer_mut(id) {
            Some(Value::String(text)) => *text = format!("{text}{place:04}"),
            Some(other) if other.is_number() => *other = place.into(),
            _ => {}
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_repeated_under_ids_of_their_own() {
        let answer = json!({"more": 1, "response": {"Attribute": [
            {"id": "7", "event_id": 3, "Event": {"uuid": "a"}, "value": "x"},
            {"id": "8", "event_id": 4, "Event": {"uuid": "b"}, "value": "y"},
        ]}});
        let ids = ["/id", "/event_id", "/Event/uuid"];
        let many = multiplied(answer.clone(), "/response/Attribute", &ids, 1000);
        let rows = many["response"]["Attribute"].as_array().unwrap();
        assert_eq!((rows.len(), &many["more"]), (1000, &json!(1)));
        for id in ids {
            let distinct: HashSet<_> =
                rows.iter().map(|row| row.pointer(id).unwrap().to_string()).collect();
            assert_eq!(distinct.len(), 1000, "{id}");
        }
        let values: HashSet<_> = rows.iter().map(|row| row["value"].to_string()).collect();
        assert_eq!(values.len(), 2);
        let none = multiplied(answer.clone(), "/response/Attribute", &ids, 0);
        assert_eq!(none["response"]["Attribute"], json!([]));
        assert_eq!(multiplied(answer.clone(), "/elsewhere", &ids, 9), answer);
        assert_eq!(multiplied(json!([]), "", &ids, 9), json!([]));
    }
}
