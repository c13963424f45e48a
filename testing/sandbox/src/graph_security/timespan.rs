//! The `Timespan` of a hunting query: the ISO 8601 forms that its page lists.

use std::ops::RangeInclusive;

use jiff::{Span, Timestamp, tz::TimeZone};

/// Holds if the caller does not say.
pub(super) const DEFAULT: &str = "P30D";

/// The range of time that the text means at this moment; `None` when it is none of the forms.
pub(super) fn range(text: &str, now: Timestamp) -> Option<RangeInclusive<Timestamp>> {
    let (start, end) = match text.split_once('/') {
        Some((first, second)) => match (part(first)?, part(second)?) {
            (Part::Time(start), Part::Time(end)) => (start, end),
            (Part::Length(length), Part::Time(end)) => (moved(end, -length)?, end),
            (Part::Time(start), Part::Length(length)) => (start, moved(start, length)?),
            (Part::Length(_), Part::Length(_)) => return None,
        },
        None => match part(text)? {
            Part::Time(start) => (start, now),
            Part::Length(length) => (moved(now, -length)?, now),
        },
    };
    Some(start..=end)
}

enum Part {
    Time(Timestamp),
    Length(Span),
}

fn part(text: &str) -> Option<Part> {
    if text.starts_with('P') {
        return text.parse().ok().map(Part::Length);
    }
    text.parse().ok().map(Part::Time)
}

fn moved(time: Timestamp, by: Span) -> Option<Timestamp> {
    Some(time.to_zoned(TimeZone::UTC).checked_add(by).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn every_form_of_the_page_is_read() {
        let now = "2026-10-31T09:00:00Z".parse().unwrap();
        for (text, start, end) in [
            ("P30D", "2026-10-01T09:00:00Z", "2026-10-31T09:00:00Z"),
            ("PT1H", "2026-10-31T08:00:00Z", "2026-10-31T09:00:00Z"),
            ("2026-10-01T08:00:00Z", "2026-10-01T08:00:00Z", "2026-10-31T09:00:00Z"),
            (
                "2026-02-01T08:00:00Z/2026-02-15T08:00:00Z",
                "2026-02-01T08:00:00Z",
                "2026-02-15T08:00:00Z",
            ),
            ("P1D/2026-02-15T08:00:00Z", "2026-02-14T08:00:00Z", "2026-02-15T08:00:00Z"),
            ("2026-02-01T08:00:00Z/P1M", "2026-02-01T08:00:00Z", "2026-03-01T08:00:00Z"),
        ] {
            let expected = start.parse().unwrap()..=end.parse().unwrap();
            assert_eq!(range(text, now), Some(expected), "{text}");
        }
        for text in ["", "30d", "P30X", "P1D/P1D", "today", "P1D/2026-02-15T08:00:00Z/P1D"] {
            assert_eq!(range(text, now), None, "{text}");
        }
    }
}
