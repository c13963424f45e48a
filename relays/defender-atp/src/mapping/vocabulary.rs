//! From the product's words to CTIM's: docs/relays/defender-atp.md#alert-to-sighting.

use microsoft::defender::{Alert, DeviceEvent};
use relay_core::ctim::{Resolution, Sensor, Severity};

pub(super) fn severity(alert: &Alert) -> Severity {
    match alert.severity.as_deref() {
        Some("Informational") => Severity::Info,
        Some("Low") => Severity::Low,
        Some("Medium") => Severity::Medium,
        Some("High") => Severity::High,
        _ => Severity::Unknown,
    }
}

pub(super) fn resolution(alert: &Alert) -> Resolution {
    let mut statuses = alert.evidence.iter().filter_map(|entry| entry.detection_status.as_deref());
    let is_blocked = statuses.any(|status| matches!(status, "Blocked" | "Prevented"));
    if is_blocked { Resolution::Blocked } else { Resolution::Detected }
}

/// None for an event that only says what happened.
pub(super) fn event_resolution(event: &DeviceEvent) -> Option<Resolution> {
    let action = event.action_type.as_deref()?;
    action.ends_with("Blocked").then_some(Resolution::Blocked)
}

/// `is_fine`: whether the scanner is named that raised the alert.
pub(super) fn sensor(alert: &Alert, is_fine: bool) -> Sensor {
    match alert.detection_source.as_deref() {
        Some("WindowsDefenderAv") if is_fine => Sensor::ProcessAntiVirusScanner,
        Some("WindowsDefenderSmartScreen") if is_fine => Sensor::ProcessReputationService,
        _ => Sensor::Endpoint,
    }
}
