//! From the legacy list's words to CTIM's.

pub(super) use microsoft::severity;
use relay_core::{
    ObservableType,
    ctim::{Confidence, Sensor},
};

use crate::client::Alert;

/// Returns the confidence for a percentage, in thirds. Without one it is CTIM's `None`; more than a
/// hundred is `Unknown`.
pub(super) fn confidence(percent: Option<i64>) -> Confidence {
    match percent {
        None => Confidence::None,
        Some(..=33) => Confidence::Low,
        Some(34..=66) => Confidence::Medium,
        Some(67..=100) => Confidence::High,
        Some(101..) => Confidence::Unknown,
    }
}

/// Returns the sensor by the provider's product.
pub(super) fn sensor(alert: &Alert) -> Sensor {
    match (alert.provider(), alert.sub_provider()) {
        (Some("Palo Alto Networks"), Some("NGFW" | "NG Firewall")) => Sensor::NetworkFirewall,
        _ => Sensor::Endpoint,
    }
}

/// Returns the type of a hash; none for kinds that CTIM has no type for.
pub(super) fn hash_type(word: &str) -> Option<ObservableType> {
    match word {
        "sha256" => Some(ObservableType::Sha256),
        "sha1" => Some(ObservableType::Sha1),
        "md5" => Some(ObservableType::Md5),
        _ => None,
    }
}
