//! The announced ends of the products' APIs, docs/alive.md.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

const DATA: &str = include_str!("../../../../docs/lifecycle.json");

/// The end of one API.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct End {
    #[serde(skip_serializing)]
    relay: String,
    api: String,
    /// Such as `2027-02-01`; absent where none is announced.
    ends: Option<String>,
    /// The days until then; negative afterwards.
    #[serde(default)]
    days: Option<i32>,
    successor: String,
    source: String,
}

/// Returns the ends that concern a relay, on a day.
pub(super) fn announced(relay: &str, now: Timestamp) -> Vec<End> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let all: Vec<End> = serde_json::from_str(DATA).unwrap_or_default();
    let of_relay = all.into_iter().filter(|end| end.relay == relay);
    of_relay.map(|end| End { days: end.days_from(today), ..end }).collect()
}

impl End {
    fn days_from(&self, today: Date) -> Option<i32> {
        let ends: Date = self.ends.as_ref()?.parse().ok()?;
        today.until(ends).ok().map(|span| span.get_days())
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { api, successor, .. } = self;
        match (&self.ends, self.days) {
            (Some(ends), Some(days)) if days >= 0 => {
                write!(f, "Ends on {ends}, in {days} days: {api}. Then: {successor}.")
            }
            (Some(ends), _) => write!(f, "Ended on {ends}: {api}. Now: {successor}."),
            (None, _) => write!(f, "May end, no day is announced: {api}. Then: {successor}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_with_the_days_that_are_left() {
        let on = |day: &str| {
            let day: Date = day.parse().unwrap();
            let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
            announced("defender-atp", noon)
        };
        let [before] = &on("2026-12-01")[..] else { panic!("one end") };
        assert_eq!(before.days, Some(62));
        assert!(before.to_string().starts_with("Ends on 2027-02-01, in 62 days: "), "{before}");
        let [after] = &on("2027-02-02")[..] else { panic!("one end") };
        assert!(after.to_string().starts_with("Ended on 2027-02-01: "), "{after}");
        assert!(announced("misp", Timestamp::UNIX_EPOCH).is_empty());
        let [unknown] = &announced("qualys-ioc", Timestamp::UNIX_EPOCH)[..] else { panic!("one") };
        assert!(unknown.to_string().starts_with("May end, no day is announced: "), "{unknown}");
    }
}
