//! JSON lines on standard output: one for each invocation and each failure, and one of metrics.

use std::{io::Write, time::Duration};

use serde_json::json;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::Tally;
use crate::{
    error::Error,
    settings::{BadSetting, Environment},
};

/// Our own crates, which know what must not be logged. Libraries, which do not, are heard only
/// when they warn, whatever level is asked for.
const OURS: [&str; 6] =
    ["relay_core", "graph_security", "defender_atp", "qualys_ioc", "misp", "gigamon_threatinsight"];

/// Begins to log. `LOG_LEVEL` is one of error, warn, info, debug; default info.
pub fn start(environment: &Environment) -> Result<(), BadSetting> {
    let levels = [
        ("error", LevelFilter::ERROR),
        ("warn", LevelFilter::WARN),
        ("info", LevelFilter::INFO),
        ("debug", LevelFilter::DEBUG),
    ];
    let level = environment.word("LOG_LEVEL", &levels, LevelFilter::INFO);
    let known = level.clone().unwrap_or(LevelFilter::INFO);
    let filter = OURS
        .iter()
        .fold(Targets::new().with_default(LevelFilter::WARN.min(known)), |targets, ours| {
            targets.with_target(*ours, known)
        });
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    // A second start in one process keeps the first one's subscriber.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    level.map(|_| ())
}

/// What is known of one invocation when it ends.
pub(crate) struct Report<'a> {
    pub(crate) relay: &'static str,
    pub(crate) route: &'static str,
    pub(crate) request_id: &'a str,
    pub(crate) observables: usize,
    pub(crate) found: usize,
    pub(crate) errors: &'a [Error],
    pub(crate) duration: Duration,
    pub(crate) cold_start: bool,
}

/// Logs an invocation: its failures, then itself.
pub(crate) fn report(report: &Report<'_>, tally: &Tally) {
    for error in report.errors {
        tracing::warn!(
            relay = report.relay,
            route = report.route,
            request_id = report.request_id,
            code = error.code(),
            warning = error.is_warning(),
            details = tally.redacted(&error.details()),
            "{}",
            tally.redacted(error.message())
        );
    }
    tracing::info!(
        relay = report.relay,
        route = report.route,
        request_id = report.request_id,
        observables = report.observables,
        found = report.found,
        errors = report.errors.len(),
        product_calls = tally.calls(),
        product_retries = tally.retries(),
        product_throttled = tally.throttled(),
        product_failures = tally.failures(),
        duration_ms = report.duration.as_millis() as u64,
        cold_start = report.cold_start,
        "answered"
    );
}

impl Report<'_> {
    /// One line in CloudWatch's embedded metric format.
    ///
    /// Source: CloudWatch user guide, "Specification: Embedded metric format".
    pub(crate) fn metrics(&self, tally: &Tally, at_milliseconds: i64) -> String {
        let metric = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
        let counts = [
            "Observables",
            "Found",
            "Errors",
            "Warnings",
            "ProductCalls",
            "ProductRetries",
            "ProductThrottled",
            "ProductFailures",
            "ColdStart",
        ];
        let mut metrics = vec![metric("Duration", "Milliseconds")];
        metrics.extend(counts.iter().map(|name| metric(name, "Count")));
        let warnings = self.errors.iter().filter(|error| error.is_warning()).count();
        json!({
            "_aws": {
                "Timestamp": at_milliseconds,
                "CloudWatchMetrics": [{
                    "Namespace": "ThreatRelays",
                    "Dimensions": [["Relay"], ["Relay", "Route"]],
                    "Metrics": metrics,
                }],
            },
            "Relay": self.relay,
            "Route": self.route,
            "RequestId": self.request_id,
            "Duration": self.duration.as_secs_f64() * 1000.0,
            "Observables": self.observables,
            "Found": self.found,
            "Errors": self.errors.len() - warnings,
            "Warnings": warnings,
            "ProductCalls": tally.calls(),
            "ProductRetries": tally.retries(),
            "ProductThrottled": tally.throttled(),
            "ProductFailures": tally.failures(),
            "ColdStart": u8::from(self.cold_start),
        })
        .to_string()
    }
}

/// Writes one line to standard output, where CloudWatch reads it.
pub(crate) fn print(line: &str) {
    // Nobody can be told that standard output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
