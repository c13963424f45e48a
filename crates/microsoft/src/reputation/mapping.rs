//! A host's reputation as verdict and judgement: docs/relays/graph-security.md#reputations.

use std::cmp::Reverse;

use relay_core::{
    Bundle, Namespace, Observable, Time,
    ctim::{
        Confidence, Disposition, ExternalReference, Id, Judgement, Severity, ShortText, Uri,
        ValidTime, Verdict,
    },
};

use super::types::{HostReputation, ReputationRule};

/// How long a reputation counts; the service computes it anew every day.
const VALID_DAYS: i64 = 1;
/// Rules that the reason names; the worst come first.
const MAX_RULES: usize = 5;

/// Maps reputations under the relay's name and ids.
pub(super) struct ReputationMapper<'a> {
    pub(super) source: &'a str,
    pub(super) namespace: Namespace,
    /// Part of the ids.
    pub(super) tenant: &'a str,
    pub(super) now: Time,
}

impl ReputationMapper<'_> {
    /// Adds nothing for a host of which nothing is known.
    pub(super) fn add(
        &self,
        bundle: &mut Bundle,
        observable: &Observable,
        host: &str,
        reputation: &HostReputation,
    ) {
        let word = reputation.classification.as_deref();
        let Some((disposition, confidence)) = meaning(word) else { return };
        let product_ids = [self.tenant, "reputation", host];
        let id =
            self.namespace.judgement(&product_ids, observable.kind.as_str(), &observable.value);
        let rules = worst_first(&reputation.rules);
        if let Some(verdict) = verdict(self.now, observable, reputation, Some(id)) {
            bundle.add_verdict(verdict);
        }
        bundle.add_judgement(Judgement {
            reason: Some(reason(reputation, &rules)),
            confidence,
            severity: rules.first().map_or(Severity::Unknown, |rule| severity(rule)),
            valid_time: ValidTime::for_days(self.now, VALID_DAYS),
            external_references: rules.iter().filter_map(|rule| reference(rule)).collect(),
            ..Judgement::of(id, self.source, observable.clone(), disposition)
        });
    }
}

/// Returns none for a host of which nothing is known.
pub(super) fn verdict(
    now: Time,
    observable: &Observable,
    reputation: &HostReputation,
    judgement: Option<Id>,
) -> Option<Verdict> {
    let (disposition, _) = meaning(reputation.classification.as_deref())?;
    let valid_time = ValidTime::for_days(now, VALID_DAYS);
    Some(Verdict::of(observable.clone(), disposition, valid_time, judgement))
}

/// Returns none for `unknown` and for words to come. `neutral` is a host that was seen without
/// anything against it, which does not make it clean.
fn meaning(classification: Option<&str>) -> Option<(Disposition, Confidence)> {
    match classification? {
        "malicious" => Some((Disposition::Malicious, Confidence::High)),
        "suspicious" => Some((Disposition::Suspicious, Confidence::Medium)),
        "neutral" => Some((Disposition::Unknown, Confidence::Low)),
        _ => None,
    }
}

fn severity(rule: &ReputationRule) -> Severity {
    match rule.severity.as_deref() {
        Some("low") => Severity::Low,
        Some("medium") => Severity::Medium,
        Some("high") => Severity::High,
        _ => Severity::Unknown,
    }
}

fn worst_first(rules: &[ReputationRule]) -> Vec<&ReputationRule> {
    let rank = |rule: &&ReputationRule| match severity(rule) {
        Severity::High => 3,
        Severity::Medium => 2,
        Severity::Low => 1,
        _ => 0,
    };
    let mut rules: Vec<_> = rules.iter().collect();
    rules.sort_by_key(|rule| Reverse(rank(rule)));
    rules.truncate(MAX_RULES);
    rules
}

/// `Microsoft's score is 87 of 100. Name server (medium): associated with …; Registrar (low)`
fn reason(reputation: &HostReputation, rules: &[&ReputationRule]) -> ShortText {
    let score = match *reputation.score {
        Some(score) => format!("Microsoft's score is {score} of 100."),
        None => "Microsoft gives no score.".to_owned(),
    };
    let rules = rules.iter().filter_map(|rule| {
        let name = rule.name.as_deref()?;
        let severity = rule.severity.as_deref().unwrap_or("unknown");
        let description = rule.description.as_deref().map(|text| format!(": {text}"));
        Some(format!("{name} ({severity}){}", description.unwrap_or_default()))
    });
    let rules: Vec<_> = rules.collect();
    format!("{score} {}", rules.join("; ")).trim_end().into()
}

fn reference(rule: &ReputationRule) -> Option<ExternalReference> {
    let url = Uri::parse(rule.related_details_url.as_deref()?)?;
    let name = rule.name.as_deref().unwrap_or("Microsoft threat intelligence");
    Some(ExternalReference { url: Some(url), ..ExternalReference::to(name) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn classifications_are_dispositions() {
        let check = |classification: Value, expected: Option<&str>| {
            let disposition = meaning(classification.as_str()).map(|(it, _)| it.name());
            assert_eq!(disposition, expected, "{classification}");
        };
        check(json!("malicious"), Some("Malicious"));
        check(json!("suspicious"), Some("Suspicious"));
        check(json!("neutral"), Some("Unknown"));
        check(json!("unknown"), None);
        check(json!("unknownFutureValue"), None);
        check(json!(null), None);
    }

    #[test]
    fn the_worst_rules_are_the_reason() {
        let rule = |name: &str, severity: &str| json!({"name": name, "severity": severity});
        let mut rules: Vec<_> = (0..6).map(|n| rule(&format!("low {n}"), "low")).collect();
        rules
            .push(json!({"name": "Name server", "severity": "high", "description": "seen before"}));
        let reputation: HostReputation =
            serde_json::from_str(&json!({"score": 87, "rules": rules}).to_string()).unwrap();
        let worst = worst_first(&reputation.rules);
        assert_eq!(worst.len(), MAX_RULES);
        assert_eq!(severity(worst[0]), Severity::High);
        let text = reason(&reputation, &worst);
        let expected =
            "Microsoft's score is 87 of 100. Name server (high): seen before; low 0 (low)";
        assert!(text.as_str().starts_with(expected), "{text:?}");
        assert_eq!(reason(&HostReputation::default(), &[]).as_str(), "Microsoft gives no score.");
    }
}
