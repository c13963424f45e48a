//! The observables that are kept: each once, no more than one call may ask about.

use std::collections::HashSet;

use super::{MAX_OBSERVABLES, MAX_VALUE_BYTES};
use crate::{
    ctim::{Observable, ObservableType},
    error::{Error, ErrorKind},
    relay::Partial,
};

/// Observables, each pair of type and normal form once.
#[derive(Default)]
pub(super) struct UniqueObservables {
    observables: Vec<Observable>,
    seen: HashSet<(ObservableType, String)>,
    /// How many came after as many as are kept.
    left_out: usize,
    /// How many values are too long, and the place of the first.
    too_long: usize,
    first_too_long: Option<usize>,
}

impl UniqueObservables {
    /// Adds an observable unless its value is missing, because it is too long.
    pub(super) fn add(&mut self, kind: ObservableType, value: Option<String>, index: usize) {
        let Some(value) = value else {
            self.too_long += 1;
            self.first_too_long.get_or_insert(index);
            return;
        };
        let observable = Observable::new(kind, value);
        let form = observable.normal_form().unwrap_or_else(|| observable.value.clone());
        let pair = (kind, form);
        if self.seen.contains(&pair) {
            return;
        }
        if self.observables.len() == MAX_OBSERVABLES {
            // Not noted as seen, so that repeats among those that are left out count again.
            self.left_out += 1;
            return;
        }
        self.seen.insert(pair);
        self.observables.push(observable);
    }

    pub(super) fn finished(self) -> Partial<Vec<Observable>> {
        let too_long = self.first_too_long.map(|first| {
            let error = too_long(self.too_long, first);
            if self.observables.is_empty() { error } else { error.as_warning() }
        });
        let left_out = (self.left_out > 0).then(|| too_many(self.left_out));
        Partial { data: self.observables, errors: too_long.into_iter().chain(left_out).collect() }
    }
}

fn too_many(left_out: usize) -> Error {
    let text = format!(
        "Only the first {MAX_OBSERVABLES} observables were asked about, {left_out} were left out; ask about fewer at a time."
    );
    Error::new(ErrorKind::InvalidInput, text).as_warning()
}

fn too_long(count: usize, first: usize) -> Error {
    let text = format!(
        "{count} observables were not asked about, the first of them number {first} in the request: their values have more than {MAX_VALUE_BYTES} bytes; shorten them."
    );
    Error::new(ErrorKind::InvalidInput, text)
}
