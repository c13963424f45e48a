//! F10: dates are read as they are meant, or not at all, and what is written reads back.

use arbitrary::{Result, Unstructured};
use jiff::Timestamp;
use relay_core::{
    Time,
    ctim::{ObservedTime, ValidTime},
};

use crate::structured;

/// Milliseconds of 2525-01-01T00:00:00Z, the end of CTIM's time.
const NEVER: i64 = 17_514_144_000_000;

/// The bytes are a text that may be a date. After the mark they steer the fields of one, and
/// numbers to count with.
///
/// # Panics
///
/// When a date is misread, or does not read back.
pub fn f10_dates(data: &[u8]) {
    match structured(data) {
        // Where the steering bytes end, there is no more to count.
        Some(mut steering) => drop(check_fields(&mut steering)),
        None => {
            let text = String::from_utf8_lossy(data);
            if let Some(time) = Time::parse(&text) {
                check_time(time);
            }
            if let Some(day) = Time::parse_day(&text) {
                check_time(day);
                assert_eq!(day.as_unix_milliseconds() % 86_400_000, 0, "{text} is a midnight");
            }
            if let Some(written) = Written::read(&text) {
                assert_eq!(parsed(&text), written.milliseconds(), "{text}");
            }
        }
    }
}

fn parsed(text: &str) -> Option<i64> {
    Time::parse(text).map(Time::as_unix_milliseconds)
}

/// What is written reads back, in both forms, and stays in CTIM's time.
fn check_time(time: Time) {
    let milliseconds = time.as_unix_milliseconds();
    assert!((0..=NEVER).contains(&milliseconds), "{time}");
    let text = time.with_decimals().to_string();
    assert_eq!((text.len(), parsed(&text)), ("2525-01-01T00:00:00.000Z".len(), Some(milliseconds)));
    assert_eq!(parsed(&time.to_string()).map(|it| it / 1000), Some(milliseconds / 1000));
    assert_eq!(parsed(&format!(" {time}\n")), parsed(&time.to_string()), "blanks do not count");
    let written = Written::read(&text).expect("RFC 3339");
    assert_eq!(written.milliseconds(), Some(milliseconds), "{text}");
}

fn check_fields(u: &mut Unstructured<'_>) -> Result<()> {
    let written = Written::made(u)?;
    let text = written.text();
    assert_eq!(parsed(&text), written.milliseconds(), "{text}");
    let day = Time::parse_day(&text[..10]).map(Time::as_unix_milliseconds);
    let midnight = written.day_number().map(|day| day * 86_400_000);
    assert_eq!(day, midnight.filter(|at| (0..=NEVER).contains(at)), "{text}");
    check_numbers(u.arbitrary()?, u.arbitrary()?)
}

/// Counting from any number by any number ends inside CTIM's time.
fn check_numbers(one: i64, other: i64) -> Result<()> {
    let seconds = Time::from_unix_seconds(one);
    let milliseconds = Time::from_unix_milliseconds(one);
    assert_eq!(seconds.is_some(), (1..=NEVER / 1000).contains(&one));
    assert_eq!(milliseconds.is_some(), (1..=NEVER).contains(&one));
    for time in seconds.into_iter().chain(milliseconds) {
        check_time(time);
        let later = time.plus_seconds(other);
        check_time(later);
        assert!((later >= time) == (other >= 0) || later == time, "{time} {other} {later}");
        check_span(time, later);
    }
    if let Ok(now) = Timestamp::from_second(one) {
        check_time(Time::of_clock(now));
    }
    Ok(())
}

fn check_span(one: Time, other: Time) {
    let ends = |span: &ObservedTime| {
        let json = serde_json::to_value(span).expect("JSON");
        let end = |name: &str| json.get(name).and_then(|text| parsed(text.as_str()?));
        (end("start_time"), end("end_time"))
    };
    let (start, end) = ends(&ObservedTime::between(one, other));
    assert!(start <= end && start.is_some(), "{one} {other}");
    let (start, end) = ends(&ObservedTime::from_until(one, Some(other)));
    assert!(end.is_none_or(|end| start <= Some(end)), "{one} {other}");
    assert!(serde_json::to_value(ValidTime::for_days(one, 30)).is_ok());
}

