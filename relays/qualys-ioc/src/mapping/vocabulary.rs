//! CTIM's words for scores and verdicts.
//! Specification: docs/relays/qualys-ioc.md#scores, docs/relays/qualys-ioc.md#judgements.

use relay_core::ctim::{Disposition, Severity};

use crate::client::Score;

/// Returns the severity of an event; `Unknown` without a score.
pub(super) fn severity(score: Option<Score>) -> Severity {
    match score {
        Some(Score::Known(0)) => Severity::None,
        Some(Score::Known(2..=4)) => Severity::Low,
        Some(Score::Known(5..=7)) => Severity::Medium,
        Some(Score::Known(1 | 8..=10)) => Severity::High,
        Some(_) | None => Severity::Unknown,
    }
}

/// Returns the title of an event, with its kind: by its type, or else by its score.
///
/// The type comes first, because today's engines give scores that do not tell the kind.
pub(super) fn title(score: Score, event_type: Option<&str>) -> String {
    let (score, band) = match score {
        Score::Known(0) => return "Known Good".to_owned(),
        Score::Known(1) => return "Remediated".to_owned(),
        Score::Known(score @ 2..=4) => (score, "Suspicious Low"),
        Score::Known(score @ 5..=7) => (score, "Suspicious Medium"),
        Score::Known(score @ 8..=10) => (score, "Malicious"),
        _ => return "Qualys IOC event".to_owned(),
    };
    let kind = match event_type.map(str::to_ascii_uppercase).as_deref() {
        Some("FILE") => "File",
        Some("PROCESS") => "Process",
        Some("NETWORK") => "Network",
        _ => ["File", "Process", "Network"][usize::from((score - 2) % 3)],
    };
    format!("{band} {kind} event")
}

/// Returns the disposition of a verdict of the detection engines, in any case.
pub(super) fn disposition(verdict: Option<&str>) -> Disposition {
    match verdict.map(str::to_ascii_uppercase).as_deref() {
        Some("KNOWN") => Disposition::Clean,
        Some("SUSPICIOUS") => Disposition::Suspicious,
        Some("MALICIOUS" | "REMEDIATED") => Disposition::Malicious,
        _ => Disposition::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_has_its_severity_and_title() {
        let check = |score, expected: Severity, title: &str| {
            assert_eq!(severity(Some(score)), expected, "{score:?}");
            assert_eq!(super::title(score, None), title, "{score:?}");
        };
        check(Score::Known(0), Severity::None, "Known Good");
        check(Score::Known(1), Severity::High, "Remediated");
        check(Score::Known(2), Severity::Low, "Suspicious Low File event");
        check(Score::Known(3), Severity::Low, "Suspicious Low Process event");
        check(Score::Known(4), Severity::Low, "Suspicious Low Network event");
        check(Score::Known(5), Severity::Medium, "Suspicious Medium File event");
        check(Score::Known(6), Severity::Medium, "Suspicious Medium Process event");
        check(Score::Known(7), Severity::Medium, "Suspicious Medium Network event");
        check(Score::Known(8), Severity::High, "Malicious File event");
        check(Score::Known(9), Severity::High, "Malicious Process event");
        check(Score::Known(10), Severity::High, "Malicious Network event");
        check(Score::Known(11), Severity::Unknown, "Qualys IOC event");
        check(Score::Other, Severity::Unknown, "Qualys IOC event");
        assert_eq!(severity(None), Severity::Unknown);
    }

    #[test]
    fn the_type_of_the_event_comes_before_the_score() {
        assert_eq!(title(Score::Known(8), Some("PROCESS")), "Malicious Process event");
        assert_eq!(title(Score::Known(9), Some("file")), "Malicious File event");
        assert_eq!(title(Score::Known(6), Some("NETWORK")), "Suspicious Medium Network event");
        assert_eq!(title(Score::Known(7), Some("MUTEX")), "Suspicious Medium Network event");
        assert_eq!(title(Score::Known(0), Some("FILE")), "Known Good");
    }

    #[test]
    fn every_verdict_has_its_disposition() {
        let check = |word: Option<&str>, expected| {
            assert_eq!(disposition(word), expected, "{word:?}");
        };
        check(Some("KNOWN"), Disposition::Clean);
        check(Some("known"), Disposition::Clean);
        check(Some("UNKNOWN"), Disposition::Unknown);
        check(Some("SUSPICIOUS"), Disposition::Suspicious);
        check(Some("Malicious"), Disposition::Malicious);
        check(Some("REMEDIATED"), Disposition::Malicious);
        check(Some("PUA"), Disposition::Unknown);
        check(None, Disposition::Unknown);
    }
}
