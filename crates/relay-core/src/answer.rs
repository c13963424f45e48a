//! The envelope: `{"data": …}` and `{"errors": […]}`, never larger than Lambda can carry.

mod fit;

use serde::Serialize;

use crate::{
    ctim::Bundle,
    error::{Error, ErrorKind, Result},
    relay::Partial,
    telemetry::Tally,
};

/// The largest answer in bytes of JSON, before the gateway escapes it. Lambda carries 6 MB.
pub const LARGEST: usize = 4 * 1024 * 1024;
/// How much of it errors may take; further ones are only logged.
const LARGEST_ERRORS: usize = 1024 * 1024;

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
struct Envelope<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<fit::Doc>,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// Entities in their collections.
pub(crate) fn entities(findings: Partial<Bundle>, tally: &Tally) -> Answer {
    let mut said = Said::of(findings.errors, tally);
    let (collections, left_out) = fit::collections(findings.data, LARGEST - said.size);
    said.add_too_much(left_out, tally);
    let found = collections.len();
    write(collections, found, said)
}

/// Links or actions.
pub(crate) fn list<T: Serialize>(partial: Partial<Vec<T>>, tally: &Tally) -> Answer {
    let mut said = Said::of(partial.errors, tally);
    let (items, left_out) = fit::list(partial.data, LARGEST - said.size);
    said.add_too_much(left_out, tally);
    let found = items.len();
    write(items, found, said)
}

/// The outcome of `/health`.
pub(crate) fn health(outcome: Result<()>, tally: &Tally) -> Answer {
    write(Status { status: "ok" }, 0, Said::of(outcome.err(), tally))
}

/// The outcome of a triggered action: success only when the product said so.
pub(crate) fn trigger(outcome: Result<()>, tally: &Tally) -> Answer {
    match outcome {
        Ok(()) => write(Status { status: "success" }, 0, Said::default()),
        Err(error) => write_all(Some(Status { status: "failure" }), 0, Said::of([error], tally)),
    }
}

/// Nothing but an error.
pub(crate) fn refusal(error: Error, tally: &Tally) -> Answer {
    write_all(None::<Status>, 0, Said::of([error], tally))
}

/// An answer that is the same for everybody.
pub(crate) fn constant(body: &impl Serialize) -> Answer {
    Answer { body: json(body), found: 0, errors: Vec::new() }
}

/// `data` goes out when something was found, and when nothing went wrong.
fn write<T: Serialize>(data: T, found: usize, said: Said) -> Answer {
    write_all((found > 0 || said.errors.is_empty()).then_some(data), found, said)
}

fn write_all<T: Serialize>(data: Option<T>, found: usize, said: Said) -> Answer {
    let body = json(&Envelope { data, errors: said.docs });
    Answer { body, found, errors: said.errors }
}

/// The errors of an answer, equal ones once, and how they go out.
#[derive(Default)]
struct Said {
    errors: Vec<Error>,
    docs: Vec<fit::Doc>,
    size: usize,
}

impl Said {
    fn of(errors: impl IntoIterator<Item = Error>, tally: &Tally) -> Self {
        let mut said = Self::default();
        errors.into_iter().for_each(|error| said.add(error, tally));
        said
    }

    fn add(&mut self, error: Error, tally: &Tally) {
        let same =
            |other: &Error| other.code() == error.code() && other.message() == error.message();
        if self.errors.iter().any(same) {
            return;
        }
        let doc = fit::doc(&error.entry(|text| tally.redacted(text)));
        if let Some(doc) = doc.filter(|doc| self.size + fit::size(doc) <= LARGEST_ERRORS) {
            self.size += fit::size(&doc);
            self.docs.push(doc);
        }
        self.errors.push(error);
    }

    /// The words for it have their room beside the entities.
    fn add_too_much(&mut self, left_out: usize, tally: &Tally) {
        if left_out > 0 {
            let text = format!(
                "The answer was too large, {left_out} entries were left out; ask about fewer observables or lower CTR_ENTITIES_LIMIT."
            );
            self.add(Error::new(ErrorKind::Unexpected, text).as_warning(), tally);
        }
    }
}

/// All our types serialise: texts, numbers, lists and structs with text keys.
fn json(value: &impl Serialize) -> String {
    const FAILED: &str = r#"{"errors":[{"type":"fatal","code":"unknown","message":"The relay could not write its answer."}]}"#;
    serde_json::to_string(value).unwrap_or_else(|_| FAILED.to_owned())
}
