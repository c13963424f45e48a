//! Speaks CTIM: what the product said, as sightings (spec §5, §6) and links (spec §7). Pure
//! functions of their arguments.

mod alert;
mod event;
mod link;
mod target;
mod value;

use relay_core::Namespace;

use crate::config::Portal;

pub(crate) use link::link;
pub(crate) use target::Device;

/// In whose name entities are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reporter<'a> {
    pub(crate) namespace: Namespace,
    pub(crate) tenant: &'a str,
    /// The product's name.
    pub(crate) product: &'a str,
    pub(crate) portal: &'a Portal,
    /// Whether sightings name the scanner that raised the alert.
    pub(crate) fine_sensors: bool,
}
