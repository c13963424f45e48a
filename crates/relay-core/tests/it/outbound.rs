//! What happens between the relay and its product: the network, the product's answers, retry.

mod bodies;
mod certificates;
mod connections;
mod frames;
mod hosts;
mod http2;
mod leaks;
mod retries;
mod tls_server;
mod transport;

use serde_json::{Value, json};

use crate::{fixture::Fixture, test_call::Answer};

/// How many bytes of an answer are read.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// One hit, to be told from none.
fn one_hit() -> Value {
    json!({"hits": [{"id": "1"}]})
}

/// Asks about a domain that the product answers well and one that it answers as scripted for
/// `bad.test`: what is good must be there, beside the error of the other.
fn assert_partial(answer: &Answer, code: &str) {
    let found = answer.docs("sightings");
    assert_eq!((found.len(), answer.codes()), (1, vec![code]), "{answer:?}");
    assert_eq!(found[0]["observables"][0]["value"], "good.test");
}

/// Scripts `/search`: a hit for every domain but `bad.test`, which gets this.
fn answering_badly(fixture: &Fixture, reply: crate::wire::ScriptedResponse) {
    fixture.product.answers("/search", move |asked| match asked.query()["value"].as_str() {
        "bad.test" => reply.clone(),
        _ => crate::wire::ScriptedResponse::json(&one_hit()),
    });
}

const BOTH: [&str; 2] = ["good.test", "bad.test"];
