//! What can be done about observables: actions on devices, indicators for the other types.
//! docs/relays/defender-atp.md#actions

mod indicators;
mod query;
mod trigger;
mod types;

use std::{collections::HashMap, sync::Arc};

use futures::future::{join_all, join3};
use microsoft::defender::{ActionAvailability, Machine, MachineAction, NormalizedObservable};
use relay_core::{Action, Error, ErrorKind, Observable, Partial, QueryParams, Result, Time};

use crate::{
    ABOUT,
    client::{Client, actions_ended},
};

pub(crate) use types::DefenderAction;
use types::{DEVICE_ACTIONS, DeviceAction, DeviceState, Transition, is_device};

/// The actions for each observable, in the order of the observables; a warning where Microsoft has
/// ended them. All requests are concurrent.
pub(crate) async fn offers(
    client: &Client<'_>,
    observables: &[Observable],
) -> Partial<Vec<Action>> {
    let observables: Vec<_> = observables.iter().filter_map(NormalizedObservable::new).collect();
    if observables.is_empty() || !client.config.has_any_action() {
        return Partial::default();
    }
    if !client.can_act() {
        return actions_ended().into();
    }
    let offers = client.offers_of_api(&observables).await;
    match !offers.errors.is_empty() && client.has_ceased_to_act().await {
        true => actions_ended().into(),
        false => offers,
    }
}

impl Client<'_> {
    async fn offers_of_api(
        &self,
        observables: &[NormalizedObservable<'_>],
    ) -> Partial<Vec<Action>> {
        let devices = observables.iter().filter(|observable| is_device(observable.kind()));
        let names = self.device_names(devices.clone().map(|device| device.value.as_str()));
        let devices = join_all(devices.map(|device| self.device_offers(device)));
        let (devices, names, indicators) =
            join3(devices, names, self.known_indicators(observables)).await;
        let Partial { data: indicators, errors } = indicators;
        let mut devices = devices.into_iter();
        let mut offers = Partial { data: Vec::new(), errors };
        for observable in observables {
            if is_device(observable.kind()) {
                match devices.next().unwrap_or(Ok(Vec::new())) {
                    Ok(actions) => {
                        let offer = |action| device_offer(action, observable, &names);
                        offers.data.extend(actions.into_iter().map(offer));
                    }
                    Err(error) => offers.errors.push(self.error_about(error, observable)),
                }
            } else if observable.spellings().all(|value| indicators.answered.contains(value)) {
                offers.data.extend(indicators::offers(self.config, observable, &indicators.found));
            }
        }
        offers
    }

    fn error_about(&self, error: Error, observable: &NormalizedObservable<'_>) -> Error {
        self.defender.graph().error_about(error, observable.observable)
    }

    /// The names of devices by their ids; those that cannot be looked up are missing.
    async fn device_names<'o>(
        &self,
        values: impl Iterator<Item = &'o str>,
    ) -> HashMap<String, String> {
        let ids = values.filter(|value| is_device_id(value));
        let found = self.defender.machines(ids).await.data.into_iter();
        let name = |machine: Arc<Machine>| machine.computer_dns_name.clone().into_inner();
        found.filter_map(|(id, machine)| Some((id, machine.and_then(name)?))).collect()
    }

    /// The actions that are possible on a device.
    async fn device_offers(
        &self,
        device: &NormalizedObservable<'_>,
    ) -> Result<Vec<&'static DeviceAction>> {
        let id = &device.value;
        let (available, history, protection) = join3(
            self.defender.available_actions(id),
            self.defender.machine_actions(id),
            self.protection(id),
        )
        .await;
        let available = match available {
            Err(error) if error.is_unknown_resource() => return Ok(Vec::new()),
            outcome => outcome.map_err(list_error)?,
        };
        let history = history.map_err(list_error)?;
        let may_confine = protection?.may_confine();
        let possible = DEVICE_ACTIONS.iter().filter(|action| {
            self.config.has_action(DefenderAction::Device(action))
                && (may_confine || !action.confines())
        });
        let possible: Vec<_> = possible.collect();
        Ok(fitting(&possible, available.as_deref(), &history))
    }
}

/// The product takes names in place of ids; a name needs no look-up.
fn is_device_id(value: &str) -> bool {
    value.len() == 40 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A list that the product refused has a code of its own.
fn list_error(error: impl Into<Error>) -> Error {
    let error: Error = error.into();
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::NotFound => error.with_code("invalid request"),
        _ => error,
    }
}

/// The possible actions that fit a device: those that are available to it, without what is done
/// already; actions that end a state come last. Where the product does not say, all are available.
fn fitting(
    possible: &[&'static DeviceAction],
    available: Option<&[ActionAvailability]>,
    history: &[MachineAction],
) -> Vec<&'static DeviceAction> {
    let is_available = |name: &str| {
        available.is_none_or(|all| {
            let mut named = all.iter().filter(|it| it.action.as_deref() == Some(name));
            named.any(|it| *it.is_available == Some(true))
        })
    };
    let states = DeviceState::ALL.into_iter().filter(|state| is_in(*state, history));
    let states: Vec<_> = states.collect();
    let mut forward: Vec<_> = possible
        .iter()
        .copied()
        .filter(|action| action.available_as.is_some_and(is_available))
        .filter(|action| {
            !matches!(action.transition, Some(Transition::Begin(state)) if states.contains(&state))
        })
        .collect();
    forward.sort_by_key(|action| action.menu);
    let back = possible.iter().copied().filter(
        |action| matches!(action.transition, Some(Transition::End(state)) if states.contains(&state)),
    );
    forward.into_iter().chain(back).collect()
}

