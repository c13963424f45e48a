//! One line in the log for each action that somebody asked for: who, what, on what, and what came
//! of it. No credentials, and no text of the product's.

use relay_core::{Error, Trigger, http::one_line};

use crate::Credentials;

/// How far an action came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The product accepted it.
    Accepted,
    /// The relay did not ask the product.
    NotAsked,
    /// The product refused it.
    Refused,
    /// No answer, or none that tells: it may have been done.
    Unknown,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NotAsked => "not asked",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// Writes the line.
pub(crate) fn record(
    credentials: &Credentials,
    trigger: &Trigger,
    fate: Fate,
    failure: Option<&Error>,
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
        result = fate.word(),
        code = failure.map(Error::code).unwrap_or_default(),
        "action"
    );
}
