//! Does what was chosen, once: the checks, the one request, and what its response means.
//! docs/relays/defender-atp.md#trigger

use microsoft::defender::{NewIndicator, NormalizedObservable, RequestError, indicator_type};
use relay_core::{Error, ErrorKind, Result, Trigger, one_line};

use super::types::{DefenderAction, DeviceAction, IndicatorAction, is_device};
use crate::{ABOUT, Credentials, client::Client};

/// What the console shows about indicators of the relay.
const INDICATOR_TITLE: &str = "From SecureX Threat Response";
const INDICATOR_DESCRIPTION: &str = "Created by a SecureX Threat Response action";
/// Digits of an indicator's id.
const MAX_ID_DIGITS: usize = 20;

/// How far an action came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ActionOutcome {
    /// The product accepted it.
    Accepted,
    /// No request was sent.
    NotRequested,
    /// The product refused it.
    Refused,
    /// No response, or none that tells: it may have been done.
    Unknown,
}

impl ActionOutcome {
    /// The word of the audit: docs/relays/defender-atp.md#audit.
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NotRequested => "not asked",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// An action that was not done, or may not have been.
struct ActionFailure {
    outcome: ActionOutcome,
    error: Error,
}

impl From<Error> for ActionFailure {
    fn from(error: Error) -> Self {
        Self { outcome: ActionOutcome::NotRequested, error }
    }
}

/// Does the action and writes one line of the audit. `Ok` means that the product confirmed it.
pub(crate) async fn trigger(client: &Client<'_>, trigger: &Trigger) -> Result<()> {
    let done = client.perform(trigger).await;
    let failure = done.as_ref().err();
    let outcome = failure.map_or(ActionOutcome::Accepted, |failure| failure.outcome);
    let error = failure.map(|failure| &failure.error);
    record(client.call.credentials, trigger, outcome, error);
    done.map_err(|failure| failure.error)
}

impl Client<'_> {
    async fn perform(&self, trigger: &Trigger) -> Result<(), ActionFailure> {
        let given = trigger.observable().filter(|it| ABOUT.name_of(it.kind).is_some());
        let given = given.ok_or_else(|| unsupported_type(&trigger.observable_type))?;
        let action =
            DefenderAction::from_id(&trigger.action_id).filter(|it| self.config.has_action(*it));
        let action = action.ok_or_else(unsupported_action)?;
        let indicator_id = trigger.indicator_id.as_deref().map(checked_id).transpose()?;
        let observable = NormalizedObservable::new(&given)
            .ok_or_else(|| invalid_value(&trigger.observable_type))?;
        match action {
            DefenderAction::Device(action) if is_device(given.kind) => {
                self.command(action, &observable).await
            }
            DefenderAction::Device(_) => Err(unsupported_action().into()),
            DefenderAction::AddIndicator(action) => self.add_indicator(action, &observable).await,
            DefenderAction::RemoveIndicator => {
                self.remove_indicator(indicator_id, &observable).await
            }
        }
    }

    async fn command(
        &self,
        action: &DeviceAction,
        device: &NormalizedObservable<'_>,
    ) -> Result<(), ActionFailure> {
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
    ) -> Result<(), ActionFailure> {
        let indicator = NewIndicator {
            indicator_value: &observable.value,
            indicator_type: known_indicator_type(observable)?,
            action: action.action_on(observable.kind()),
            generate_alert: action.generates_alert,
            title: INDICATOR_TITLE,
            description: INDICATOR_DESCRIPTION,
            severity: action.severity,
        };
        self.defender.add_indicator(&indicator).await.map_err(failure)
    }

    /// By its id, or else by its value.
    async fn remove_indicator(
        &self,
        id: Option<&str>,
        observable: &NormalizedObservable<'_>,
    ) -> Result<(), ActionFailure> {
        known_indicator_type(observable)?;
        let id = match id {
            Some(id) => id.to_owned(),
            None => self.indicator_id(observable).await?,
        };
        match self.defender.remove_indicator(&id).await {
            Err(error) if error.is_not_found() => {
                Err(ActionFailure { outcome: ActionOutcome::Refused, error: no_indicator() })
            }
            outcome => outcome.map_err(failure),
        }
    }

    async fn indicator_id(&self, observable: &NormalizedObservable<'_>) -> Result<String> {
        let values: Vec<_> = observable.spellings().collect();
        let known = self.defender.indicators(&values).await;
        let indicator = known.data.into_iter().find(|it| it.is_for(observable));
        match indicator.and_then(|indicator| indicator.id.into_inner()) {
            Some(id) => Ok(id),
            None => Err(known.errors.into_iter().next().unwrap_or_else(no_indicator)),
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

/// What a failed request means for the action: refused, or nobody knows.
fn failure(error: RequestError) -> ActionFailure {
    let (is_about_request, is_refusal) = (error.is_about_request(), error.is_refusal());
    let is_unanswered = error.is_unanswered();
    let error = Error::from(error);
    if is_about_request {
        let error = error.with_kind(ErrorKind::InvalidInput).with_code("invalid request");
        return ActionFailure { outcome: ActionOutcome::Refused, error };
    }
    if is_refusal {
        return ActionFailure { outcome: ActionOutcome::Refused, error };
    }
    let is_login = error.kind() == ErrorKind::Unauthorized;
    let is_unsent = is_unanswered && !error.is_outcome_unknown();
    if is_login || is_unsent {
        return error.into();
    }
    ActionFailure { outcome: ActionOutcome::Unknown, error: error.outcome_unknown() }
}

/// Writes the line: who, what, on what, and what became of it; no credentials, no text of the
/// product's.
fn record(
    credentials: &Credentials,
    trigger: &Trigger,
    outcome: ActionOutcome,
    error: Option<&Error>,
) {
    let account = credentials.account();
    tracing::info!(
        target: "defender_atp::audit",
        tenant = account.tenant.as_str(),
        application = one_line(account.client_id),
        action = one_line(&trigger.action_id),
        observable_type = one_line(&trigger.observable_type),
        observable_value = one_line(&trigger.observable_value),
        indicator = one_line(trigger.indicator_id.as_deref().unwrap_or_default()),
        result = outcome.word(),
        code = error.map(Error::code).unwrap_or_default(),
        "action"
    );
}
