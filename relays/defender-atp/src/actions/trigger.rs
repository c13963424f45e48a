//! Does what was chosen, once: the checks, the one request, and what its response means.
//! docs/relays/defender-atp.md#trigger

use microsoft::defender::{NewIndicator, NormalizedObservable, RequestError, indicator_type};
use relay_core::{Error, ErrorKind, Result, Trigger, one_line};

use super::types::{DefenderAction, DeviceAction, IndicatorAction, is_device};
use crate::{
    ABOUT,
    client::{Client, actions_ended},
};

/// Digits of an indicator's id.
const MAX_ID_DIGITS: usize = 20;

impl Client<'_> {
    /// Does the action. `Ok` means that the product confirmed it.
    pub(crate) async fn perform(&self, trigger: &Trigger) -> Result<()> {
        let given = trigger.observable().filter(|it| ABOUT.name_of(it.kind).is_some());
        let given = given.ok_or_else(|| unsupported_type(&trigger.observable_type))?;
        let action =
            DefenderAction::from_id(&trigger.action_id).filter(|it| self.config.has_action(*it));
        let action = action.ok_or_else(unsupported_action)?;
        let indicator_id = trigger.indicator_id.as_deref().map(checked_id).transpose()?;
        let observable = NormalizedObservable::new(&given)
            .ok_or_else(|| invalid_value(&trigger.observable_type))?;
        if let DefenderAction::Device(_) = action
            && !is_device(given.kind)
        {
            return Err(unsupported_action());
        }
        if !self.can_act() {
            return Err(actions_ended());
        }
        let outcome = self.act(action, &observable, indicator_id).await;
        match outcome.is_err() && self.has_ceased_to_act().await {
            true => Err(actions_ended()),
            false => outcome,
        }
    }

    async fn act(
        &self,
        action: DefenderAction,
        observable: &NormalizedObservable<'_>,
        indicator_id: Option<&str>,
    ) -> Result<()> {
        match action {
            DefenderAction::Device(action) => self.command(action, observable).await,
            DefenderAction::AddIndicator(action) => self.add_indicator(action, observable).await,
            DefenderAction::RemoveIndicator => {
                self.remove_indicator(indicator_id, observable).await
            }
        }
    }

    async fn command(
        &self,
        action: &DeviceAction,
        device: &NormalizedObservable<'_>,
    ) -> Result<()> {
        let id = match action.confines() {
            true => self.confinable_id(device).await?,
            false => device.value.clone(),
        };
        self.defender.command(&id, &action.command).await.map_err(failure)
    }

    async fn add_indicator(
        &self,
        action: &IndicatorAction,
        observable: &NormalizedObservable<'_>,
    ) -> Result<()> {
        let from = self.call.requested_from();
        let indicator = NewIndicator {
            indicator_value: &observable.value,
            indicator_type: known_indicator_type(observable)?,
            action: action.action_on(observable.kind()),
            generate_alert: action.generates_alert,
            title: &format!("From {from}"),
            description: &format!("Created by an action that was requested from {from}"),
            severity: action.severity,
        };
        self.defender.add_indicator(&indicator).await.map_err(failure)
    }

    /// Removes the indicator of this value; where an id is given, it must be that one's. The id came
    /// from the caller, so only the product's list tells what it is about.
    async fn remove_indicator(
        &self,
        id: Option<&str>,
        observable: &NormalizedObservable<'_>,
    ) -> Result<()> {
        known_indicator_type(observable)?;
        let id = self.indicator_id(id, observable).await?;
        match self.defender.remove_indicator(&id).await {
            Err(error) if error.is_not_found() => Err(no_indicator()),
            outcome => outcome.map_err(failure),
        }
    }

    async fn indicator_id(
        &self,
        id: Option<&str>,
        observable: &NormalizedObservable<'_>,
    ) -> Result<String> {
        let values: Vec<_> = observable.spellings().collect();
        let known = self.defender.indicators(&values).await;
        let of_value = known.data.into_iter().filter(|it| it.is_for(observable));
        let mut ids = of_value.filter_map(|indicator| indicator.id.into_inner());
        match ids.find(|known| id.is_none_or(|id| id == known)) {
            Some(id) => Ok(id),
            None => Err(known.errors.into_iter().next().map_or_else(no_indicator, not_removed)),
        }
    }
}

fn known_indicator_type(observable: &NormalizedObservable<'_>) -> Result<&'static str> {
    let kind = observable.kind();
    indicator_type(kind).ok_or_else(|| unsupported_type(kind.as_str()))
}

/// Digits, because an indicator's id goes into a path.
fn checked_id(id: &str) -> Result<&str> {
    let is_number =
        (1..=MAX_ID_DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(id).ok_or_else(|| {
        let text = r#"Invalid JSON payload received. {"indicator_id": ["Not a valid integer."]}"#;
        Error::new(ErrorKind::InvalidBody, text).with_code("invalid payload")
    })
}

fn unsupported_action() -> Error {
    Trigger::unsupported().with_code("invalid request")
}

fn unsupported_type(kind: &str) -> Error {
    let kind = one_line(kind);
    let text = format!("Unsupported observable type {kind}: there is no such action for it.");
    Error::new(ErrorKind::Unsupported, text).with_code("unsupported type")
}

fn invalid_value(kind: &str) -> Error {
    let kind = one_line(kind);
    let text = format!("The value is not of the type {kind}, so nothing was done.");
    Error::new(ErrorKind::InvalidInput, text)
}

fn no_indicator() -> Error {
    let text = "There is no such indicator; it may have been removed already.";
    Error::new(ErrorKind::NotFound, text)
}

fn not_removed(error: impl Into<Error>) -> Error {
    error.into().with_preface("The indicator could not be looked up, so nothing was done.")
}

/// What a failed request means for the action: refused, or nobody knows.
fn failure(error: RequestError) -> Error {
    let (is_about_request, is_refusal) = (error.is_about_request(), error.is_refusal());
    let is_unanswered = error.is_unanswered();
    let error = Error::from(error);
    if is_about_request {
        return error.with_kind(ErrorKind::InvalidInput).with_code("invalid request");
    }
    let is_login = error.kind() == ErrorKind::Unauthorized;
    let is_unsent = is_unanswered && !error.is_outcome_unknown();
    if is_refusal || is_login || is_unsent { error } else { error.outcome_unknown() }
}
