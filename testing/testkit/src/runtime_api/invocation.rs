//! What a function is given to do.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::event::Event;

/// An event and what comes with it.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub(super) event: Bytes,
    pub(super) request_id: Option<String>,
    pub(super) trace_id: String,
    pub(super) time_left: Duration,
    /// How much longer the outcome is waited for than the function was told.
    pub(super) patience: Duration,
}

impl Invocation {
    /// An event with the function's usual 29 s to answer it.
    pub fn of(event: &Value) -> Self {
        Self::raw(event.to_string())
    }

    /// Any bytes in place of an event.
    pub fn raw(event: impl Into<Bytes>) -> Self {
        Self {
            event: event.into(),
            request_id: None,
            trace_id: "Root=1-6b0ec4a0-000000000000000000000001;Sampled=0".to_owned(),
            time_left: Duration::from_secs(29),
            patience: Duration::ZERO,
        }
    }

    /// Names the request; without it requests are numbered.
    pub fn request_id(self, id: &str) -> Self {
        Self { request_id: Some(id.to_owned()), ..self }
    }

    /// Sets the X-Ray header.
    pub fn trace_id(self, id: &str) -> Self {
        Self { trace_id: id.to_owned(), ..self }
    }

    /// How long the function has from the moment it takes the event. After that the outcome is
    /// `TimedOut`; the process lives on.
    pub fn time_left(self, time_left: Duration) -> Self {
        Self { time_left, ..self }
    }

    /// Waits longer for the outcome than the function knows, for tests that are not about time.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

impl From<&Value> for Invocation {
    fn from(event: &Value) -> Self {
        Self::of(event)
    }
}

impl From<&Event> for Invocation {
    fn from(event: &Event) -> Self {
        Self::of(&event.to_json())
    }
}
