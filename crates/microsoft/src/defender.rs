//! Microsoft Defender for Endpoint's own API: alerts, files, devices, hunting, indicators and
//! actions on devices.
//!
//! A relay keeps one [`Defender`] and makes a [`DefenderClient`] for each call. The client counts
//! requests against the vendor's quotas, stops where further ones would fail alike, caches devices,
//! network adapters and hashes of files, and runs hunting queries at Graph or at the product's own
//! endpoint. [`observables`], targets and relations are read out of its records; entities are the
//! relay's.
//!
//! Specification: docs/relays/defender-atp.md#requests.

mod alerts;
mod cache;
mod client;
mod details;
mod error;
mod event_relations;
mod events;
mod file_names;
mod hunting;
mod incidents;
mod indicators;
mod lists;
mod login;
mod lookup;
mod machine_actions;
mod machines;
mod normalized;
pub mod observables;
mod process_tree;
mod query;
mod quota;
mod retirement;
mod settings;
mod targets;

pub use alerts::{Alert, AlertEvidence, AlertQuery, RelatedUser, Sha1s};
pub use client::{Defender, DefenderClient};
pub use details::{AlertDetails, DeviceDetails};
pub use error::RequestError;
pub use event_relations::event_relations;
pub use events::{Adapter, DeviceEvent};
pub use file_names::{add_file_names, add_from_each};
pub use hunting::{HuntingApi, HuntingMode};
pub use indicators::{Indicator, NewIndicator, indicator_type};
pub use lists::MAX_FILTER_VALUES;
pub use lookup::Lookup;
pub use machine_actions::{ActionAvailability, DeviceCommand, MachineAction};
pub use machines::{Machine, MachineAddress};
pub use normalized::NormalizedObservable;
pub use process_tree::add_parents;
pub use query::EventKey;
pub use quota::MAX_REQUESTS;
pub use targets::{alert_target, event_target};

/// Every form of hunting query about these observables and a device.
#[cfg(test)]
pub(crate) fn all_queries(observables: &[relay_core::Observable]) -> Vec<String> {
    let normalized: Vec<_> = observables.iter().filter_map(NormalizedObservable::new).collect();
    let keys: Vec<_> = normalized.iter().filter_map(EventKey::new).collect();
    let of_events = query::groups(&keys).into_iter().map(|group| query::events(&group, 100));
    of_events.chain([query::adapters(&["f506b40928b5"])]).collect()
}
