//! The responses of the API: detections with their rules, events, leases. A field that is missing,
//! null or of an unexpected type is absent.
//! Specification: docs/relays/gigamon-threatinsight.md#fields-of-an-event.

mod detection;
mod event;
mod lease;
mod reading;

pub(crate) use detection::{Detection, Detections, Indicator, Rule};
pub(crate) use event::{Event, File, Host, Side, Signature};
pub(super) use event::{detection_events, searched_events};
pub(crate) use lease::Lease;
pub(super) use lease::leases;
