//! CTIM's words for scores and verdicts.
//! Specification: docs/relays/qualys-ioc.md#scores, docs/relays/qualys-ioc.md#judgements.

use relay_core::ctim::{Confidence, Disposition, Severity};

use crate::client::{Event, Score};

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

/// Returns how sure the score is that an event is what the title calls it.
pub(super) fn confidence(score: Score) -> Confidence {
    match score {
        Score::Known(0 | 1 | 8..=10) => Confidence::High,
        Score::Known(5..=7) => Confidence::Medium,
        Score::Known(2..=4) => Confidence::Low,
        _ => Confidence::Unknown,
    }
}

/// Returns what a score calls an event; `None` for an unknown score.
pub(super) fn band(score: Score) -> Option<&'static str> {
    match score {
        Score::Known(0) => Some("Known good"),
        Score::Known(1) => Some("Remediated"),
        Score::Known(2..=7) => Some("Suspicious"),
        Score::Known(8..=10) => Some("Malicious"),
        _ => None,
    }
}

/// The types with words of their own.
const KINDS: [(&str, Kind<'_>); 5] = [
    ("FILE", Kind::File),
    ("PROCESS", Kind::Process),
    ("NETWORK", Kind::Network),
    ("MUTEX", Kind::Mutex),
    ("REGISTRY", Kind::Registry),
];

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    File,
    Process,
    Network,
    Mutex,
    Registry,
    /// A type without words of its own.
    Other(&'a str),
    Unknown,
}

/// Returns what an event is about: by its type, or else by its score.
///
/// The type comes first, because today's engines give scores that do not tell the kind.
pub(super) fn kind(event: &Event) -> Kind<'_> {
    let Some(kind) = event.kind.as_deref().filter(|kind| !kind.trim().is_empty()) else {
        return match event.score {
            Some(Score::Known(2 | 5 | 8)) => Kind::File,
            Some(Score::Known(3 | 6 | 9)) => Kind::Process,
            Some(Score::Known(4 | 7 | 10)) => Kind::Network,
            _ => Kind::Unknown,
        };
    };
    let known = KINDS.iter().find(|(word, _)| kind.eq_ignore_ascii_case(word));
    known.map_or(Kind::Other(kind), |(_, kind)| *kind)
}

/// Returns the word for what was done, such as `created`.
pub(super) fn verb(action: &str) -> String {
    let word = action.to_lowercase().replace('_', " ");
    if word == "write" { "written".to_owned() } else { word }
}

/// Returns the order of a verdict, the worst first.
pub(super) fn rank(verdict: Option<&str>) -> u8 {
    match disposition(verdict) {
        Disposition::Malicious => 0,
        Disposition::Suspicious => 1,
        Disposition::Clean => 3,
        _ => 2,
    }
}

/// The verdicts that say something, `UNKNOWN` being none of them.
const DISPOSITIONS: [(&str, Disposition); 4] = [
    ("KNOWN", Disposition::Clean),
    ("SUSPICIOUS", Disposition::Suspicious),
    ("MALICIOUS", Disposition::Malicious),
    ("REMEDIATED", Disposition::Malicious),
];

/// Returns the disposition of a verdict of the detection engines, in any case.
pub(super) fn disposition(verdict: Option<&str>) -> Disposition {
    let known = DISPOSITIONS
        .iter()
        .find(|(word, _)| verdict.is_some_and(|verdict| verdict.eq_ignore_ascii_case(word)));
    known.map_or(Disposition::Unknown, |(_, disposition)| *disposition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_has_its_words() {
        let check = |scores: &[u8], expected: Severity, confidence, band: &str| {
            for score in scores.iter().copied().map(Score::Known) {
                assert_eq!(severity(Some(score)), expected, "{score:?}");
                assert_eq!(super::confidence(score), confidence, "{score:?}");
                assert_eq!(super::band(score), Some(band), "{score:?}");
            }
        };
        check(&[0], Severity::None, Confidence::High, "Known good");
        check(&[1], Severity::High, Confidence::High, "Remediated");
        check(&[2, 3, 4], Severity::Low, Confidence::Low, "Suspicious");
        check(&[5, 6, 7], Severity::Medium, Confidence::Medium, "Suspicious");
        check(&[8, 9, 10], Severity::High, Confidence::High, "Malicious");
        for score in [Score::Known(11), Score::Other] {
            assert_eq!(severity(Some(score)), Severity::Unknown);
            assert_eq!(confidence(score), Confidence::Unknown);
            assert_eq!(band(score), None);
        }
        assert_eq!(severity(None), Severity::Unknown);
    }

    #[test]
    fn the_type_of_the_event_comes_before_the_score() {
        let check = |json: &str, expected: Kind<'_>| {
            assert_eq!(kind(&serde_json::from_str(json).unwrap()), expected, "{json}");
        };
        check(r#"{"score":8,"type":"PROCESS"}"#, Kind::Process);
        check(r#"{"score":9,"type":"file"}"#, Kind::File);
        check(r#"{"score":7,"type":"MUTEX"}"#, Kind::Mutex);
        check(r#"{"score":7,"type":"AMSI"}"#, Kind::Other("AMSI"));
        check(r#"{"score":8}"#, Kind::File);
        check(r#"{"score":3,"type":" "}"#, Kind::Process);
        check(r#"{"score":10}"#, Kind::Network);
        check(r#"{"score":1}"#, Kind::Unknown);
        check("{}", Kind::Unknown);
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
