//! A product's answer with as many records as a busy tenant has: the true ones over and over, each
//! under ids of its own.

use sandbox::{Fault, Sandbox, Times};
use serde_json::Value;

/// How many records an answer is made to hold: the sizes that are compared, after none at all.
pub(super) const RECORDS: [usize; 3] = [0, 100, 1000];

/// One relay's product: which of its answers can be multiplied, and what is asked for them.
pub(super) struct Multiplied {
    relay: &'static str,
    /// How the path of the call begins.
    path: &'static str,
    /// In the order of [`RECORDS`].
    rewritten: [fn(Value) -> Value; 3],
    /// How many of the sample's observables are asked about.
    pub(super) asked: usize,
}

const ALL: [Multiplied; 5] = [
    Multiplied {
        relay: "graph-security",
        path: "/v1.0/$batch",
        rewritten: [alerts::<0>, alerts::<100>, alerts::<1000>],
        asked: 1,
    },
    Multiplied {
        relay: "defender-atp",
        path: "/v1.0/security/runHuntingQuery",
        rewritten: [hunted::<0>, hunted::<100>, hunted::<1000>],
        asked: 1,
    },
    Multiplied {
        relay: "qualys-ioc",
        path: "/ioc/events",
        rewritten: [events::<0>, events::<100>, events::<1000>],
        asked: 1,
    },
    // About one observable alone a thousand rows are an answer that was cut, which is asked again.
    Multiplied {
        relay: "misp",
        path: "/attributes/restSearch",
        rewritten: [attributes::<0>, attributes::<100>, attributes::<1000>],
        asked: 2,
    },
    Multiplied {
        relay: "gigamon-threatinsight",
        path: "/events/v2/query",
        rewritten: [searched::<0>, searched::<100>, searched::<1000>],
        asked: 1,
    },
];

impl Multiplied {
    /// The answers of this relay's product.
    pub(super) fn of(relay: &str) -> Option<&'static Self> {
        const { &ALL }.iter().find(|one| one.relay == relay)
    }

    /// Lets the product answer with so many records, by their place in [`RECORDS`].
    pub(super) fn act(&self, sandbox: &Sandbox, place: usize) {
        sandbox.fault(self.path, Fault::Rewritten(self.rewritten[place]), Times::Always);
    }
}

fn alerts<const N: usize>(answer: Value) -> Value {
    multiplied(answer, "/responses/0/body/value", &["/id"], N)
}

fn hunted<const N: usize>(answer: Value) -> Value {
    multiplied(answer, "/results", &["/ReportId"], N)
}

fn events<const N: usize>(answer: Value) -> Value {
    multiplied(answer, "", &["/id"], N)
}

fn attributes<const N: usize>(answer: Value) -> Value {
    let ids = ["/id", "/event_id", "/Event/id", "/Event/uuid"];
    multiplied(answer, "/response/Attribute", &ids, N)
}

fn searched<const N: usize>(answer: Value) -> Value {
    multiplied(answer, "/events", &["/uuid"], N)
}

/// The answer, its list repeated or cut to `count` records; an empty list stays empty.
fn multiplied(mut answer: Value, list: &str, ids: &[&str], count: usize) -> Value {
    if let Some(Value::Array(records)) = answer.pointer_mut(list) {
        let repeated = records.iter().cycle().take(count).cloned().enumerate();
        *records = repeated.map(|(place, record)| renamed(record, ids, place)).collect();
    }
    answer
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
    use crate::catalog::RELAYS;

    #[test]
    fn every_relay_has_answers_to_multiply() {
        for entry in RELAYS {
            assert!(Multiplied::of(entry.slug()).is_some(), "{}", entry.slug());
        }
    }

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
