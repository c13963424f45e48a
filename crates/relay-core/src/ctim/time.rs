//! Instants as CTIM wants them: RFC 3339 in UTC, between 1970 and 2525.

use std::{fmt, ops::Range, str::FromStr};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};
use serde::{Serialize, Serializer};

use super::document::PLAIN;

/// Seconds of 2525-01-01T00:00:00Z, CTIM's "never".
const NEVER_SECOND: i64 = 17_514_144_000;
/// The longest text of a time, such as `2026-03-01T12:19:31.000Z`.
const TEXT_BYTES: usize = 24;

/// An instant from 1970-01-01T00:00:00Z to 2525-01-01T00:00:00Z, kept to the millisecond.
///
/// Times that come as whole Unix seconds are printed without a fraction, all others with three
/// decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    at: Timestamp,
    decimals: bool,
}

impl Time {
    /// The end of validity of what never expires, such as a verdict about a file hash.
    #[must_use]
    pub fn never() -> Self {
        Self { at: Timestamp::constant(NEVER_SECOND, 0), decimals: true }
    }

    /// Reads whole seconds since 1970; `None` for 0, negative values and values after 2525.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        (1..=NEVER_SECOND).contains(&seconds).then_some(())?;
        Some(Self { at: Timestamp::from_second(seconds).ok()?, decimals: false })
    }

    /// Reads milliseconds since 1970; `None` for 0, negative values and values after 2525.
    #[must_use]
    pub fn from_unix_milliseconds(milliseconds: i64) -> Option<Self> {
        (1..=NEVER_SECOND * 1000).contains(&milliseconds).then_some(())?;
        Some(Self { at: Timestamp::from_millisecond(milliseconds).ok()?, decimals: true })
    }

    /// Reads an ISO 8601 text, such as `2026-03-01T12:19:31.000+0000`; without a zone it is UTC.
    /// Finer fractions are cut to milliseconds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = in_usual_spelling(text).or_else(|| in_any_spelling(text))?;
        let milliseconds = at.as_millisecond();
        (0..=NEVER_SECOND * 1000).contains(&milliseconds).then_some(())?;
        Some(Self { at: Timestamp::from_millisecond(milliseconds).ok()?, decimals: true })
    }

    /// Reads a day such as `2026-02-28` as midnight UTC.
    #[must_use]
    pub fn parse_day(text: &str) -> Option<Self> {
        let day: jiff::civil::Date = text.trim().parse().ok()?;
        let at = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        (0..=NEVER_SECOND).contains(&at.as_second()).then_some(Self { at, decimals: false })
    }

    /// Returns the present by the given clock, to the second.
    #[must_use]
    pub fn of_clock(now: Timestamp) -> Self {
        let second = now.as_second().clamp(0, NEVER_SECOND);
        Self { at: Timestamp::constant(0, 0) + SignedDuration::from_secs(second), decimals: false }
    }

    /// Returns the same instant, printed with three decimals.
    #[must_use]
    pub fn with_decimals(self) -> Self {
        Self { decimals: true, ..self }
    }

    /// Returns this instant moved by whole seconds, kept inside CTIM's range.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let second = self.at.as_second().saturating_add(seconds).clamp(0, NEVER_SECOND);
        let moved = Timestamp::constant(0, 0) + SignedDuration::from_secs(second);
        let fraction = SignedDuration::from_millis(i64::from(self.at.subsec_millisecond()));
        Self { at: if second == NEVER_SECOND { moved } else { moved + fraction }, ..self }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn as_unix_milliseconds(self) -> i64 {
        self.at.as_millisecond()
    }

    /// Returns the text, which is written into a buffer. Every entity has several times, and a printer
    /// for all formats would cost more.
    fn text(self, buffer: &mut [u8; TEXT_BYTES]) -> &str {
        let at = Offset::UTC.to_datetime(self.at);
        *buffer = *b"0000-00-00T00:00:00.000Z";
        let mut put = |place: Range<usize>, number: i16| {
            buffer[place].iter_mut().rfold(number, |number, digit| {
                *digit += (number % 10) as u8;
                number / 10
            });
        };
        put(0..4, at.year());
        put(5..7, at.month().into());
        put(8..10, at.day().into());
        put(11..13, at.hour().into());
        put(14..16, at.minute().into());
        put(17..19, at.second().into());
        put(20..23, at.millisecond());
        let end = if self.decimals {
            TEXT_BYTES
        } else {
            buffer[19] = b'Z';
            20
        };
        str::from_utf8(&buffer[..end]).unwrap_or_default()
    }
}

