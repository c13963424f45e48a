//! CTIM's words for the words of rules, and the columns of each event type.
//! Specification: docs/relays/gigamon-threatinsight.md#words,
//! docs/relays/gigamon-threatinsight.md#table.

use std::{collections::HashSet, sync::Arc};

use relay_core::{
    ctim::{Cell, Confidence, Severity, Table},
    lenient::{Integer, Text},
};

use super::DatedEvent;
use crate::client::{Detected, Detection, Event, Rule, Signature};

/// The detections of one rule in one account, about one observable.
#[derive(Debug)]
pub(super) struct RuleMatch {
    pub(super) rule: Arc<Rule>,
    /// The account's uuid.
    pub(super) account: Option<String>,
    /// How many different devices the detections name.
    pub(super) device_count: usize,
    /// How many different values the detections found.
    pub(super) value_count: usize,
}

impl RuleMatch {
    /// Sums up the detections of the same rule and account as this one; `None` if the rule is not
    /// known.
    pub(super) fn new(found: &[Detected], detection: &Detection) -> Option<Self> {
        let rule = detection.rule.clone()?;
        let is_alike = |other: &&Detection| {
            other.rule_uuid == detection.rule_uuid && other.account_uuid == detection.account_uuid
        };
        let alike: Vec<_> = found.iter().map(|one| &one.detection).filter(is_alike).collect();
        let devices: HashSet<_> = alike.iter().filter_map(|one| one.device_ip.as_ref()).collect();
        let indicators = alike.iter().flat_map(|one| &one.indicators);
        let values = indicators.filter(|indicator| indicator.path().is_some());
        let values: HashSet<_> = values.flat_map(|indicator| &indicator.values).collect();
        Some(Self {
            rule,
            account: (*detection.account_uuid).clone(),
            device_count: devices.len(),
            value_count: values.len(),
        })
    }
}

/// Returns the severity of a rule; `None` for a word that CTIM has no equivalent of.
pub(super) fn severity(word: Option<&str>) -> Option<Severity> {
    level(word).map(Level::severity)
}

/// Returns the confidence of a rule; `None` for a word that CTIM has no equivalent of.
pub(super) fn confidence(word: Option<&str>) -> Option<Confidence> {
    level(word).map(Level::confidence)
}

/// A degree that rules are given.
#[derive(Clone, Copy)]
enum Level {
    High,
    Moderate,
    Low,
}

fn level(word: Option<&str>) -> Option<Level> {
    match word?.to_ascii_lowercase().as_str() {
        "high" => Some(Level::High),
        "moderate" => Some(Level::Moderate),
        "low" => Some(Level::Low),
        _ => None,
    }
}

impl Level {
    fn severity(self) -> Severity {
        match self {
            Self::High => Severity::High,
            Self::Moderate => Severity::Medium,
            Self::Low => Severity::Low,
        }
    }

    fn confidence(self) -> Confidence {
        match self {
            Self::High => Confidence::High,
            Self::Moderate => Confidence::Medium,
            Self::Low => Confidence::Low,
        }
    }
}

/// Returns the table of a sighting: the columns of the detections, then those of the event.
pub(super) fn table(event: &DatedEvent) -> Option<Table> {
    let detections = event.rule_match.as_deref().map(rule_columns).unwrap_or_default();
    let columns = detections.into_iter().chain(event_columns(&event.event));
    let is_filled = |cell: &Cell| !matches!(cell, Cell::Text(text) if text.trim().is_empty());
    Table::of_one_row(columns.filter_map(|(name, cell)| Some((name, cell.filter(is_filled)?))))
}

fn rule_columns(rule_match: &RuleMatch) -> Vec<(&'static str, Option<Cell>)> {
    vec![
        ("Impacted devices", Some(count(rule_match.device_count))),
        ("Indicator values", Some(count(rule_match.value_count))),
    ]
}

fn count(count: usize) -> Cell {
    Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Returns the columns of an event by its type; a column without a cell is left out.
fn event_columns(event: &Event) -> Vec<(&'static str, Option<Cell>)> {
    let text = |text: &Text| text.to_owned().into_inner().map(Cell::Text);
    let integer = |number: Integer| number.map(Cell::Integer);
    match event.event_type.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
        "flow" => vec![
            ("State", text(&event.flow_state)),
            ("Protocol", text(&event.proto)),
            ("Application", text(&event.service)),
            ("Packets", integer(event.total_pkts)),
        ],
        "dns" => vec![
            ("Query type", text(&event.qtype_name)),
            ("Query type number", integer(event.qtype)),
            ("Response", text(&event.rcode_name)),
            ("Response number", integer(event.rcode)),
            ("Rejected", event.rejected.map(|flag| Cell::Text(yes_or_no(flag).to_owned()))),
        ],
        "http" => vec![
            ("Method", text(&event.method)),
            ("Status", integer(event.status_code)),
            ("Status message", text(&event.status_msg)),
            ("Files", event.files.as_ref().map(|files| count(files.len()))),
        ],
        "ssh" => vec![
            ("Direction", text(&event.direction)),
            ("Client", text(&event.client)),
            ("Server", text(&event.server)),
        ],
        "suricata" => signature_columns(&event.signature()),
        "ssl" => vec![
            ("Version", text(&event.version)),
            ("Cipher", text(&event.cipher)),
            ("Server name", event.server_name.clone().map(Cell::Text)),
            ("JA3 fingerprint", text(&event.ja3)),
        ],
        _ => Vec::new(),
    }
}

fn yes_or_no(flag: bool) -> &'static str {
    if flag { "Yes" } else { "No" }
}

fn signature_columns(signature: &Signature<'_>) -> Vec<(&'static str, Option<Cell>)> {
    let text = |text: Option<&str>| text.map(|text| Cell::Text(text.to_owned()));
    vec![
        ("Signature", text(signature.name)),
        ("Signature category", text(signature.category)),
        ("Signature id", signature.id.map(Cell::Integer)),
        ("Signature revision", signature.revision.map(Cell::Number)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_level() {
        let check = |word: Option<&str>, severity: Option<Severity>, confidence| {
            assert_eq!(super::severity(word), severity, "{word:?}");
            assert_eq!(super::confidence(word), confidence, "{word:?}");
        };
        check(Some("high"), Some(Severity::High), Some(Confidence::High));
        check(Some("Moderate"), Some(Severity::Medium), Some(Confidence::Medium));
        check(Some("low"), Some(Severity::Low), Some(Confidence::Low));
        for other in [Some("unknown"), Some(""), Some("medium"), None] {
            check(other, None, None);
        }
    }
}
