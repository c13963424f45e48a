//! The built-in records of the tenants, and how Graph treats each tenant's filters.

use std::sync::OnceLock;

use serde_json::Value;

use super::{BUSY_ALERTS, evidence};
use crate::identity::tenant::{self, Tenant};

const CONTOSO_ALERTS: &str = include_str!("data/contoso/alerts_v2.json");
/// Alerts of [`incident`](crate::incident).
const CONTOSO_INCIDENT: &str = include_str!("data/contoso/incident.json");
const CONTOSO_BUSY: &str = include_str!("data/contoso/busy_alert.json");
const CONTOSO_LEGACY: &str = include_str!("data/contoso/alerts.json");
const CONTOSO_EVIDENCE: &str = include_str!("data/contoso/alert_evidence.json");
const FABRIKAM_ALERTS: &str = include_str!("data/fabrikam/alerts_v2.json");
const CONTOSO_INCIDENTS: &str = include_str!("data/contoso/incidents.json");
const FABRIKAM_INCIDENTS: &str = include_str!("data/fabrikam/incidents.json");
const FABRIKAM_LEGACY: &str = include_str!("data/fabrikam/alerts.json");

/// What Graph does with a `$filter` on alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilterSupport {
    /// Properties and evidence.
    Full,
    /// Evidence is refused with 400.
    EvidenceRefused,
    /// Evidence is refused with 501.
    EvidenceNotImplemented,
    /// Not looked at: every alert is answered.
    Ignored,
}

impl FilterSupport {
    pub(super) fn of(tenant: &Tenant) -> Self {
        match tenant {
            tenant if *tenant == tenant::NORTHWIND => Self::EvidenceRefused,
            tenant if *tenant == tenant::ADATUM => Self::EvidenceNotImplemented,
            tenant if *tenant == tenant::LITWARE => Self::Ignored,
            _ => Self::Full,
        }
    }
}

/// What a tenant has.
#[derive(Debug)]
pub(super) struct Records {
    /// Alerts of the new generation, newest first.
    pub(super) alerts: Vec<Value>,
    /// Legacy alerts, newest first.
    pub(super) legacy: Vec<Value>,
    /// Rows of the hunting table `AlertEvidence`.
    pub(super) alert_evidence: Vec<Value>,
    /// Incidents, of some of the alerts of both services.
    pub(super) incidents: Vec<Value>,
}

impl Records {
    fn new(mut alerts: Vec<Value>, mut legacy: Vec<Value>, more_evidence: Vec<Value>) -> Self {
        sort_newest_first(&mut alerts);
        sort_newest_first(&mut legacy);
        let mut alert_evidence = evidence::rows(&alerts);
        alert_evidence.extend(more_evidence);
        Self { alerts, legacy, alert_evidence, incidents: Vec::new() }
    }

    /// All tenants but the second customer have Contoso's records as their own.
    fn of(tenant: &Tenant) -> Self {
        if tenant.is_second_customer() {
            let records = Self::new(parsed(FABRIKAM_ALERTS), parsed(FABRIKAM_LEGACY), Vec::new());
            return Self { incidents: parsed(FABRIKAM_INCIDENTS), ..records };
        }
        let own = |text: &str| text.replace(tenant::CONTOSO.id, tenant.id);
        let mut alerts = parsed(&own(CONTOSO_ALERTS));
        alerts.extend(parsed(&own(CONTOSO_INCIDENT)));
        alerts.extend(busy_alerts(&own(CONTOSO_BUSY)));
        let records = Self::new(alerts, parsed(&own(CONTOSO_LEGACY)), parsed(CONTOSO_EVIDENCE));
        Self { incidents: parsed(CONTOSO_INCIDENTS), ..records }
    }
}

fn parsed(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// One alert a minute, numbered.
fn busy_alerts(template: &str) -> Vec<Value> {
    let numbered = |number: usize| {
        let minute = format!("2026-10-05T{:02}:{:02}", number / 60, number % 60);
        parsed(&template.replace("{n}", &number.to_string()).replace("2026-10-05T00:00", &minute))
    };
    (0..BUSY_ALERTS).flat_map(numbered).collect()
}

/// ISO 8601 text in UTC sorts like the time it means.
fn sort_newest_first(alerts: &mut [Value]) {
    let created = |alert: &Value| alert["createdDateTime"].as_str().unwrap_or_default().to_owned();
    alerts.sort_by_cached_key(|alert| std::cmp::Reverse(created(alert)));
}

/// The records of all tenants, each read once in a process, when it is first asked for.
static ALL: [OnceLock<Records>; tenant::ALL.len()] = [const { OnceLock::new() }; tenant::ALL.len()];

/// The records of a tenant.
pub(super) fn of(tenant: &Tenant) -> &'static Records {
    let at = tenant::ALL.iter().position(|known| *known == tenant).unwrap_or_default();
    ALL[at].get_or_init(|| Records::of(tenant))
}
