//! What can be done about observables: actions on devices, indicators for the rest (spec §8.1).

use std::collections::HashSet;

use futures::future::{join, join_all, join3};
use relay_core::{
    Action as Offer, Error, ErrorKind, Observable, Partial, Result, Time, relay::QueryParams,
};

use crate::{
    actions::{
        Action, DEVICE_ACTIONS, DeviceAction, NEW_INDICATORS, NewIndicator, Switch, Turn,
        indicator_type, is_device,
    },
    client::{Availability, Indicator, MOST_VALUES, MachineAction},
    config::Settings,
    desk::Desk,
    subject::Subject,
};

/// The first group of every action.
const PRODUCT: &str = "Microsoft Defender for Endpoint";

impl Desk<'_> {
    /// The actions for each observable, in the order of the question; one trip.
    pub(crate) async fn actions(&self, wanted: &[Observable]) -> Partial<Vec<Offer>> {
        let subjects: Vec<_> = wanted.iter().filter_map(Subject::of).collect();
        let devices = subjects.iter().filter(|subject| is_device(subject.kind()));
        let devices = join_all(devices.map(|device| self.device_actions(device)));
        let (devices, indicators) = join(devices, self.indicators(&subjects)).await;
        let Partial { data: indicators, errors } = indicators;
        let mut devices = devices.into_iter();
        let mut offers = Partial { data: Vec::new(), errors };
        for subject in &subjects {
            if is_device(subject.kind()) {
                match devices.next().unwrap_or(Ok(Vec::new())) {
                    Ok(actions) => offers.data.extend(actions),
                    Err(error) => offers.errors.push(error),
                }
            } else if subject.spellings().all(|value| indicators.answered.contains(value)) {
                offers.data.extend(indicator_offers(self.settings, subject, &indicators.found));
            }
        }
        offers
    }

    async fn device_actions(&self, device: &Subject<'_>) -> Result<Vec<Offer>> {
        let id = &device.value;
        let (available, history, guarded) =
            join3(self.api.availability(id), self.api.history(id), self.device(id)).await;
        let available = match available {
            Err(failure) if failure.is_unknown_thing() => return Ok(Vec::new()),
            outcome => outcome.map_err(of_list)?,
        };
        let history = history.map_err(of_list)?;
        let may_confine = !guarded?.is_protected();
        let possible = DEVICE_ACTIONS.iter().filter(|action| {
            self.settings.offers(Action::Device(action)) && (may_confine || !action.confines())
        });
        let possible: Vec<_> = possible.collect();
        let chosen = fitting(&possible, available.as_deref(), &history);
        Ok(chosen.into_iter().map(|action| device_offer(action, device)).collect())
    }

    /// The indicators for all values that can have one.
    async fn indicators<'s>(&self, subjects: &'s [Subject<'_>]) -> Partial<Known<'s>> {
        let with_type = subjects.iter().filter(|subject| indicator_type(subject.kind()).is_some());
        let mut values: Vec<&str> = with_type.flat_map(Subject::spellings).collect();
        let mut seen = HashSet::new();
        values.retain(|value| seen.insert(*value));
        let chunks = values.chunks(MOST_VALUES);
        let answers = join_all(chunks.clone().map(|values| self.api.indicators(values))).await;
        let mut known: Partial<Known<'_>> = Partial::default();
        for (values, answer) in chunks.zip(answers) {
            if answer.errors.is_empty() {
                known.data.answered.extend(values);
            }
            known.data.found.extend(answer.data);
            known.errors.extend(answer.errors.into_iter().map(of_list));
        }
        known
    }
}

/// What the product said about indicators.
#[derive(Default)]
struct Known<'s> {
    /// The values that it said something about.
    answered: HashSet<&'s str>,
    found: Vec<Indicator>,
}

/// A list that the product refused; its other failures stay what they are.
fn of_list(failure: impl Into<Error>) -> Error {
    let error: Error = failure.into();
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::NotFound => error.with_code("invalid request"),
        _ => error,
    }
}

/// What of the possible actions fits a device: what it can do, without what was done already; what
/// undoes that comes last. Without a word on what it can do it is taken to do all.
fn fitting(
    possible: &[&'static DeviceAction],
    available: Option<&[Availability]>,
    history: &[MachineAction],
) -> Vec<&'static DeviceAction> {
    let can = |name: &str| {
        available.is_none_or(|all| {
            all.iter().any(|it| it.action.as_deref() == Some(name) && it.is_available == Some(true))
        })
    };
    let is_on = Switch::ALL.map(|switch| (switch, is_on(switch, history)));
    let is_on = |switch: Switch| is_on.contains(&(switch, true));
    let mut forward: Vec<_> = possible
        .iter()
        .copied()
        .filter(|action| action.available_as.is_some_and(can))
        .filter(|action| !matches!(action.turn, Some(Turn::On(switch)) if is_on(switch)))
        .collect();
    forward.sort_by_key(|action| action.title);
    let back = possible
        .iter()
        .copied()
        .filter(|action| matches!(action.turn, Some(Turn::Off(switch)) if is_on(switch)));
    forward.into_iter().chain(back).collect()
}

/// Whether the newest action on the switch that was not in vain is the one that switches on.
fn is_on(switch: Switch, history: &[MachineAction]) -> bool {
    let (on, off) = switch.types();
    let counts = |action: &&MachineAction| {
        let kind = action.kind.as_deref();
        let status = action.status.as_deref();
        (kind == Some(on) || kind == Some(off))
            && matches!(status, Some("Succeeded" | "Pending" | "InProgress"))
    };
    // Of two with the same time the first counts, because the product lists the newest first.
    let newest = history
        .iter()
        .filter(counts)
        .rev()
        .max_by_key(|action| action.creation_date_time_utc.as_deref().and_then(Time::parse));
    newest.is_some_and(|action| action.kind.as_deref() == Some(on))
}