/// Reads what most products write, `2026-03-01T12:19:31Z` with or without a fraction: every record has
/// several times, and a parser for all spellings costs several times as much.
fn in_usual_spelling(text: &str) -> Option<Timestamp> {
    let (at, fraction) = text.as_bytes().strip_suffix(b"Z")?.split_first_chunk::<19>()?;
    ([at[4], at[7], at[10], at[13], at[16]] == *b"--T::").then_some(())?;
    let fraction = match fraction {
        [] => &[],
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => digits,
        _ => return None,
    };
    let part = |place: Range<usize>| number(&at[place]).and_then(|it| i16::try_from(it).ok());
    let small = |place| part(place).and_then(|it| i8::try_from(it).ok());
    let missing_digits = 9 - u32::try_from(fraction.len()).ok()?;
    let at = DateTime::new(
        part(0..4)?,
        small(5..7)?,
        small(8..10)?,
        small(11..13)?,
        small(14..16)?,
        small(17..19)?,
        number(fraction)? * 10_i32.pow(missing_digits),
    );
    Offset::UTC.to_timestamp(at.ok()?).ok()
}

/// Reads up to nine digits.
fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0'))
    })
}

fn in_any_spelling(text: &str) -> Option<Timestamp> {
    let as_it_is = may_have_zone(text).then(|| text.parse().ok());
    as_it_is.flatten().or_else(|| format!("{text}Z").parse().ok())
}

/// Whether there may be a zone behind the date; without one the text is no instant yet.
fn may_have_zone(text: &str) -> bool {
    let behind_date = text.as_bytes().get(10..).unwrap_or_default();
    behind_date.iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))
}

impl FromStr for Time {
    type Err = ();

    /// The same as [`Time::parse`].
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; TEXT_BYTES]))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(PLAIN, self.text(&mut [0; TEXT_BYTES]))
    }
}

/// CTIM's observed time: a start, and an end that is never before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ObservedTime {
    start_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Time>,
}

impl ObservedTime {
    /// Returns the time span whose start and end are the same instant.
    #[must_use]
    pub fn at(time: Time) -> Self {
        Self { start_time: time, end_time: Some(time) }
    }

    /// Returns the time span between two instants, in any order.
    #[must_use]
    pub fn between(one: Time, other: Time) -> Self {
        Self { start_time: one.min(other), end_time: Some(one.max(other)) }
    }

    /// Returns a time span with an end only if there is one that is not before the start.
    #[must_use]
    pub fn from_until(start: Time, end: Option<Time>) -> Self {
        Self { start_time: start, end_time: end.filter(|end| end.at >= start.at) }
    }

    /// Returns the start.
    #[must_use]
    pub fn start(&self) -> Time {
        self.start_time
    }
}

/// CTIM's valid time; empty if nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ValidTime {
    /// The start of validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// The end of validity; absent while it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Time>,
}

impl ValidTime {
    /// Returns the validity from this instant on, or an empty one.
    #[must_use]
    pub fn from(start: Option<Time>) -> Self {
        Self { start_time: start, end_time: None }
    }

