//! Judgements: the verdicts of Qualys' detection engines. Source: spec §4.4.

use relay_core::{
    Observable,
    ObservableType::{Domain, Ip, Ipv6, Mutex, Sha256},
    ctim::{Confidence, Disposition, Judgement, ShortText, ValidTime},
};

use super::{Seen, View, external_ids, score};
use crate::client::Verdict;

/// Which observables a verdict "known" makes clean.
///
/// A verdict is about the image of a file or process, not about the address that a known-good
/// process talked to; and a clean judgement outweighs the others on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CleanJudgements {
    /// Whatever was asked, as the earlier relay did.
    All,
    /// Only files: no address, name or mutex, and no other hash than the image's.
    Matching,
}

impl CleanJudgements {
    fn allow(self, asked: &Observable, verdict: &Verdict) -> bool {
        let is_image = |sha256: &String| sha256.eq_ignore_ascii_case(asked.value.trim());
        match (self, asked.kind) {
            (Self::All, _) => true,
            (Self::Matching, Ip | Ipv6 | Domain | Mutex) => false,
            (Self::Matching, Sha256) => verdict.sha256.as_ref().is_none_or(is_image),
            (Self::Matching, _) => true,
        }
    }
}

/// The judgements of one event about the observable that was asked.
pub(super) fn judgements<'a>(
    asked: &'a Observable,
    seen: &'a Seen,
    view: &'a View,
) -> impl Iterator<Item = Judgement> + 'a {
    let places = seen.event.verdicts.iter().enumerate();
    places.filter_map(move |(place, verdict)| {
        judgement(asked, seen, (place, verdict.as_ref()?), view)
    })
}

fn judgement(
    asked: &Observable,
    seen: &Seen,
    (place, verdict): (usize, &Verdict),
    view: &View,
) -> Option<Judgement> {
    let Seen { event, at, .. } = seen;
    let disposition = disposition(verdict);
    if disposition == Disposition::Clean && !view.clean_judgements.allow(asked, verdict) {
        return None;
    }
    let product_ids = [event.key.as_str(), &place.to_string()];
    let id = view.namespace.judgement(&product_ids, asked.kind.as_str(), &asked.value);
    Some(Judgement {
        reason: ShortText::present(verdict.threat_name.as_deref()),
        priority: 90,
        confidence: Confidence::High,
        severity: score::severity(event.score),
        valid_time: ValidTime::from(Some(*at)),
        external_ids: external_ids(event),
        ..Judgement::of(id, view.source, asked.clone(), disposition)
    })
}

fn disposition(verdict: &Verdict) -> Disposition {
    match verdict.verdict.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("KNOWN") => Disposition::Clean,
        Some("SUSPICIOUS") => Disposition::Suspicious,
        Some("MALICIOUS" | "REMEDIATED") => Disposition::Malicious,
        _ => Disposition::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::{self, FileName, FilePath, Md5};

    use super::*;

    #[test]
    fn every_verdict_has_its_disposition() {
        let check = |word: Option<&str>, expected| {
            let verdict = Verdict { verdict: word.map(str::to_owned), ..Verdict::default() };
            assert_eq!(disposition(&verdict), expected, "{word:?}");
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

    #[test]
    fn no10_d1_clean_is_about_the_judged_image_where_the_operator_says_so() {
        let image = "ab".repeat(32);
        let check = |kind: ObservableType, value: &str, judged: Option<&str>, expected: bool| {
            let verdict = Verdict { sha256: judged.map(str::to_owned), ..Verdict::default() };
            let asked = Observable::new(kind, value);
            assert_eq!(CleanJudgements::Matching.allow(&asked, &verdict), expected, "{kind}");
            assert!(CleanJudgements::All.allow(&asked, &verdict), "{kind}");
        };
        check(Ip, "203.0.113.77", Some(&image), false);
        check(Ipv6, "2001:db8::77", None, false);
        check(Domain, "c2.bad.example", None, false);
        check(Mutex, "Global\\x", None, false);
        check(Sha256, &image.to_uppercase(), Some(&image), true);
        check(Sha256, &image, None, true);
        check(Sha256, &"cd".repeat(32), Some(&image), false);
        check(Md5, &"ab".repeat(16), Some(&image), true);
        check(FileName, "a.exe", Some(&image), true);
        check(FilePath, "C:\\a.exe", Some(&image), true);
    }
}
