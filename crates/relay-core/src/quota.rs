//! What a product says of its quotas, for XDR's health answer.
//!
//! Source: `quotas` of HealthStatus, IROH Enrich API 1.0.107.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::ctim::Time;

/// One quota of the caller's account, as the product told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// What is counted, in one short sentence.
    pub description: &'static str,
    /// The period, where it is one of XDR's.
    pub period: Option<QuotaPeriod>,
    /// How much is allowed in a period.
    pub limit: u64,
    /// How much of it is used.
    pub used: u64,
    /// When the period ends, if the product says so.
    pub ends: Option<Time>,
}

/// A period that XDR knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are XDR's own")]
pub enum QuotaPeriod {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

impl Quota {
    /// Returns a limit and what is used of it, from the headers with the limit and with the rest;
    /// `None` if one of them is missing or is no number.
    #[must_use]
    pub fn counts(limit: Option<&str>, remaining: Option<&str>) -> Option<(u64, u64)> {
        let number = |header: &str| header.trim().parse::<u64>().ok();
        let limit = number(limit?)?;
        Some((limit, limit.saturating_sub(number(remaining?)?)))
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Values {
            #[serde(skip_serializing_if = "Option::is_none")]
            bucket_unit: Option<QuotaPeriod>,
            bucket_limit: u64,
            current_bucket_consumption: u64,
            current_bucket_limit_reached: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            current_bucket_end_time: Option<Time>,
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("description", self.description)?;
        map.serialize_entry(
            "values",
            &Values {
                bucket_unit: self.period,
                bucket_limit: self.limit,
                current_bucket_consumption: self.used,
                current_bucket_limit_reached: self.used >= self.limit,
                current_bucket_end_time: self.ends,
            },
        )?;
        map.end()
    }
}

/// The quotas that were told during one call, by name; of each the one with the most used.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<BTreeMap<&'static str, Quota>>);

impl Quotas {
    pub(crate) fn report(&self, name: &'static str, quota: Quota) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(name) {
            Some(other) if other.used > quota.used => {}
            _ => drop(known.insert(name, quota)),
        }
    }

    /// Returns what was told so far.
    pub(crate) fn told(&self) -> BTreeMap<&'static str, Quota> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn searches(used: u64) -> Quota {
        let ends = Time::parse("2026-03-01T00:15:00.000Z");
        Quota { description: "Searches", period: None, limit: 60, used, ends }
    }

    #[test]
    fn a_quota_has_the_published_form() {
        assert_eq!(
            json!(searches(12)),
            json!({"description": "Searches", "values": {
                "bucket_limit": 60,
                "current_bucket_consumption": 12,
                "current_bucket_limit_reached": false,
                "current_bucket_end_time": "2026-03-01T00:15:00.000Z",
            }})
        );
        let hourly = Quota { period: Some(QuotaPeriod::Hour), ends: None, ..searches(60) };
        let values = &json!(hourly)["values"];
        assert_eq!(values["bucket_unit"], "hour");
        assert_eq!(values["current_bucket_limit_reached"], true);
        assert!(values.get("current_bucket_end_time").is_none());
    }

    #[test]
    fn of_answers_to_requests_side_by_side_the_last_counts() {
        let quotas = Quotas::default();
        for used in [3, 5, 4] {
            quotas.report("searches", searches(used));
        }
        assert_eq!(quotas.told()["searches"], searches(5));
    }

    #[test]
    fn headers_without_numbers_tell_nothing() {
        assert_eq!(Quota::counts(Some("300"), Some(" 299")), Some((300, 1)));
        assert_eq!(Quota::counts(Some("2"), Some("5")), Some((2, 0)));
        for bad in [None, Some(""), Some("many"), Some("-1"), Some("1.5")] {
            assert_eq!(Quota::counts(Some("300"), bad), None, "{bad:?}");
            assert_eq!(Quota::counts(bad, Some("1")), None, "{bad:?}");
        }
    }
}
