//! Actions on devices: what is possible, what was done, and doing it.
//!
//! Nothing that is sent here is repeated, except after a 401, which did nothing.
//! Source: spec §8; pages "List machineActions API", "Isolate machine API" and those beside it;
//! `availableMachineActions` is not documented.

use std::collections::BTreeMap;

use relay_core::{Error, ErrorKind, Request, Response, lenient};
use serde::{Deserialize, Serialize};

use super::{Api, Failure, Group, rows};
use crate::actions::DeviceAction;

/// What the device's history shows as the reason.
const COMMENT: &str = "Requested from SecureX Threat Response";
/// As many of the newest actions of a device as are looked at.
const HISTORY: &str = "100";

/// Whether an action can be done on a device.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Availability {
    /// `FullIsolation`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) action: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) is_available: Option<bool>,
}

/// An action that was asked of a device.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MachineAction {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    /// `Isolate`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `TimeOut`, `Cancelled`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) status: Option<String>,
    /// RFC 3339, UTC.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) creation_date_time_utc: Option<String>,
}

#[derive(Serialize)]
struct Wish {
    #[serde(rename = "Comment")]
    comment: &'static str,
    #[serde(flatten)]
    parameter: BTreeMap<&'static str, &'static str>,
}

impl Api<'_> {
    /// What can be done on a device; none when the product does not tell.
    ///
    /// Errors: `is_unknown_thing` for a device that the product does not know.
    pub(crate) async fn availability(
        &self,
        id: &str,
    ) -> Result<Option<Vec<Availability>>, Failure> {
        let segments = ["machines", id, "availableMachineActions"];
        match self.get(Group::Machines, &segments).await {
            Ok(response) => Ok(Some(rows::page(&response)?)),
            Err(failure) if failure.is_unknown_thing() => Err(failure),
            Err(failure) if failure.is_no_data() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What was asked of a device, in no particular order.
    pub(crate) async fn history(&self, id: &str) -> Result<Vec<MachineAction>, Failure> {
        let filter = format!("machineId eq {}", microsoft::odata::literal(id));
        let request = Request::get(self.address(&["machineactions"])?)
            .query("$filter", &filter)
            .query("$top", HISTORY);
        let response = self.send(Group::MachineActions, request).await?;
        Ok(rows::page(&response)?)
    }

    /// Asks a device to do something. `Ok` when the product accepted it.
    pub(crate) async fn start(&self, id: &str, action: &DeviceAction) -> Result<(), Failure> {
        let wish = Wish { comment: COMMENT, parameter: action.parameter.into_iter().collect() };
        let address = self.address(&["machines", id, action.verb])?;
        let request = Request::post(address).json(&wish)?;
        let response = self.send_needing(action.permission, Group::MachineActions, request).await?;
        Ok(accepted(&response).map_err(Error::outcome_unknown)?)
    }
}

/// Success is an action or an investigation with an id that has not failed already.
fn accepted(response: &Response) -> relay_core::Result<()> {
    let MachineAction { id, status, .. } = response.json()?;
    let failed = matches!(status.as_deref(), Some("Failed" | "TimeOut" | "Cancelled"));
    match id {
        Some(_) if failed => {
            let text = "The product took the action on and gave it up; look at the device's action history.";
            Err(Error::new(ErrorKind::Unexpected, text))
        }
        Some(_) => Ok(()),
        None => Err(response.malformed()),
    }
}
