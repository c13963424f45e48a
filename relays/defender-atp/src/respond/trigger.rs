//! Doing what was chosen, once: the checks, the one request, and what its answer means (spec §8.2).

use relay_core::{Error, ErrorKind, Result, Trigger};

use crate::{
    actions::{Action, DeviceAction, NewIndicator, indicator_type, is_device},
    audit::{self, Fate},
    client::{Failure, Submission},
    desk::{Desk, refused},
    subject::Subject,
};

/// An action that was not done, or may not have been.
struct Undone {
    fate: Fate,
    error: Error,
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Self { fate: Fate::NotAsked, error }
    }
}

impl Desk<'_> {
    /// `Ok` only when the product said that it was done. Leaves one line in the audit log.
    pub(crate) async fn trigger(&self, trigger: &Trigger) -> Result<()> {
        let outcome = self.act(trigger).await;
        let undone = outcome.as_ref().err();
        let fate = undone.map_or(Fate::Accepted, |undone| undone.fate);
        let credentials = self.call.credentials;
        audit::record(credentials, trigger, fate, undone.map(|undone| &undone.error));
        outcome.map_err(|undone| undone.error)
    }

    async fn act(&self, trigger: &Trigger) -> Result<(), Undone> {
        let asked = trigger.observable().filter(|it| crate::ABOUT.name_of(it.kind).is_some());
        let asked = asked.ok_or_else(|| unsupported_type(&trigger.observable_type))?;
        let action = Action::of_id(&trigger.action_id).filter(|it| self.settings.offers(*it));
        let action = action.ok_or_else(unsupported)?;
        let indicator_id = trigger.indicator_id.as_deref().map(number).transpose()?;
        let subject = Subject::of(&asked).ok_or_else(|| invalid_value(&trigger.observable_type))?;
        match action {
            Action::Device(action) if is_device(asked.kind) => self.start(action, &subject).await,
            Action::Device(_) => Err(unsupported().into()),
            Action::AddIndicator(new) => self.add(new, &subject).await,
            Action::RemoveIndicator => self.remove(indicator_id, &subject).await,
        }
    }

    async fn start(&self, action: &DeviceAction, device: &Subject<'_>) -> Result<(), Undone> {
        let id = match action.confines() {
            true => self.confinable(device).await?,
            false => device.value.clone(),
        };
        self.api.start(&id, action).await.map_err(undone)
    }

    async fn add(&self, new: &NewIndicator, subject: &Subject<'_>) -> Result<(), Undone> {
        let submission = Submission::of(new, subject, typed(subject)?);
        self.api.submit(&submission).await.map_err(undone)
    }

    /// By its number, or else by its value.
    async fn remove(&self, id: Option<&str>, subject: &Subject<'_>) -> Result<(), Undone> {
        let kind = typed(subject)?;
        let id = match id {
            Some(id) => id.to_owned(),
            None => self.indicator_of(subject, kind).await?,
        };
        match self.api.remove(&id).await {
            Err(failure) if failure.is_not_found() => {
                Err(Undone { fate: Fate::Refused, error: no_indicator() })
            }
            outcome => outcome.map_err(undone),
        }
    }

    async fn indicator_of(&self, subject: &Subject<'_>, kind: &str) -> Result<String> {
        let spellings: Vec<_> = subject.spellings().collect();
        let known = self.api.indicators(&spellings).await;
        let of_it = known.data.into_iter().find(|it| it.is_for(subject, kind));
        match of_it.and_then(|indicator| indicator.id) {
            Some(id) => Ok(id),
            None => Err(known.errors.into_iter().next().unwrap_or_else(no_indicator)),
        }
    }
}

fn typed(subject: &Subject<'_>) -> Result<&'static str> {
    let kind = subject.kind();
    indicator_type(kind).ok_or_else(|| unsupported_type(kind.as_str()))
}

/// Digits, because an indicator's number goes into a path.
fn number(id: &str) -> Result<&str> {
    let is_number = (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(id).ok_or_else(|| {
        let text = r#"Invalid JSON payload received. {"indicator_id": ["Not a valid integer."]}"#;
        Error::new(ErrorKind::InvalidBody, text).with_code("invalid payload")
    })
}

fn unsupported() -> Error {
    Trigger::unsupported().with_code("invalid request")
}

fn unsupported_type(kind: &str) -> Error {
    let kind = relay_core::http::one_line(kind);
    let text = format!("Unsupported observable type {kind}: there is no such action for it.");
    Error::new(ErrorKind::Unsupported, text).with_code("unsupported type")
}

fn invalid_value(kind: &str) -> Error {
    let kind = relay_core::http::one_line(kind);
    let text = format!("The value is not of the type {kind}, so nothing was done.");
    Error::new(ErrorKind::InvalidInput, text)
}

fn no_indicator() -> Error {
    let text = "There is no such indicator; it may have been removed already.";
    Error::new(ErrorKind::NotFound, text)
}

/// What a failed request means for the action: refused, or nobody knows.
fn undone(failure: Failure) -> Undone {
    if failure.is_about_request() {
        let error = refused(failure.error.message());
        return Undone { fate: Fate::Refused, error };
    }
    if failure.is_refusal() {
        return Undone { fate: Fate::Refused, error: failure.error };
    }
    if failure.error.kind() == ErrorKind::Unauthorized {
        // The login was refused.
        return failure.error.into();
    }
    if failure.is_unanswered() && !failure.error.is_outcome_unknown() {
        // Nothing was sent.
        return failure.error.into();
    }
    Undone { fate: Fate::Unknown, error: failure.error.outcome_unknown() }
}
