//! Devices: their records, many in one request, and the one that an action is about.
//!
//! Source: docs/relays/defender-atp.md#target; Microsoft's pages "Machine resource type", "List
//! machines API", "Get machine by ID API".

use std::{collections::HashMap, sync::Arc};

use relay_core::{
    Partial,
    lenient::{List, Text},
};
use serde::Deserialize;

use super::{
    DefenderClient, RequestError,
    cache::{Record, split_cached},
    lists::FilteredList,
    quota::RequestGroup,
};

/// A device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Machine {
    /// 40 hex digits.
    pub id: Text,
    /// The full name.
    pub computer_dns_name: Text,
    /// `Windows11`.
    pub os_platform: Text,
    /// `64-bit`.
    pub os_architecture: Text,
    /// `x64`; older records have it in place of the architecture.
    pub os_processor: Text,
    /// `23H2`.
    pub version: Text,
    /// The address that was used last.
    pub last_ip_address: Text,
    /// All addresses.
    pub ip_addresses: List<MachineAddress>,
}

/// One address of a device, and the adapter that has it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MachineAddress {
    /// IPv4 or IPv6.
    pub ip_address: Text,
    /// Twelve hex digits, with separators or without.
    pub mac_address: Text,
}

const MACHINES_BY_ID: FilteredList = FilteredList {
    group: RequestGroup::Machines,
    name: "machines",
    property: "id",
    option: None,
    is_empty_on_404: true,
};

impl<C: Sync> DefenderClient<'_, C> {
    /// Returns the devices with these ids, `None` for one that the product does not know. Cached
    /// for a quarter of an hour.
    pub async fn machines<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> Partial<HashMap<String, Option<Arc<Machine>>>> {
        let cached = |id: &str| self.cache.machine(id).map(Record::known);
        let (mut machines, missing) = split_cached(ids, cached);
        let _lookups = self.cache.lookups(&missing).await;
        let (found_meanwhile, missing) = split_cached(missing, cached);
        machines.extend(found_meanwhile);
        if missing.is_empty() {
            return machines.into();
        }
        let Partial { data: records, errors } =
            self.filtered_records::<Machine>(MACHINES_BY_ID, &missing).await;
        let records = records.into_iter().filter_map(|machine| {
            let id = machine.id.clone().into_inner()?;
            Some((id, Arc::new(machine)))
        });
        let found: HashMap<_, _> = records.collect();
        for id in missing {
            let machine = found.get(id).cloned();
            // A device that is missing from an incomplete list may well be known.
            if machine.is_some() || errors.is_empty() {
                self.cache.keep_machine(id, machine.clone());
            }
            machines.insert(id.to_owned(), machine);
        }
        Partial { data: machines, errors }
    }

    /// Returns the device with this id or name; `None` when the product does not know it.
    ///
    /// # Errors
    ///
    /// Those of any request.
    pub async fn machine(&self, id_or_name: &str) -> Result<Option<Machine>, RequestError> {
        match self.get(RequestGroup::Machines, &["machines", id_or_name]).await {
            Ok(response) => Ok(Some(response.json()?)),
            Err(error) if error.is_unknown_resource() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
