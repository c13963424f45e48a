//! Writes JSON lines to standard output: one for each call and each error, and one of metrics in
//! CloudWatch's embedded metric format.

use std::{io::Write, net::IpAddr, time::Duration};

use serde_json::{Value, json};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    error::Error,
    invocation::{InvocationContext, Refusal},
    settings::{BadSetting, Environment},
};

/// The metrics beside the duration.
const COUNTS: [&str; 12] = [
    "Observables",
    "Found",
    "Errors",
    "Warnings",
    "ProductCalls",
    "ProductRetries",
    "ProductThrottled",
    "ProductFailures",
    "ProductRefused",
    "TokensRefused",
    "CallersRefused",
    "ColdStart",
];
/// The metric of calls whose product told when the credentials end.
const CREDENTIAL_DAYS_LEFT: &str = "CredentialDaysLeft";
const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// Reads `LOG_LEVEL`: error, warn, info or debug; default info.
pub(crate) fn level(environment: &Environment) -> Result<LevelFilter, BadSetting> {
    let levels = [
        ("error", LevelFilter::ERROR),
        ("warn", LevelFilter::WARN),
        ("info", LevelFilter::INFO),
        ("debug", LevelFilter::DEBUG),
    ];
    environment.word("LOG_LEVEL", &levels, LevelFilter::INFO)
}

/// Starts to log, at the usual level if `LOG_LEVEL` cannot be used.
///
/// It is the level of this crate and the relay's, which know what must not be logged. Libraries
/// log warnings and errors only, whatever the level. The audit of actions is always written.
pub(crate) fn start(environment: &Environment, relay: &str) {
    let known = level(environment).unwrap_or(LevelFilter::INFO);
    let filter = Targets::new()
        .with_default(LevelFilter::WARN.min(known))
        .with_target("relay_core", known)
        .with_target(relay.replace('-', "_"), known)
        .with_target("relay_core::audit", LevelFilter::INFO.max(known));
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    // A second start in one process keeps the first one's subscriber.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

/// Reads `METRICS_NAMESPACE`, which keeps two stacks of one account apart.
pub(crate) fn metrics_namespace(environment: &Environment) -> Result<String, BadSetting> {
    const NAME: &str = "METRICS_NAMESPACE";
    let namespace = environment.text(NAME).unwrap_or("ThreatRelays");
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_/#:".contains(c);
    if namespace.len() <= 255 && namespace.chars().all(plain) && !namespace.starts_with(':') {
        Ok(namespace.to_owned())
    } else {
        Err(BadSetting::new(
            NAME,
            "must be up to 255 letters, digits and characters of . - _ / # :",
        ))
    }
}

/// What is known of one call when it ends.
pub(crate) struct Report<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) relay: &'static str,
    pub(crate) route: &'static str,
    pub(crate) request_id: &'a str,
    /// The id of the request in the gateway's log.
    pub(crate) gateway_request_id: &'a str,
    pub(crate) source: Option<IpAddr>,
    pub(crate) found: usize,
    pub(crate) errors: &'a [Error],
    pub(crate) duration: Duration,
    pub(crate) cold_start: bool,
    /// Milliseconds since 1970.
    pub(crate) ended: i64,
}

/// Logs a call: its errors, then itself.
pub(crate) fn report(report: &Report<'_>, context: &InvocationContext) {
    let InvocationContext { metrics, redactor, caller, .. } = context;
    let token = caller.token().map(|token| redactor.redacted(token));
    for error in report.errors {
        tracing::warn!(
            relay = report.relay,
            route = report.route,
            request_id = report.request_id,
            gateway_request_id = report.gateway_request_id,
            source = report.source.map(tracing::field::display),
            token,
            refused = caller.refusal(error).map(Refusal::word),
            code = redactor.redacted(error.code()),
            warning = error.is_warning(),
            details = redactor.redacted(&error.details()),
            "{}",
            redactor.redacted(&error.message())
        );
    }
    tracing::info!(
        relay = report.relay,
        route = report.route,
        request_id = report.request_id,
        gateway_request_id = report.gateway_request_id,
        source = report.source.map(tracing::field::display),
        token,
        observables = metrics.observables(),
        found = report.found,
        errors = report.errors.len(),
        product_calls = metrics.requests(),
        product_retries = metrics.retries(),
        product_throttled = metrics.throttled(),
        product_failures = metrics.failures(),
        duration_ms = report.duration.as_millis() as u64,
        cold_start = report.cold_start,
        credential_days_left = report.credential_days_left(context),
        "answered"
    );
}