/// Whether a device is in a state: the newest action on it that did not fail begins it.
fn is_in(state: DeviceState, history: &[MachineAction]) -> bool {
    let (begin, end) = state.machine_action_types();
    let counts = |action: &&MachineAction| {
        let kind = action.kind.as_deref();
        (kind == Some(begin) || kind == Some(end))
            && matches!(action.status.as_deref(), Some("Succeeded" | "Pending" | "InProgress"))
    };
    // Of two with the same time the first counts, because the product lists the newest first.
    let newest = history
        .iter()
        .filter(counts)
        .rev()
        .max_by_key(|action| action.creation_date_time_utc.as_deref().and_then(Time::parse));
    newest.is_some_and(|action| action.kind.as_deref() == Some(begin))
}

fn device_offer(
    action: &'static DeviceAction,
    device: &NormalizedObservable<'_>,
    names: &HashMap<String, String>,
) -> Action {
    let name = names.get(&device.value).unwrap_or(&device.observable.value);
    Action {
        id: DefenderAction::Device(action).id(),
        title: action.title(name).into(),
        description: action.effect.into(),
        categories: vec![ABOUT.name, "Machine Actions"],
        query_params: QueryParams::from(device.observable),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn requested(kind: &str, status: &str, at: &str) -> MachineAction {
        let action = json!({"type": kind, "status": status, "creationDateTimeUtc": at});
        serde_json::from_str(&action.to_string()).unwrap()
    }

    fn available(names: &[&str]) -> Vec<ActionAvailability> {
        let one = |name: &&str| ActionAvailability {
            action: (*name).into(),
            is_available: Some(true).into(),
        };
        names.iter().map(one).collect()
    }

    fn titles(available: Option<&[ActionAvailability]>, history: &[MachineAction]) -> Vec<String> {
        let all: Vec<_> = DEVICE_ACTIONS.iter().collect();
        fitting(&all, available, history).into_iter().map(|action| action.title("ws-204")).collect()
    }

    #[test]
    fn everything_is_offered_by_title_where_the_product_does_not_say() {
        assert_eq!(
            titles(None, &[]),
            [
                "Collect investigation package from ws-204",
                "Isolate ws-204 (full)",
                "Isolate ws-204 (selective)",
                "Restrict apps on ws-204",
                "Run antivirus scan on ws-204 (full)",
                "Run antivirus scan on ws-204 (quick)",
                "Start automated investigation of ws-204",
            ]
        );
        assert_eq!(titles(Some(&[]), &[]), [""; 0]);
    }

    /// Row 7 of docs/relays/defender-atp.md#differences-from-the-python-originals.
    #[test]
    fn an_isolated_device_can_be_released_whatever_is_available() {
        let isolated = [requested("Isolate", "Succeeded", "2026-10-30T08:00:00Z")];
        for names in [&["FullIsolation"][..], &["SelectiveIsolation"], &[]] {
            assert_eq!(
                titles(Some(&available(names)), &isolated),
                ["Release ws-204 from isolation"]
            );
        }
        let both = [
            &isolated[..],
            &[requested("RestrictCodeExecution", "Pending", "2026-10-01T08:00:00Z")],
        ];
        assert_eq!(
            titles(
                Some(&available(&["RestrictCodeExecution", "RunAntiVirusScan"])),
                &both.concat()
            ),
            [
                "Run antivirus scan on ws-204 (full)",
                "Run antivirus scan on ws-204 (quick)",
                "Release ws-204 from isolation",
                "Remove app restrictions from ws-204",
            ]
        );
    }

    #[test]
    fn the_newest_action_that_did_not_fail_counts() {
        let check = |history: &[MachineAction], expected: bool| {
            assert_eq!(is_in(DeviceState::Isolated, history), expected, "{history:?}");
        };
        let (old, new) = ("2026-10-01T08:00:00Z", "2026-10-02T08:00:00.5Z");
        check(
            &[requested("Isolate", "Succeeded", old), requested("Unisolate", "Succeeded", new)],
            false,
        );
        check(
            &[requested("Isolate", "Succeeded", new), requested("Unisolate", "Succeeded", old)],
            true,
        );
        check(
            &[requested("Isolate", "Succeeded", old), requested("Unisolate", "Failed", new)],
            true,
        );
        check(
            &[requested("Isolate", "InProgress", new), requested("Unisolate", "Succeeded", old)],
            true,
        );
        for failed in ["Failed", "TimeOut", "Cancelled", ""] {
            check(&[requested("Isolate", failed, new)], false);
        }
        check(
            &[requested("Isolate", "Succeeded", old), requested("Unisolate", "Succeeded", old)],
            true,
        );
        check(&[requested("RestrictCodeExecution", "Succeeded", new)], false);
    }
}
