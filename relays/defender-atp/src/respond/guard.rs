//! The guard rail: devices that are never isolated or restricted.

use relay_core::{Error, Result};

use crate::{
    desk::{Desk, refused},
    subject::Subject,
};

/// A device, as far as the guard had to look at it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Guarded {
    /// Nothing is protected, so nobody looked.
    Unlooked,
    /// The product does not know it.
    Unknown,
    /// It is listed, by an id or a name.
    Protected,
    /// It is not listed; its true id.
    Free(String),
}

impl Guarded {
    pub(super) fn is_protected(&self) -> bool {
        matches!(self, Self::Protected)
    }
}

impl Desk<'_> {
    /// Whether a device is protected. The product takes names in place of ids, so that the record
    /// decides, not what was asked.
    pub(super) async fn device(&self, id_or_name: &str) -> Result<Guarded> {
        let protected = &self.settings.protected;
        if protected.is_empty() {
            return Ok(Guarded::Unlooked);
        }
        if protected.holds([id_or_name]) {
            return Ok(Guarded::Protected);
        }
        let record = self.api.machine(id_or_name).await.map_err(unsure)?;
        let Some(id) = record.as_ref().and_then(|record| record.id.as_deref()) else {
            return Ok(Guarded::Unknown);
        };
        let name = record.as_ref().and_then(|record| record.computer_dns_name.as_deref());
        let is_listed = protected.holds([id].into_iter().chain(name));
        Ok(if is_listed { Guarded::Protected } else { Guarded::Free(id.to_owned()) })
    }

    /// The id under which a device may be confined.
    pub(super) async fn confinable(&self, device: &Subject<'_>) -> Result<String> {
        match self.device(&device.value).await? {
            Guarded::Unlooked => Ok(device.value.clone()),
            Guarded::Free(id) => Ok(id),
            Guarded::Protected => Err(refused(
                "The device is protected from isolation and restriction; the relay's operator can change DEFENDER_PROTECTED_MACHINES.",
            )),
            Guarded::Unknown => Err(refused("The product does not know this device.")),
        }
    }
}

fn unsure(failure: impl Into<Error>) -> Error {
    let error: Error = failure.into();
    error.with_preface(
        "Whether the device is protected could not be looked up, so nothing was done.",
    )
}