    /// From `start` for `days` days.
    #[must_use]
    pub fn for_days(start: Time, days: i64) -> Self {
        Self { start_time: Some(start), end_time: Some(start.plus_seconds(days * 86_400)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(time: Option<Time>, expected: &str) {
        assert_eq!(time.map(|time| time.to_string()).as_deref().unwrap_or("-"), expected);
    }

    #[test]
    fn f10_texts_are_read_with_every_zone_and_fraction() {
        check(Time::parse("2026-03-01T12:19:31.000+0000"), "2026-03-01T12:19:31.000Z");
        check(Time::parse("2026-10-30T06:12:01.5Z"), "2026-10-30T06:12:01.500Z");
        check(Time::parse("2026-10-30T06:12:01.1234567Z"), "2026-10-30T06:12:01.123Z");
        check(Time::parse("2026-03-01T01:00:00+02:00"), "2026-02-28T23:00:00.000Z");
        check(Time::parse("2016-12-31T23:59:60Z"), "2016-12-31T23:59:59.000Z");
        check(Time::parse("2026-03-01T12:19:31.412000"), "2026-03-01T12:19:31.412Z");
        check(Time::parse("2026-03-01 12:19:31"), "2026-03-01T12:19:31.000Z");
        for text in [
            "",
            "yesterday",
            "2026-03-01",
            "2026-03-01T12:19:31ZZ",
            "2026-03-01T12:19:31+99:00",
            "2026-03-01T12:61:31",
            "1969-12-31T23:59:59Z",
            "2525-01-02T00:00:00Z",
            "0001-01-01T00:00:00Z",
        ] {
            check(Time::parse(text), "-");
        }
    }

    #[test]
    fn f10_the_usual_spelling_says_the_same_as_any() {
        let check = |text: &str| {
            let usual = in_usual_spelling(text);
            assert!(usual.is_none() || usual == in_any_spelling(text), "{text}");
            usual.is_some()
        };
        for text in [
            "2026-03-01T12:19:31Z",
            "2024-02-29T23:59:59.9Z",
            "2026-10-30T06:12:01.123456789Z",
            "1969-12-31T23:59:59.5Z",
            "0000-01-01T00:00:00Z",
            "9999-12-30T21:59:59Z",
        ] {
            assert!(check(text), "{text}");
        }
        for text in [
            "",
            "Z",
            "2026-03-01T12:19:31",
            "2026-03-01T12:19:31.Z",
            "2026-03-01T12:19:31.1234567890Z",
            "2026-03-01T12:19:31,5Z",
            "2026-03-01t12:19:31z",
            "2026-03-01 12:19:31Z",
            "2026-02-29T12:19:31Z",
            "2016-12-31T23:59:60Z",
            "2026-03-01T24:00:00Z",
            "2026-13-01T12:19:31Z",
            "2026-03-01T12:19:31+00:00Z",
            "-026-03-01T12:19:31Z",
            "2026-03-01T12:19:3\u{661}Z",
            "+12026-03-01T12:19:31Z",
        ] {
            assert!(!check(text), "{text}");
        }
    }

    #[test]
    fn f10_numbers_are_read_within_ctims_range() {
        check(Time::from_unix_seconds(1_772_366_400), "2026-03-01T12:00:00Z");
        check(Time::from_unix_milliseconds(1_772_367_571_250), "2026-03-01T12:19:31.250Z");
        check(Time::from_unix_milliseconds(1), "1970-01-01T00:00:00.001Z");
        check(Time::from_unix_milliseconds(951_827_696_789), "2000-02-29T12:34:56.789Z");
        for seconds in [0, -1, i64::MIN, i64::MAX, NEVER_SECOND + 1] {
            check(Time::from_unix_seconds(seconds), "-");
            check(Time::from_unix_milliseconds(seconds.saturating_mul(1000)), "-");
        }
    }

    #[test]
    fn days_begin_at_midnight_and_never_is_2525() {
        check(Time::parse_day("2026-02-28"), "2026-02-28T00:00:00Z");
        check(Time::parse_day("2026-02-30"), "-");
        check(Some(Time::never()), "2525-01-01T00:00:00.000Z");
        check(Some(Time::never().plus_seconds(i64::MAX)), "2525-01-01T00:00:00.000Z");
    }

    #[test]
    fn an_observed_time_never_ends_before_it_starts() {
        let early = Time::from_unix_seconds(100).unwrap();
        let late = Time::from_unix_seconds(200).unwrap();
        assert_eq!(ObservedTime::between(late, early), ObservedTime::between(early, late));
        assert_eq!(ObservedTime::from_until(late, Some(early)).end_time, None);
        assert_eq!(ObservedTime::from_until(early, Some(late)).end_time, Some(late));
    }
}
