//! The envelope: `{"data": …}` and `{"errors": […]}`, never larger than Lambda can carry.

mod fit;

use serde::Serialize;

use crate::{
    ctim::Bundle,
    error::{Entry, Error, ErrorKind, Result},
    relay::Partial,
    telemetry::Tally,
};

/// The largest answer in bytes of JSON, before the gateway escapes it. Lambda carries 6 MB.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// One answer, ready to send.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: String,
    /// Entities, links or actions in it.
    pub(crate) found: usize,
    /// The errors in it, as logged; equal ones once.
    pub(crate) errors: Vec<Error>,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// Entities in their collections.
pub(crate) fn entities(findings: Partial<Bundle>, tally: &Tally) -> Answer {
    let Partial { data: bundle, mut errors } = findings;
    let (collections, left_out) = fit::collections(bundle, LARGEST);
    if left_out > 0 {
        errors.push(too_much(left_out));
    }
    let found = collections.len();
    write(collections, found, errors, tally)
}

/// Links or actions.
pub(crate) fn list<T: Serialize>(partial: Partial<Vec<T>>, tally: &Tally) -> Answer {
    let Partial { data: items, mut errors } = partial;
    let (items, left_out) = fit::list(items, LARGEST);
    if left_out > 0 {
        errors.push(too_much(left_out));
    }
    let found = items.len();
    write(items, found, errors, tally)
}

/// The outcome of `/health`.
pub(crate) fn health(outcome: Result<()>, tally: &Tally) -> Answer {
    write(Status { status: "ok" }, 0, outcome.err().into_iter().collect(), tally)
}

/// The outcome of a triggered action: success only when the product said so.
pub(crate) fn trigger(outcome: Result<()>, tally: &Tally) -> Answer {
    match outcome {
        Ok(()) => write(Status { status: "success" }, 0, Vec::new(), tally),
        Err(error) => write_all(Some(Status { status: "failure" }), 0, vec![error], tally),
    }
}

/// Nothing but an error.
pub(crate) fn refusal(error: Error, tally: &Tally) -> Answer {
    write_all(None::<Status>, 0, vec![error], tally)
}

/// An answer that is the same for everybody.
pub(crate) fn constant(body: &impl Serialize) -> Answer {
    Answer { body: json(body), found: 0, errors: Vec::new() }
}

fn too_much(left_out: usize) -> Error {
    let text = format!(
        "The answer was too large, {left_out} entries were left out; ask about fewer observables or lower CTR_ENTITIES_LIMIT."
    );
    Error::new(ErrorKind::Unexpected, text).as_warning()
}

/// `data` goes out when something was found, and when nothing went wrong.
fn write<T: Serialize>(data: T, found: usize, errors: Vec<Error>, tally: &Tally) -> Answer {
    write_all((found > 0 || errors.is_empty()).then_some(data), found, errors, tally)
}

fn write_all<T: Serialize>(
    data: Option<T>,
    found: usize,
    errors: Vec<Error>,
    tally: &Tally,
) -> Answer {
    let errors = distinct(errors);
    let entries = errors.iter().map(|error| error.entry(tally.redacted(error.message())));
    let body = json(&Envelope { data, errors: entries.collect() });
    Answer { body, found, errors }
}

fn distinct(errors: Vec<Error>) -> Vec<Error> {
    let mut kept: Vec<Error> = Vec::new();
    for error in errors {
        let same =
            |other: &Error| other.code() == error.code() && other.message() == error.message();
        if !kept.iter().any(same) {
            kept.push(error);
        }
    }
    kept
}

/// All our types serialise: texts, numbers, lists and structs with text keys.
fn json(value: &impl Serialize) -> String {
    const FAILED: &str = r#"{"errors":[{"type":"fatal","code":"unknown","message":"The relay could not write its answer."}]}"#;
    serde_json::to_string(value).unwrap_or_else(|_| FAILED.to_owned())
}