impl Report<'_> {
    /// Returns the whole days until the credentials end, where the product told.
    fn credential_days_left(&self, context: &InvocationContext) -> Option<i64> {
        let end = context.credentials_end.get()?.as_unix_milliseconds();
        Some((end - self.ended).div_euclid(DAY_MILLISECONDS))
    }

    /// Returns one line in CloudWatch's embedded metric format.
    ///
    /// Source: CloudWatch user guide, "Specification: Embedded metric format".
    pub(crate) fn metrics(&self, context: &InvocationContext) -> String {
        let InvocationContext { metrics, caller, .. } = context;
        let days_left = self.credential_days_left(context);
        let metric = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
        let directive = |dimensions: &[&str], counts: &[&str], others: Option<Value>| {
            let mut named = vec![metric("Duration", "Milliseconds")];
            named.extend(counts.iter().map(|name| metric(name, "Count")));
            named.extend(others);
            json!({"Namespace": self.namespace, "Dimensions": [dimensions], "Metrics": named})
        };
        let days = days_left.map(|_| metric(CREDENTIAL_DAYS_LEFT, "None"));
        let whole = directive(&["Relay"], &COUNTS, days);
        // CloudWatch charges for each name under each route, so routes get the two most useful ones.
        let by_route = directive(&["Relay", "Route"], &["Errors"], None);
        let warnings = self.errors.iter().filter(|error| error.is_warning()).count();
        let fatal = self.errors.iter().filter(|error| !error.is_warning());
        let refusals: Vec<_> = fatal.filter_map(|error| caller.refusal(error)).collect();
        let refused = |by: fn(Refusal) -> bool| u8::from(refusals.iter().copied().any(by));
        let mut line = json!({
            "_aws": {
                "Timestamp": self.ended,
                "CloudWatchMetrics": [whole, by_route],
            },
            "Relay": self.relay,
            "Route": self.route,
            "RequestId": self.request_id,
            "Duration": self.duration.as_secs_f64() * 1000.0,
            "Observables": metrics.observables(),
            "Found": self.found,
            "Errors": self.errors.len() - warnings,
            "Warnings": warnings,
            "ProductCalls": metrics.requests(),
            "ProductRetries": metrics.retries(),
            "ProductThrottled": metrics.throttled(),
            "ProductFailures": metrics.failures(),
            "ProductRefused": refused(Refusal::is_of_product),
            "TokensRefused": refused(|refusal| refusal == Refusal::Token),
            "CallersRefused": refused(|refusal| !refusal.is_of_product()),
            "ColdStart": u8::from(self.cold_start),
        });
        if let Some(days) = days_left {
            line[CREDENTIAL_DAYS_LEFT] = days.into();
        }
        line.to_string()
    }
}

/// Writes one line to standard output, where CloudWatch reads it.
pub(crate) fn print(line: &str) {
    // There is no place to report that standard output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctim::Time;

    fn line(context: &InvocationContext) -> Value {
        let report = Report {
            namespace: "staging",
            relay: "misp",
            route: "observe",
            request_id: "request-1",
            gateway_request_id: "gateway-1",
            source: None,
            found: 2,
            errors: &[],
            duration: Duration::from_millis(120),
            cold_start: true,
            ended: 1_795_168_800_000,
        };
        serde_json::from_str(&report.metrics(context)).unwrap()
    }

    #[test]
    fn every_named_metric_has_a_value() {
        let context = InvocationContext::default();
        context.credentials_end.get_or_init(Time::never);
        let line = line(&context);
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        for directive in directives {
            assert_eq!(directive["Namespace"], "staging");
            let metrics = directive["Metrics"].as_array().unwrap().iter();
            let named = metrics.map(|metric| &metric["Name"]);
            let under = directive["Dimensions"][0].as_array().unwrap();
            for name in named.chain(under) {
                assert!(!line[name.as_str().unwrap()].is_null(), "{name}");
            }
        }
        assert_eq!(directives[0]["Dimensions"], json!([["Relay"]]));
        assert_eq!(directives[1]["Dimensions"], json!([["Relay", "Route"]]));
        assert_eq!((&line["Duration"], &line["ColdStart"]), (&json!(120.0), &json!(1)));
    }

    #[test]
    fn days_are_left_until_the_credentials_end_where_the_product_told() {
        let unknown = line(&InvocationContext::default());
        assert!(unknown.get(CREDENTIAL_DAYS_LEFT).is_none());
        assert!(!unknown["_aws"].to_string().contains(CREDENTIAL_DAYS_LEFT));
        // The call ended at 2026-11-20T10:00:00Z.
        let cases = [("2026-12-04T10:00:00Z", 14), ("2026-12-04T09:59:59Z", 13)];
        let past = [("2026-11-20T10:00:01Z", 0), ("2026-11-20T09:00:00Z", -1)];
        for (end, days) in cases.into_iter().chain(past) {
            let context = InvocationContext::default();
            context.credentials_end.get_or_init(|| Time::parse(end).unwrap());
            let known = line(&context);
            assert_eq!(known[CREDENTIAL_DAYS_LEFT], days, "{end}");
            let named = &known["_aws"]["CloudWatchMetrics"];
            let of_relay = json!({"Name": CREDENTIAL_DAYS_LEFT, "Unit": "None"});
            assert!(named[0]["Metrics"].as_array().unwrap().contains(&of_relay), "{named}");
            assert!(!named[1].to_string().contains(CREDENTIAL_DAYS_LEFT));
        }
    }

    #[test]
    fn a_namespace_is_one_that_cloudwatch_accepts() {
        let read =
            |value: &str| metrics_namespace(&Environment::of([("METRICS_NAMESPACE", value)]));
        assert_eq!(read(" "), Ok("ThreatRelays".to_owned()));
        assert_eq!(read("threat-relays/staging"), Ok("threat-relays/staging".to_owned()));
        for value in ["a b", ":AWS", &"x".repeat(256), "naïve"] {
            let complaint = read(value).unwrap_err().to_string();
            assert!(complaint.starts_with("METRICS_NAMESPACE must"), "{value}");
        }
    }
}
