//! Instants in two forms: RFC 3339, which relays write, and the wider one that the platform parses.
//! Decimals of any number are kept, which `jiff` does not.

use jiff::{civil::DateTime, tz::Offset};

/// A point in time with all its decimals.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant {
    seconds: i64,
    /// Decimals without zeros at the end, so that the order of texts is that of numbers.
    decimals: String,
}

/// 2525-01-01T00:01:00Z, the end of CTIM's range.
const END_SECONDS: i64 = 17_514_144_060;

/// Parses an RFC 3339 instant with seconds and offset, inside CTIM's range.
pub(super) fn strict(text: &str) -> Result<Instant, &'static str> {
    if !has_rfc3339_shape(text.as_bytes()) {
        return Err("not an RFC 3339 instant with seconds and offset");
    }
    lenient(text)
}

/// Parses also what the platform accepts: parts left out at the end, an offset without a colon or
/// no offset; inside CTIM's range.
pub(super) fn lenient(text: &str) -> Result<Instant, &'static str> {
    let instant = unbounded(text)?;
    if (0..END_SECONDS).contains(&instant.seconds) {
        Ok(instant)
    } else {
        Err("outside 1970-01-01T00:00:00Z to 2525-01-01T00:01:00Z")
    }
}

/// Parses the lenient form of any range.
pub(super) fn unbounded(text: &str) -> Result<Instant, &'static str> {
    let mut rest = Cursor(text.as_bytes());
    let parts = rest.instant().filter(|_| rest.0.is_empty()).ok_or("not an ISO 8601 instant")?;
    let civil = DateTime::new(
        parts.year,
        parts.month,
        parts.day,
        parts.hour,
        parts.minute,
        parts.second,
        0,
    );
    let civil = civil.map_err(|_| "no such day or time of day")?;
    let utc = Offset::UTC.to_timestamp(civil).map_err(|_| "outside the calendar")?;
    Ok(Instant { seconds: utc.as_second() - parts.offset, decimals: parts.decimals })
}

fn has_rfc3339_shape(text: &[u8]) -> bool {
    const PREFIX: &[u8] = b"0000-00-00T00:00:00";
    let Some((head, tail)) = text.split_at_checked(PREFIX.len()) else { return false };
    let tail = match tail.strip_prefix(b".") {
        Some(decimals) => {
            let end = decimals.iter().position(|byte| !byte.is_ascii_digit());
            match decimals.split_at(end.unwrap_or(decimals.len())) {
                ([], _) => return false,
                (_, tail) => tail,
            }
        }
        None => tail,
    };
    let zone = tail == b"Z" || matches(tail, b"+00:00") || matches(tail, b"-00:00");
    matches(head, PREFIX) && zone
}

/// Whether the text matches the pattern, where a zero stands for any digit.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let same = |(t, p): (&u8, &u8)| if *p == b'0' { t.is_ascii_digit() } else { t == p };
    text.len() == pattern.len() && text.iter().zip(pattern).all(same)
}

struct Parts {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    decimals: String,
    /// Seconds east of Greenwich.
    offset: i64,
}

/// The rest of a text.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn instant(&mut self) -> Option<Parts> {
        let year = self.number(4, 4)?;
        let month = self.after(b"-", 1).unwrap_or(1);
        let day = self.after(b"-", 1).unwrap_or(1);
        let mut parts = Parts {
            year: i16::try_from(year).ok()?,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            decimals: String::new(),
            offset: 0,
        };
        if self.eat(b"T") {
            parts.hour = self.after(b"", 2).unwrap_or(0);
            parts.minute = self.after(b":", 2).unwrap_or(0);
            parts.second = self.after(b":", 2).unwrap_or(0);
            parts.decimals = self.decimals();
            parts.offset = self.offset()?;
        }
        Some(parts)
    }

    /// Two digits, or one where `min` says so, behind a mark; nothing is consumed otherwise.
    fn after(&mut self, mark: &[u8], min: usize) -> Option<i8> {
        let before = self.0;
        let found = self.eat(mark).then(|| self.number(min, 2)).flatten();
        if found.is_none() {
            self.0 = before;
        }
        found.and_then(|number| i8::try_from(number).ok())
    }

    fn decimals(&mut self) -> String {
        let Some((b'.' | b',', rest)) = self.0.split_first() else { return String::new() };
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, tail) = rest.split_at(end);
        if !digits.is_empty() {
            self.0 = tail;
        }
        String::from_utf8_lossy(digits).trim_end_matches('0').to_owned()
    }

    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.eat(b"Z") {
            return Some(0);
        }
        let east = self.eat(b"+");
        if !east && !self.eat(b"-") {
            return None;
        }
        let hours = self.number(2, 2).filter(|hours| *hours < 24)?;
        self.eat(b":");
        let minutes = if self.0.is_empty() { 0 } else { self.number(2, 2)? };
        let seconds = (minutes < 60).then_some(i64::from(hours * 60 + minutes) * 60)?;
        Some(if east { seconds } else { -seconds })
    }

    fn eat(&mut self, mark: &[u8]) -> bool {
        let rest = self.0.strip_prefix(mark);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn number(&mut self, min: usize, max: usize) -> Option<u16> {
        let digits = self.0.iter().take(max).take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        (digits >= min)
            .then(|| number.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
    }
}

#[cfg(test)]
mod tests {
    use super::{lenient, strict, unbounded};

    #[test]
    fn both_forms_and_neither() {
        let both = [
            "1970-01-01T00:00:00Z",
            "2024-05-01T12:00:00.1234567+02:00",
            "2525-01-01T00:00:59.999Z",
            "2024-02-29T23:59:59-23:59",
        ];
        let lenient_only = [
            "2024",
            "2024-5-1",
            "2024-05-01T10",
            "2024-05-01T10:00:00",
            "2024-05-01T10:00:00,5Z",
            "2024-05-01T10:00:00+0000",
            "2024-05-01T10:00:00+00",
        ];
        let neither = [
            "",
            "1969-12-31T23:59:59Z",
            "2525-01-01T00:01:00Z",
            "2024-05-01 10:00:00Z",
            "2024-05-01t10:00:00Z",
            "2024-05-01T24:00:00Z",
            "2024-05-01T10:00:60Z",
            "2023-02-29T10:00:00Z",
            "2024-05-01T10:00:00.Z",
            "2024-05-01T10:00:00Z+00:00",
            "2024-05-01T10:00:00+24:00",
            "2024-05-01T10:00:00Z\n",
            "20240501T100000Z",
        ];
        for text in both {
            assert!(strict(text).is_ok() && lenient(text).is_ok(), "{text}");
        }
        for text in lenient_only {
            assert!(strict(text).is_err() && lenient(text).is_ok(), "{text}");
        }
        for text in neither {
            assert!(strict(text).is_err() && lenient(text).is_err(), "{text}");
        }
    }

    #[test]
    fn instants_are_ordered_to_the_last_decimal_and_across_offsets() {
        let ascending = [
            "1900-01-01T00:00:00Z",
            "2024-05-01T10:00:00+02:00",
            "2024-05-01T08:00:00.09Z",
            "2024-05-01T08:00:00.0900000000001Z",
            "2024-05-01T08:00:00.1Z",
            "2024-05-01T07:00:00-01:30",
        ];
        assert!(ascending.map(|text| unbounded(text).unwrap()).is_sorted());
        assert_eq!(unbounded("2024-05-01T10:00:00.50+01:00"), unbounded("2024-05-01T09:00:00.5Z"));
    }
}
