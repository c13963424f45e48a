//! Writes the answer: `{"data": …}` and `{"errors": […]}`, never larger than Lambda can carry.

mod collections;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    ctim::{Bundle, Document, MAX_ANSWER_BYTES, Observable, harmless},
    error::{self, Error, ErrorKind, Result},
    invocation::Redactor,
    quota::Quota,
    relay::Partial,
};

use collections::{Collections, bytes_for_data};

/// The part of an answer that errors may take; further ones are only logged.
const MAX_ERROR_BYTES: usize = 1024 * 1024;
/// What is around the documents of most answers.
const ENVELOPE_BYTES: usize = 1024;

/// One answer, ready to send.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Document,
    /// The number of entities, links or actions in it.
    pub(crate) found: usize,
    /// The errors in it, as logged; equal ones once.
    pub(crate) errors: Vec<Error>,
}

#[derive(Serialize)]
struct Envelope<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Document>,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    quotas: BTreeMap<&'static str, Quota>,
}

impl Status {
    fn of(status: &'static str) -> Self {
        Self { status, quotas: BTreeMap::new() }
    }
}

/// Writes entities in their collections.
pub(crate) fn entities(findings: Partial<Bundle>, redactor: &Redactor) -> Answer {
    let mut errors = ErrorList::new(findings.errors, redactor);
    let fitted = findings.data.fitted(bytes_for_data(MAX_ANSWER_BYTES - errors.bytes));
    errors.add_truncated(fitted.left_out, &fitted.observables, redactor);
    let collections = Collections::of(fitted);
    let found = collections.len();
    let bytes = collections.bytes();
    write(collections, found, bytes, errors)
}

/// Writes links or actions.
pub(crate) fn list<T: Serialize>(partial: Partial<Vec<T>>, redactor: &Redactor) -> Answer {
    let mut errors = ErrorList::new(partial.errors, redactor);
    let (items, left_out) = collections::list(partial.data, MAX_ANSWER_BYTES - errors.bytes);
    errors.add_truncated(left_out, &[], redactor);
    let found = items.len();
    let bytes = collections::bytes(&items);
    write(items, found, bytes, errors)
}

/// Writes the outcome of `/health`, and the quotas that the product told.
pub(crate) fn health(
    outcome: Result<()>,
    quotas: BTreeMap<&'static str, Quota>,
    redactor: &Redactor,
) -> Answer {
    let status = Status { status: "ok", quotas };
    write(status, 0, 0, ErrorList::new(outcome.err(), redactor))
}

/// Writes the outcome of an action: success only when the product confirmed it.
pub(crate) fn trigger(outcome: Result<()>, redactor: &Redactor) -> Answer {
    match outcome {
        Ok(()) => write(Status::of("success"), 0, 0, ErrorList::default()),
        Err(error) => {
            write_all(Some(Status::of("failure")), 0, 0, ErrorList::new([error], redactor))
        }
    }
}

/// Writes nothing but an error.
pub(crate) fn error(error: Error, redactor: &Redactor) -> Answer {
    write_all(None::<Status>, 0, 0, ErrorList::new([error], redactor))
}

/// Writes an answer that is the same for every caller.
pub(crate) fn constant(body: &impl Serialize) -> Answer {
    Answer { body: written(0, body), found: 0, errors: Vec::new() }
}

/// Writes `data` of about so many bytes when something was found, and when nothing went wrong.
fn write<T: Serialize>(data: T, found: usize, bytes: usize, errors: ErrorList) -> Answer {
    let is_told = found > 0 || errors.errors.is_empty();
    write_all(is_told.then_some(data), found, bytes, errors)
}

fn write_all<T: Serialize>(
    data: Option<T>,
    found: usize,
    bytes: usize,
    errors: ErrorList,
) -> Answer {
    let bytes = bytes + collections::bytes(&errors.docs);
    let body = written(bytes, &Envelope { data, errors: errors.docs });
    Answer { body, found, errors: errors.errors }
}

/// The errors of an answer, equal ones once, and their entries.
#[derive(Default)]
struct ErrorList {
    errors: Vec<Error>,
    docs: Vec<Document>,
    bytes: usize,
}

impl ErrorList {
    fn new(errors: impl IntoIterator<Item = Error>, redactor: &Redactor) -> Self {
        let mut list = Self::default();
        errors.into_iter().for_each(|error| list.add(error, redactor));
        list
    }

    fn add(&mut self, error: Error, redactor: &Redactor) {
        let same =
            |other: &Error| other.code() == error.code() && other.message() == error.message();
        if self.errors.iter().any(same) {
            return;
        }
        let doc = Document::of(&error.entry(|text| harmless(redactor.redacted(text))));
        if let Some(doc) = doc.filter(|doc| self.bytes + doc.size() <= MAX_ERROR_BYTES) {
            self.bytes += doc.size();
            self.docs.push(doc);
        }
        self.errors.push(error);
    }

    /// Adds the warning for entries about these observables that were left out; the limit leaves
    /// space for it.
    fn add_truncated(&mut self, left_out: usize, about: &[Observable], redactor: &Redactor) {
        if left_out > 0 {
            let text = format!(
                "The answer was too large, {left_out} entries were left out; ask about fewer observables or lower CTR_ENTITIES_LIMIT."
            );
            let warning = Error::new(ErrorKind::Unexpected, text).as_warning();
            let values = about.iter().map(|observable| observable.value.as_str());
            let named = error::joined(vec![warning.about(values)], usize::MAX);
            named.into_iter().for_each(|warning| self.add(warning, redactor));
        }
    }
}

/// Writes a whole answer, whose documents take so many bytes. Every type here serialises: texts, numbers,
/// lists and structs with text keys.
fn written(bytes: usize, answer: &impl Serialize) -> Document {
    const FAILED: &str = r#"{\"errors\":[{\"type\":\"fatal\",\"code\":\"unknown\",\"message\":\"The relay could not write its answer.\"}]}"#;
    let document = Document::with_capacity(bytes + ENVELOPE_BYTES, answer);
    document.unwrap_or_else(|| Document::of_escaped(FAILED))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::ctim::{Disposition, Observable, ObservableType, ValidTime, Verdict};

    /// Returns how many entries are left out, which the warning says.
    fn left_out(answer: &Answer, all: usize) -> usize {
        let text = answer.body.json();
        let json: Value = serde_json::from_str(&text).unwrap();
        let message = json["errors"][0]["message"].as_str().unwrap();
        assert!(text.len() <= MAX_ANSWER_BYTES);
        assert!(text.len() > MAX_ANSWER_BYTES * 99 / 100);
        assert!(message.contains(&format!(" {} entries were left out", all - answer.found)));
        all - answer.found
    }

    #[test]
    fn l03_verdicts_alone_are_cut_too() {
        let mut bundle = Bundle::default();
        for number in 0..600 {
            let value = format!("{number}-{}.test", "x".repeat(10_000));
            let observable = Observable::new(ObservableType::Domain, value);
            let time = ValidTime::default();
            bundle.add_verdict(Verdict::of(observable, Disposition::Unknown, time, None));
        }
        let answer = entities(bundle.into(), &Redactor::default());
        assert!((1..600).contains(&left_out(&answer, 600)));
    }

    #[test]
    fn l03_links_and_actions_are_cut_too() {
        let items = vec!["x".repeat(10_000); 600];
        let answer = list(items.into(), &Redactor::default());
        assert!((1..600).contains(&left_out(&answer, 600)));
    }
}
