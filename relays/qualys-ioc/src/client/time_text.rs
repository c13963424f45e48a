//! Times as the gateway writes them.

use std::fmt;

use relay_core::{Time, lenient::Text};
use serde::Deserialize;

/// A time as it is written: an ISO 8601 text, or milliseconds since 1970 as a number or its digits. An
/// event has several, of which one is needed. Printed as the time that it is.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct TimeText(Text);

impl TimeText {
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn time(&self) -> Option<Time> {
        let text = self.0.as_deref()?;
        Time::parse(text).or_else(|| Time::from_unix_milliseconds(text.trim().parse().ok()?))
    }
}

impl fmt::Debug for TimeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.time().fmt(f)
    }
}
