//! The responses of the API: detections with their rules, events, leases. A field that is missing,
//! null or of an unexpected type is absent.
//! Specification: docs/relays/gigamon-threatinsight.md#fields-of-an-event.

mod detection;
mod event;
mod lease;
mod reading;
mod responses;
mod total;

pub(super) use detection::detections;
pub(crate) use detection::{Detection, Indicator, Rule};
pub(crate) use event::{Event, File, Host, Side, Signature};
pub(crate) use lease::Lease;
pub(super) use lease::leases;
pub(super) use responses::{RawEvent, detection_events, raw_events, searched_events};
pub(super) use total::total;
