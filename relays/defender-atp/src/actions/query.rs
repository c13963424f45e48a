//! Looks up whether a device is protected: docs/relays/defender-atp.md#guards.

use microsoft::defender::NormalizedObservable;
use relay_core::{Error, Result};

use crate::client::{Client, invalid_request};

/// Whether a device may be isolated or restricted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// No device is protected, so this one was not looked up.
    NotChecked,
    /// The product does not know the device.
    UnknownDevice,
    /// It is listed, by its id or a name.
    Protected,
    /// It is not listed; its id.
    Unprotected(String),
}

impl Client<'_> {
    /// The product accepts names in place of ids, so the device's record decides, not the value
    /// that was given.
    pub(super) async fn protection(&self, id_or_name: &str) -> Result<Protection> {
        let protected = &self.config.protected_devices;
        if protected.is_empty() {
            return Ok(Protection::NotChecked);
        }
        if protected.contains_any([id_or_name]) {
            return Ok(Protection::Protected);
        }
        let device = self.defender.machine(id_or_name).await.map_err(not_looked_up)?;
        let Some((id, device)) = device.as_ref().and_then(|it| Some((it.id.as_deref()?, it)))
        else {
            return Ok(Protection::UnknownDevice);
        };
        let name = device.computer_dns_name.as_deref();
        let is_listed = protected.contains_any([id].into_iter().chain(name));
        Ok(if is_listed { Protection::Protected } else { Protection::Unprotected(id.to_owned()) })
    }

    /// The id under which a device may be confined.
    pub(super) async fn confinable_id(&self, device: &NormalizedObservable<'_>) -> Result<String> {
        match self.protection(&device.value).await? {
            Protection::NotChecked => Ok(device.value.clone()),
            Protection::Unprotected(id) => Ok(id),
            Protection::Protected => Err(invalid_request(
                "The device is protected from isolation and restriction; the relay's operator can change DEFENDER_PROTECTED_MACHINES.",
            )),
            Protection::UnknownDevice => {
                Err(invalid_request("The product does not know this device."))
            }
        }
    }
}

fn not_looked_up(error: impl Into<Error>) -> Error {
    error.into().with_preface(
        "Whether the device is protected could not be looked up, so nothing was done.",
    )
}