/// A date of RFC 3339, field by field.
#[derive(Debug)]
struct Written {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// Digits behind the point; none without a point.
    fraction: String,
    /// Minutes that the zone is ahead of UTC; none for `Z`.
    offset: Option<i64>,
}

impl Written {
    fn made(u: &mut Unstructured<'_>) -> Result<Self> {
        let digits = u.int_in_range(0..=9)?;
        let fraction: Result<String> =
            (0..digits).map(|_| Ok(char::from(b'0' + u.int_in_range(0..=9)?))).collect();
        Ok(Self {
            year: if u.ratio(3, 4)? {
                u.int_in_range(1965..=2530)?
            } else {
                u.int_in_range(0..=9999)?
            },
            month: u.int_in_range(0..=13)?,
            day: u.int_in_range(0..=32)?,
            hour: u.int_in_range(0..=24)?,
            minute: u.int_in_range(0..=60)?,
            second: u.int_in_range(0..=61)?,
            fraction: fraction?,
            offset: if u.arbitrary()? { None } else { Some(u.int_in_range(-1439..=1439)?) },
        })
    }

    fn text(&self) -> String {
        let Self { year, month, day, hour, minute, second, fraction, offset } = self;
        let point = if fraction.is_empty() { "" } else { "." };
        let zone = match offset {
            None => "Z".to_owned(),
            Some(offset) => {
                let sign = if *offset < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        };
        format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}"
        )
    }

    /// Reads exactly the form that [`text`](Self::text) writes.
    fn read(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = text.get(from..to)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let zone = text.rfind(['Z', '+', '-']).filter(|at| *at >= 19)?;
        let fraction = text.get(19..zone)?.strip_prefix('.').unwrap_or_default();
        let offset = match text.get(zone..)? {
            "Z" => None,
            written => {
                let (hours, minutes) = (number(zone + 1, zone + 3)?, number(zone + 4, zone + 6)?);
                (hours < 24 && minutes < 60).then_some(())?;
                let minutes = hours * 60 + minutes;
                Some(if written.starts_with('-') { -minutes } else { minutes })
            }
        };
        let written = Self {
            year: number(0, 4)?,
            month: number(5, 7)?,
            day: number(8, 10)?,
            hour: number(11, 13)?,
            minute: number(14, 16)?,
            second: number(17, 19)?,
            fraction: fraction.to_owned(),
            offset,
        };
        let plain = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
        (plain && written.text() == text).then_some(written)
    }

    /// Milliseconds since 1970, finer fractions cut, a leap second counted as the one before it;
    /// none for what is no date, or outside CTIM's time.
    fn milliseconds(&self) -> Option<i64> {
        let (hours, minutes, seconds) = (0..24, 0..60, 0..=60);
        let is_time = hours.contains(&self.hour)
            && minutes.contains(&self.minute)
            && seconds.contains(&self.second);
        let offset = self.offset.unwrap_or(0);
        is_time.then_some(())?;
        let minutes = (self.day_number()? * 24 + self.hour) * 60 + self.minute - offset;
        let seconds = minutes * 60 + self.second.min(59);
        let fraction: i64 = format!("{:0<3}", self.fraction)[..3].parse().ok()?;
        Some(seconds * 1000 + fraction).filter(|at| (0..=NEVER).contains(at))
    }

    /// Days since 1970-01-01 in the Gregorian calendar; none for what is no day.
    fn day_number(&self) -> Option<i64> {
        let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if is_leap(self.year) { 29 } else { 28 };
        let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let month = usize::try_from(self.month).ok()?.checked_sub(1)?;
        (1..=*months.get(month)?).contains(&self.day).then_some(())?;
        let before = self.year - 1;
        let years =
            365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
        let this_year: i64 = months[..month].iter().sum::<i64>() + self.day - 1;
        // So many days before 1970, from the first day of year 1.
        Some(years + this_year - 719_162)
    }
}
