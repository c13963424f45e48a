//! Actions on devices: what is possible, what was requested, and requesting one.
//!
//! Source: docs/relays/defender-atp.md#actions-on-devices; Microsoft's pages "List machineActions
//! API", "Isolate machine API" and those beside it; `availableMachineActions` is not documented.

use std::collections::BTreeMap;

use relay_core::{
    Error, ErrorKind, Request, Response,
    lenient::{Flag, Text},
};
use serde::{Deserialize, Serialize};

use super::{DefenderClient, RequestError, lists::records, quota::RequestGroup};
use crate::odata::Filter;

/// The newest actions of a device that are read.
const HISTORY_SIZE: &str = "100";

/// Whether an action is possible on a device.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ActionAvailability {
    /// `FullIsolation`.
    pub action: Text,
    /// Absent where the product does not say.
    pub is_available: Flag,
}

/// An action that was requested of a device.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MachineAction {
    id: Text,
    /// `Isolate`.
    #[serde(rename = "type")]
    pub kind: Text,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `TimeOut`, `Cancelled`.
    pub status: Text,
    /// RFC 3339, UTC.
    pub creation_date_time_utc: Text,
}

/// What a device is told to do: `POST …/machines/{id}/{endpoint}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceCommand {
    /// The last segment of the path.
    pub endpoint: &'static str,
    /// The member of the body beside `Comment`.
    pub parameter: Option<(&'static str, &'static str)>,
    /// The application permission that it needs.
    pub permission: &'static str,
}

#[derive(Serialize)]
struct CommandBody {
    /// The reason that the device's history shows.
    #[serde(rename = "Comment")]
    comment: String,
    #[serde(flatten)]
    parameter: BTreeMap<&'static str, &'static str>,
}

impl<C: Sync> DefenderClient<'_, C> {
    /// Returns what is possible on a device; `None` when the product does not say.
    ///
    /// # Errors
    ///
    /// Those of any request; [`RequestError::is_unknown_resource`] for an unknown device.
    pub async fn available_actions(
        &self,
        id: &str,
    ) -> Result<Option<Vec<ActionAvailability>>, RequestError> {
        let segments = ["machines", id, "availableMachineActions"];
        match self.get(RequestGroup::Machines, &segments).await {
            Ok(response) => Ok(Some(records(&response)?)),
            Err(error) if error.is_unknown_resource() => Err(error),
            Err(error) if error.is_no_data() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the actions that were requested of a device, in no particular order.
    ///
    /// # Errors
    ///
    /// Those of any request.
    pub async fn machine_actions(&self, id: &str) -> Result<Vec<MachineAction>, RequestError> {
        let request = Request::get(self.address(&["machineactions"])?)
            .query("$filter", Filter::equals("machineId", id).as_str())
            .query("$top", HISTORY_SIZE);
        let response = self.send(RequestGroup::MachineActions, request).await?;
        Ok(records(&response)?)
    }

    /// Sends a command to a device. `Ok` means that the product accepted it. Never sent again,
    /// except after a 401, which did nothing.
    ///
    /// # Errors
    ///
    /// Those of any request; the outcome is unknown when the response does not confirm it.
    pub async fn command(&self, id: &str, command: &DeviceCommand) -> Result<(), RequestError> {
        let parameter = command.parameter.into_iter().collect();
        let comment = format!("Requested from {}", self.call.requested_from());
        let body = CommandBody { comment, parameter };
        let address = self.address(&["machines", id, command.endpoint])?;
        let request = Request::post(address).json(&body)?;
        let group = RequestGroup::MachineActions;
        let response = self.send_with_permission(command.permission, group, request).await?;
        Ok(check_accepted(&response).map_err(Error::outcome_unknown)?)
    }
}

/// Success is an action or an investigation with an id that has not failed already.
fn check_accepted(response: &Response) -> relay_core::Result<()> {
    let MachineAction { id, status, .. } = response.json()?;
    let has_failed = matches!(status.as_deref(), Some("Failed" | "TimeOut" | "Cancelled"));
    match *id {
        Some(_) if has_failed => {
            let text = "The product accepted the action and ended it without success; look at the device's action history.";
            Err(Error::new(ErrorKind::Unexpected, text))
        }
        Some(_) => Ok(()),
        None => Err(response.malformed()),
    }
}
