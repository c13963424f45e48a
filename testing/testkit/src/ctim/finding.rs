//! The findings of the checker.

use std::fmt;

use serde_json::Value;

use super::place::Place;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document is not valid.
    Error,
    /// Legal, but nearly always a mistake.
    Warning,
    /// Outside a suggested vocabulary on purpose, because no suggestion has its meaning.
    Accepted,
}

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Short name of the rule, for example `dangling-ref`.
    pub rule: &'static str,
    /// The place, as a path like `$.data.sightings.docs[0].id`.
    pub path: String,
    /// The description, for the reader of a failed test.
    pub text: String,
    /// The severity.
    pub severity: Severity,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} [{}] {}: {}", self.severity, self.rule, self.path, self.text)
    }
}

/// Collects findings, each once.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn error(&mut self, rule: &'static str, place: &Place, text: impl Into<String>) {
        self.add(Severity::Error, rule, place, text.into());
    }

    pub(super) fn warn(&mut self, rule: &'static str, place: &Place, text: impl Into<String>) {
        self.add(Severity::Warning, rule, place, text.into());
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        rule: &'static str,
        place: &Place,
        text: String,
    ) {
        let finding = Finding { rule, path: place.to_string(), text, severity };
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

/// A value for a message: compact, and truncated when it is long.
pub(super) fn quoted(value: &Value) -> String {
    const MAX_CHARS: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Findings, Place, quoted};

    #[test]
    fn an_equal_finding_is_kept_once() {
        let mut findings = Findings::default();
        findings.error("time", &Place::root(), "no instant");
        findings.error("time", &Place::root(), "no instant");
        findings.warn("time", &Place::root(), "no instant");
        assert_eq!(findings.into_vec().len(), 2);
    }

    #[test]
    fn long_values_are_truncated_between_characters() {
        assert_eq!(quoted(&json!("short")), "\"short\"");
        assert_eq!(quoted(&json!("ü".repeat(200))).chars().count(), 81);
    }
}
