//! Responses of MISP that the simulator's own events do not show.

use sandbox::{Call, Fault, Sandbox, Times, When};
use serde_json::{Value, json};

pub(crate) const SEARCH: &str = "/attributes/restSearch";
/// The UUID of the event of [`attribute`].
pub(crate) const EVENT: &str = "1a2b3c4d-2222-4333-8444-5e5f5a5b5c5d";

/// An attribute that holds `bad.example`, with some members changed or, by null, taken away.
/// Changes of `Event` are made inside it.
pub(crate) fn attribute(changes: Value) -> Value {
    let base = json!({
        "id": "1", "event_id": "7", "object_id": "0", "category": "Network activity",
        "type": "domain", "value": "bad.example", "timestamp": "1772366400", "comment": "",
        "Event": {"id": "7", "uuid": EVENT, "info": "An event", "date": "2026-02-28",
            "threat_level_id": "1", "timestamp": "1772453520", "Orgc": {"id": "2", "name": "CERT-EX"}}
    });
    merged(base, changes)
}

fn merged(mut base: Value, changes: Value) -> Value {
    let (Value::Object(members), Value::Object(changes)) = (&mut base, changes) else {
        panic!("attributes and changes are objects");
    };
    for (name, change) in changes {
        let nested = name == "Event" && change.is_object();
        match members.remove(&name) {
            _ if change.is_null() => {}
            Some(known) if nested => drop(members.insert(name, merged(known, change))),
            _ => drop(members.insert(name, change)),
        }
    }
    base
}

/// An attribute of the same event, as a search for neighbours returns it.
pub(crate) fn neighbour(id: i64, kind: &str, value: &str) -> Value {
    json!({"id": id, "event_id": "7", "object_id": "0", "type": kind, "value": value,
        "timestamp": "1772366400"})
}

/// Makes every search for values find the one list, and every search for neighbours the other.
pub(crate) fn serve(sandbox: &Sandbox, matches: &[Value], neighbours: &[Value]) {
    let answer = |attributes| Fault::json(200, &json!({"response": {"Attribute": attributes}}));
    sandbox.clear_faults();
    sandbox.fault(for_matches(), answer(matches), Times::Always);
    sandbox.fault(for_neighbours(), answer(neighbours), Times::Always);
}

/// Searches for values.
pub(crate) fn for_matches() -> When {
    When::path(SEARCH).mentioning(r#""OR":"#)
}

/// Searches for neighbours.
pub(crate) fn for_neighbours() -> When {
    When::path(SEARCH).mentioning(r#""type":["#)
}

/// The bodies of all searches for values.
pub(crate) fn searches(sandbox: &Sandbox) -> Vec<Value> {
    bodies(sandbox, "includeContext")
}

/// The bodies of all searches for neighbours.
pub(crate) fn neighbour_searches(sandbox: &Sandbox) -> Vec<Value> {
    bodies(sandbox, "type")
}

/// The bodies of all searches for the worth of attributes.
pub(crate) fn worth_searches(sandbox: &Sandbox) -> Vec<Value> {
    bodies(sandbox, "includeWarninglistHits")
}

fn bodies(sandbox: &Sandbox, member: &str) -> Vec<Value> {
    let calls: Vec<Call> = sandbox.calls();
    let bodies = calls.iter().filter(|call| call.path.ends_with(SEARCH));
    bodies.map(|call| call.json().unwrap()).filter(|body| body.get(member).is_some()).collect()
}

/// The values of one search.
pub(crate) fn values(search: &Value) -> Vec<&str> {
    search["value"]["OR"].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}
