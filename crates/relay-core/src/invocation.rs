//! What lives as long as one call: its counts, the memory for its responses, and its secrets.

mod body_budget;
mod metrics;
mod redactor;

pub(crate) use body_budget::{BodyBudget, Reservation};
pub(crate) use metrics::Metrics;
pub(crate) use redactor::Redactor;

/// The state of one call that all its requests share.
#[derive(Debug, Default)]
pub(crate) struct InvocationContext {
    pub(crate) metrics: Metrics,
    pub(crate) body_budget: BodyBudget,
    pub(crate) redactor: Redactor,
}
