//! What the operator sees: JSON log lines, and one CloudWatch metrics line for each invocation.

mod log;
mod tally;

pub use log::start;
pub(crate) use log::{Report, metrics_namespace, print, report};
pub use tally::Tally;