fn device_offer(action: &'static DeviceAction, device: &Subject<'_>) -> Offer {
    Offer {
        id: Action::Device(action).id(),
        title: action.title.into(),
        description: action.title.into(),
        categories: vec![PRODUCT, "Machine Actions"],
        query_params: QueryParams::from(device.observable),
    }
}

/// Removing the indicator that is there, or adding one.
fn indicator_offers(settings: &Settings, subject: &Subject<'_>, known: &[Indicator]) -> Vec<Offer> {
    let Some(kind) = indicator_type(subject.kind()) else { return Vec::new() };
    match known.iter().find(|indicator| indicator.is_for(subject, kind)) {
        Some(indicator) => removal(settings, subject, indicator).into_iter().collect(),
        None => NEW_INDICATORS
            .iter()
            .filter(|new| settings.offers(Action::AddIndicator(new)))
            .map(|new| addition(new, subject))
            .collect(),
    }
}

fn removal(settings: &Settings, subject: &Subject<'_>, indicator: &Indicator) -> Option<Offer> {
    let id = settings.offers(Action::RemoveIndicator).then(|| indicator.id.clone()).flatten()?;
    let action = match indicator.action.as_deref() {
        Some("AlertAndBlock") => "Alert and Block",
        Some(other) => other,
        None => "unknown",
    };
    let title = indicator.title.as_deref().map(|title| format!(" - {title}")).unwrap_or_default();
    let value = &subject.observable.value;
    Some(Offer {
        id: Action::RemoveIndicator.id(),
        title: format!("Remove indicator: {action}{title}").into(),
        description: format!("Remove indicator with {action} action for {value}").into(),
        categories: vec![PRODUCT, "Remove Indicator"],
        query_params: QueryParams {
            indicator_id: Some(id),
            ..QueryParams::from(subject.observable)
        },
    })
}

fn addition(new: &'static NewIndicator, subject: &Subject<'_>) -> Offer {
    let (label, value) = (new.label, &subject.observable.value);
    Offer {
        id: Action::AddIndicator(new).id(),
        title: format!("Add indicator: {label}").into(),
        description: format!("Add indicator with {label} action for {value}").into(),
        categories: vec![PRODUCT, "Add Indicator"],
        query_params: QueryParams::from(subject.observable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(kind: &str, status: &str, at: &str) -> MachineAction {
        let text = |text: &str| format!("\"{text}\"");
        let (kind, status, at) = (text(kind), text(status), text(at));
        let json =
            format!(r#"{{"type": {kind}, "status": {status}, "creationDateTimeUtc": {at}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn can(names: &[&str]) -> Vec<Availability> {
        let one = |name: &&str| Availability {
            action: Some((*name).to_owned()),
            is_available: Some(true),
        };
        names.iter().map(one).collect()
    }

    fn titles(available: Option<&[Availability]>, history: &[MachineAction]) -> Vec<&'static str> {
        let all: Vec<_> = DEVICE_ACTIONS.iter().collect();
        fitting(&all, available, history).into_iter().map(|action| action.title).collect()
    }

    #[test]
    fn everything_is_offered_by_title_where_the_product_does_not_tell() {
        assert_eq!(
            titles(None, &[]),
            [
                "Collect investigation package",
                "Initiate automated investigation",
                "Isolate Device: Full",
                "Isolate Device: Selective",
                "Restrict app execution",
                "Run antivirus scan: Full",
                "Run antivirus scan: Quick",
            ]
        );
        assert_eq!(titles(Some(&[]), &[]), [""; 0]);
    }

    #[test]
    fn no08_an_isolated_device_is_released_whatever_it_could_do() {
        let isolated = [done("Isolate", "Succeeded", "2026-10-30T08:00:00Z")];
        for available in [&["FullIsolation"][..], &["SelectiveIsolation"], &[]] {
            assert_eq!(titles(Some(&can(available)), &isolated), ["Release from isolation"]);
        }
        let both =
            [&isolated[..], &[done("RestrictCodeExecution", "Pending", "2026-10-01T08:00:00Z")]];
        assert_eq!(
            titles(Some(&can(&["RestrictCodeExecution", "RunAntiVirusScan"])), &both.concat()),
            [
                "Run antivirus scan: Full",
                "Run antivirus scan: Quick",
                "Release from isolation",
                "Remove app restrictions",
            ]
        );
    }

    #[test]
    fn the_newest_action_that_was_not_in_vain_counts() {
        let check = |history: &[MachineAction], expected: bool| {
            assert_eq!(is_on(Switch::Isolation, history), expected, "{history:?}");
        };
        let (old, new) = ("2026-10-01T08:00:00Z", "2026-10-02T08:00:00.5Z");
        check(&[done("Isolate", "Succeeded", old), done("Unisolate", "Succeeded", new)], false);
        check(&[done("Isolate", "Succeeded", new), done("Unisolate", "Succeeded", old)], true);
        check(&[done("Isolate", "Succeeded", old), done("Unisolate", "Failed", new)], true);
        check(&[done("Isolate", "InProgress", new), done("Unisolate", "Succeeded", old)], true);
        for vain in ["Failed", "TimeOut", "Cancelled", ""] {
            check(&[done("Isolate", vain, new)], false);
        }
        check(&[done("Isolate", "Succeeded", old), done("Unisolate", "Succeeded", old)], true);
        check(&[done("RestrictCodeExecution", "Succeeded", new)], false);
    }
}
