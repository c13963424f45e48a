//! What lives as long as one call: its caller, its counts, the memory for its responses and records, and its secrets.

mod body_budget;
mod caller;
mod metrics;
mod record_budget;
mod redactor;

pub(crate) use body_budget::{BodyBudget, Reservation};
pub(crate) use caller::{CallerRecord, Refusal};
pub(crate) use metrics::Metrics;
pub(crate) use record_budget::RecordBudget;
pub(crate) use redactor::Redactor;

use crate::quota::Quotas;

/// The state of one call that all its requests share.
#[derive(Debug, Default)]
pub(crate) struct InvocationContext {
    pub(crate) caller: CallerRecord,
    pub(crate) metrics: Metrics,
    pub(crate) body_budget: BodyBudget,
    pub(crate) record_budget: RecordBudget,
    pub(crate) redactor: Redactor,
    pub(crate) quotas: Quotas,
}
