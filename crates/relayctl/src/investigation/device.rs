//! The devices and users that were hit.

use std::collections::{BTreeMap, BTreeSet};

use relay_core::ObservableType;
use serde_json::Value;

use super::{Event, Investigation, counted, event, name::Names};
use crate::{
    observable::ObservableArgument,
    table::{Cell, Grid, Narrow},
};

/// How many devices are shown.
const MAX_DEVICES: usize = 8;
/// Accounts of Windows itself.
const NOBODY: [&str; 3] = ["system", "local service", "network service"];

/// What is known of all devices, in whatever spelling products name them.
#[derive(Default)]
pub(super) struct Devices {
    names: Names,
    users: Names,
    /// The device that has an address or an id, where only one was seen with it.
    owners: BTreeMap<String, BTreeSet<String>>,
    /// The addresses and users of each device.
    addresses: BTreeMap<String, BTreeSet<String>>,
    users_of: BTreeMap<String, BTreeSet<String>>,
}

/// Who was hit in one sighting: devices, users where no device is named.
pub(super) struct Hit {
    pub(super) device: Option<String>,
    pub(super) user: Option<String>,
}

impl Devices {
    pub(super) fn of(investigation: &Investigation) -> Self {
        let targets: Vec<&Value> =
            investigation.sightings().flat_map(|(_, one)| targets(one)).collect();
        let all =
            |kinds: &'static [&str]| targets.iter().flat_map(move |target| values(target, kinds));
        let names = Names::of(all(&["hostname"]));
        let users = Names::of(all(&["user", "email"]));
        let mut devices = Self { names, users, ..Self::default() };
        for target in targets {
            devices.learn(target);
        }
        devices
    }

    fn learn(&mut self, target: &Value) {
        let Some(name) = values(target, &["hostname"]).next() else { return };
        let name = self.names.shown(name);
        for id in values(target, &["ip", "ipv6", "ms_machine_id", "mac_address"]) {
            self.owners.entry(id.to_lowercase()).or_default().insert(name.clone());
        }
        // Of many addresses, those of IPv4 are the ones that people know a device by.
        let addresses = values(target, &["ip"]).map(str::to_owned);
        self.addresses.entry(name.clone()).or_default().extend(addresses);
        let users = values(target, &["user", "email"]).map(|one| self.users.shown(one));
        let users: Vec<_> = users.filter(|user| !NOBODY.contains(&user.as_str())).collect();
        self.users_of.entry(name).or_default().extend(users);
    }

    /// Returns who was hit in a sighting.
    pub(super) fn hit(&self, sighting: &Value) -> Hit {
        let targets = targets(sighting);
        let device = targets.iter().find_map(|target| self.device(target));
        let user = targets.iter().find_map(|target| values(target, &["user", "email"]).next());
        Hit { device, user: user.map(|name| self.users.shown(name)) }
    }

    fn device(&self, target: &Value) -> Option<String> {
        let name = values(target, &["hostname"]).next().map(|name| self.names.shown(name));
        let mut addresses = values(target, &["ip", "ipv6"]);
        name.or_else(|| addresses.next().map(|one| self.owner(one).unwrap_or(one).to_owned()))
    }

    /// Whether a word is one of a device's names.
    pub(super) fn is_name_of(&self, word: &str, device: &str) -> bool {
        self.names.shown(word) == device
    }

    /// Returns a title without the device at its end, whatever its spelling: the row names it.
    pub(super) fn without_name(&self, title: &str, device: Option<&str>) -> String {
        let named = title
            .rsplit_once(" on ")
            .filter(|(_, name)| device.is_some_and(|device| self.names.shown(name) == device));
        named.map_or(title, |(title, _)| title).to_owned()
    }

    /// Returns the device that has this address or id.
    pub(super) fn owner(&self, id: &str) -> Option<&str> {
        let owners = self.owners.get(&id.to_lowercase()).filter(|owners| owners.len() == 1);
        owners?.first().map(String::as_str)
    }

    /// Returns one row for each device and for each user who was hit on none, the first one first.
    pub(super) fn table(&self, events: &[Event]) -> Option<Grid> {
        let mut grid = Grid::indented([
            ("", Narrow::Cut(12)),
            ("", Narrow::Cut(12)),
            ("", Narrow::Cut(8)),
            ("", Narrow::Spare),
            ("", Narrow::Keep),
        ]);
        let known: BTreeSet<_> = self.users_of.values().flatten().collect();
        let mut names: Vec<&String> = Vec::new();
        for event in events {
            let user = event.user.as_ref().filter(|user| !known.contains(user));
            let name = event.device.as_ref().or(user);
            names.extend(name.filter(|name| !names.contains(name)));
        }
        for name in names.iter().take(MAX_DEVICES) {
            grid.row(self.row(name, events));
        }
        if let more @ 1.. = names.len().saturating_sub(MAX_DEVICES) {
            grid.row([Cell::from(format!("and {more} more"))]);
        }
        (!names.is_empty()).then_some(grid)
    }

    fn row(&self, name: &String, events: &[Event]) -> [Cell; 5] {
        let list = |all: &BTreeMap<String, BTreeSet<String>>| {
            let known = all.get(name).into_iter().flatten().map(String::as_str);
            known.collect::<Vec<_>>().join(", ")
        };
        let own = |event: &&Event| event.device.as_ref().or(event.user.as_ref()) == Some(name);
        let own: Vec<Event> = events.iter().filter(own).cloned().collect();
        let products = counted(event::products(&own), "product");
        let [first, _] = event::period(&own);
        [
            name.into(),
            list(&self.addresses).into(),
            list(&self.users_of).into(),
            format!("{} by {products}", counted(own.len(), "sighting")).into(),
            format!("since {}", event::day(&first)).into(),
        ]
    }
}

impl Investigation {
    /// Returns the ids under which actions know the devices that were hit, each once, the first one first.
    pub(crate) fn machines(&self) -> Vec<ObservableArgument> {
        let mut sightings: Vec<&Value> = self.sightings().map(|(_, one)| one).collect();
        sightings.sort_by_key(|one| one["observed_time"]["start_time"].as_str());
        let mut ids: Vec<&str> = Vec::new();
        for target in sightings.into_iter().flat_map(targets) {
            ids.extend(values(target, &["ms_machine_id"]).find(|id| !ids.contains(id)));
        }
        ids.into_iter().map(|id| ObservableArgument::new(ObservableType::MsMachineId, id)).collect()
    }
}

fn targets(sighting: &Value) -> Vec<&Value> {
    sighting["targets"].as_array().into_iter().flatten().collect()
}

/// Returns the values of a target's observables of these types.
fn values<'a>(target: &'a Value, kinds: &'static [&str]) -> impl Iterator<Item = &'a str> {
    let observables = target["observables"].as_array().into_iter().flatten();
    let of_kind =
        observables.filter(|one| one["type"].as_str().is_some_and(|kind| kinds.contains(&kind)));
    of_kind.filter_map(|one| one["value"].as_str())
}
