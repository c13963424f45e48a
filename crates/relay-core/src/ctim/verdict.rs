//! Verdicts: the one word on an observable that an analyst sees first.

use serde::Serialize;

use super::{Disposition, Id, Observable, ValidTime, Word};

/// The product's last word on an observable; it has no id of its own.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    #[serde(rename = "type")]
    kind: &'static str,
    observable: Observable,
    disposition: Disposition,
    disposition_name: Word,
    valid_time: ValidTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    judgement_id: Option<Id>,
}

impl Verdict {
    /// A verdict, and the judgement of the same answer it rests on, if there is one.
    #[must_use]
    pub fn of(
        observable: Observable,
        disposition: Disposition,
        valid_time: ValidTime,
        judgement_id: Option<Id>,
    ) -> Self {
        Self {
            kind: "verdict",
            observable,
            disposition,
            disposition_name: Word(disposition.name()),
            valid_time,
            judgement_id,
        }
    }

    pub(crate) fn without_judgement(self) -> Self {
        Self { judgement_id: None, ..self }
    }

    pub(crate) fn observable(&self) -> &Observable {
        &self.observable
    }

    pub(crate) fn judgement_id(&self) -> Option<Id> {
        self.judgement_id
    }
}
