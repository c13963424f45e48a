//! Indicators: the rules behind detections. Source: spec §4.5.

use relay_core::ctim::{
    Confidence, ExternalReference, Id, Indicator, LongText, MediumText, Severity, ShortText,
    ValidTime,
};

use super::View;
use crate::{client::Rule, links};

/// The rule, once for everybody who meets it.
pub(super) fn indicator(rule: &Rule, view: &View<'_>) -> Option<Indicator> {
    let uuid = rule.uuid.as_deref()?;
    let id = Id::indicator_of_uuid(uuid).unwrap_or_else(|| view.namespace.indicator(&[uuid]));
    let page = links::rule(view.portal, uuid, None);
    let reference = ExternalReference {
        description: Some("Rule, opens its page".into()),
        external_id: Some(uuid.into()),
        url: page.clone(),
        ..ExternalReference::to(view.source)
    };
    Some(Indicator {
        source_uri: page,
        title: ShortText::present(rule.name.as_deref()),
        short_description: MediumText::present(rule.name.as_deref()),
        description: LongText::present(rule.description.as_deref()),
        valid_time: ValidTime::from(rule.created),
        confidence: level(rule.confidence.as_deref()).map(Level::confidence),
        severity: level(rule.severity.as_deref()).map(Level::severity),
        tags: ShortText::present(rule.category.as_deref()).into_iter().collect(),
        external_ids: vec![uuid.into()],
        external_references: vec![reference],
        ..Indicator::of(id, view.source)
    })
}

/// How bad what a rule finds is, in its own words.
pub(super) fn severity(rule: &Rule) -> Option<Severity> {
    level(rule.severity.as_deref()).map(Level::severity)
}

#[derive(Clone, Copy)]
enum Level {
    High,
    Moderate,
    Low,
}

/// Other words mean nothing that CTIM knows.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_level() {
        let check = |word: Option<&str>, severity: Option<Severity>, confidence| {
            assert_eq!(level(word).map(Level::severity), severity, "{word:?}");
            assert_eq!(level(word).map(Level::confidence), confidence, "{word:?}");
        };
        check(Some("high"), Some(Severity::High), Some(Confidence::High));
        check(Some("Moderate"), Some(Severity::Medium), Some(Confidence::Medium));
        check(Some("low"), Some(Severity::Low), Some(Confidence::Low));
        for other in [Some("unknown"), Some(""), Some("medium"), None] {
            check(other, None, None);
        }
    }
}
