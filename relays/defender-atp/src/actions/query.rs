//! Looks up whether a device is protected: docs/relays/defender-atp.md#guards.

use microsoft::defender::NormalizedObservable;
use relay_core::{Error, Result};

use crate::{
    client::{Client, invalid_request},
    config::Verdict,
};

/// Whether a device may be isolated or restricted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// No device is protected, so this one was not looked up.
    NotChecked,
    /// The product does not know the device.
    UnknownDevice,
    /// It is listed, by its id or a name.
    Protected,
    /// Names are listed, and the product names none for the device.
    Undecided,
    /// It is not listed; its id.
    Unprotected(String),
}

impl Protection {
    /// Whether isolating and restricting may be offered.
    pub(super) fn may_confine(&self) -> bool {
        matches!(self, Self::NotChecked | Self::Unprotected(_))
    }
}

impl Client<'_> {
    /// The product accepts names in place of ids, so the device's record decides, not the value
    /// that was given.
    pub(super) async fn protection(&self, id_or_name: &str) -> Result<Protection> {
        let protected = &self.config.protected_devices;
        if protected.is_empty() {
            return Ok(Protection::NotChecked);
        }
        if protected.lists(id_or_name) {
            return Ok(Protection::Protected);
        }
        let device = self.defender.machine(id_or_name).await.map_err(not_looked_up)?;
        let Some((id, device)) = device.as_ref().and_then(|it| Some((it.id.as_deref()?, it)))
        else {
            return Ok(Protection::UnknownDevice);
        };
        Ok(match protected.verdict(id, device.computer_dns_name.as_deref()) {
            Verdict::Protected => Protection::Protected,
            Verdict::Undecided => Protection::Undecided,
            Verdict::Unprotected => Protection::Unprotected(id.to_owned()),
        })
    }

    /// The id under which a device may be confined.
    pub(super) async fn confinable_id(&self, device: &NormalizedObservable<'_>) -> Result<String> {
        match self.protection(&device.value).await? {
            Protection::NotChecked => Ok(device.value.clone()),
            Protection::Unprotected(id) => Ok(id),
            Protection::Protected => Err(invalid_request(
                "The device is protected from isolation and restriction; the relay's operator can change DEFENDER_PROTECTED_MACHINES.",
            )),
            Protection::Undecided => Err(invalid_request(
                "Whether the device is protected cannot be decided, because the product knows no name of it, so nothing was done; isolate it in the console, or list ids only in DEFENDER_PROTECTED_MACHINES.",
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
