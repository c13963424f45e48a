//! From Microsoft's words to CTIM's. Source: docs/relays/graph-security.md#sightings.

use relay_core::ctim::{Confidence, Resolution, Sensor, Severity};

use super::{
    evidence::{Evidence, Word},
    types::Alert,
};

/// Returns the severity of an alert of `alerts_v2` or of the legacy list.
#[must_use]
pub fn severity(word: Option<&str>) -> Severity {
    match word {
        Some("informational") => Severity::Info,
        Some("low") => Severity::Low,
        Some("medium") => Severity::Medium,
        Some("high") => Severity::High,
        _ => Severity::Unknown,
    }
}

/// Returns the confidence by the analyst's classification, else by the worst verdict on the
/// evidence that matches the observable.
pub(super) fn confidence(alert: &Alert, matching: &[&Evidence]) -> Confidence {
    let has = |verdict| matching.iter().any(|it| *it.verdict == Some(verdict));
    match alert.classification.as_deref() {
        Some("truePositive") => Confidence::High,
        Some("falsePositive" | "informationalExpectedActivity") => Confidence::Low,
        _ if has(Word::Malicious) => Confidence::High,
        _ if has(Word::Suspicious) => Confidence::Medium,
        _ if has(Word::NoThreatsFound) => Confidence::Low,
        _ => Confidence::Unknown,
    }
}

/// Returns what became of the evidence that matches the observable, and of every file and process.
pub(super) fn resolution(alert: &Alert, matching: &[&Evidence]) -> Resolution {
    let files = alert.evidence.iter().filter(|evidence| evidence.is_file_or_process());
    let mut relevant = matching.iter().copied().chain(files);
    let is_blocked =
        |it: &Evidence| [*it.detection, *it.remediation].contains(&Some(Word::Blocked));
    if relevant.clone().any(is_blocked) {
        Resolution::Blocked
    } else if relevant.any(|it| *it.remediation == Some(Word::Remediated)) {
        Resolution::Contained
    } else {
        Resolution::Detected
    }
}

/// Returns the sensor by what detected the alert, else by the service that raised it.
pub(super) fn sensor(alert: &Alert) -> Sensor {
    let detection = alert.detection_source.as_deref().unwrap_or_default();
    let service = alert.service_source.as_deref().unwrap_or_default();
    match (detection, service) {
        ("antivirus", _) => Sensor::ProcessAntiVirusScanner,
        ("smartScreen", _) => Sensor::ProcessReputationService,
        (_, "microsoftDefenderForOffice365") => Sensor::ProcessEmailService,
        (_, "microsoftDefenderForIdentity" | "azureAdIdentityProtection") => {
            Sensor::ProcessDirectoryService
        }
        _ if service.ends_with("ForIoT") => Sensor::NetworkIds,
        _ => Sensor::Endpoint,
    }
}
