//! Decides whether a request is sent once more, and after which delay.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use http::{HeaderMap, header};

use super::{Attempt, Request};

/// The delay before a retry after 502, 503 and 504 that name no wait.
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// The time that the retry itself needs; a wait that leaves less is not worth it.
const MIN_RETRY_TIME: Duration = Duration::from_secs(1);
/// Too many requests.
const THROTTLED: u16 = 429;

/// Returns the delay before a retry, or none: only of retryable requests, after a connection that
/// failed before its first byte, 429 with a wait that fits, and 502, 503, 504.
pub(super) fn delay(request: &Request, first: &Attempt, time_left: Duration) -> Option<Duration> {
    match first {
        _ if !request.repeatable => None,
        Attempt::NoResponse(error) => {
            fitting(Duration::ZERO, time_left).filter(|_| is_passing(error))
        }
        Attempt::Responded(response) => {
            let throttled = request.is_throttled(response.status());
            let status = if throttled { THROTTLED } else { response.status() };
            retry_delay(status, response.headers(), time_left)
        }
        Attempt::Failed(_) => None,
    }
}

/// Returns the delay after a response of this status, if a retry is worth it and fits the time left.
#[must_use]
pub fn retry_delay(status: u16, headers: &HeaderMap, time_left: Duration) -> Option<Duration> {
    let delay = match status {
        THROTTLED => retry_after(headers),
        502..=504 => Some(retry_after(headers).unwrap_or(RETRY_DELAY)),
        _ => None,
    };
    fitting(delay?, time_left)
}

fn fitting(delay: Duration, time_left: Duration) -> Option<Duration> {
    (delay.checked_add(MIN_RETRY_TIME)? <= time_left).then_some(delay)
}

/// A certificate does not become valid by a retry.
fn is_passing(error: &crate::Error) -> bool {
    matches!(error.kind(), crate::ErrorKind::Unreachable | crate::ErrorKind::Interrupted)
}

/// Reads `Retry-After` in seconds, also with decimals as Microsoft Graph sends them, or as an HTTP date compared with the response's own `Date`; also
/// the seconds of `X-RateLimit-ToWait-Sec` and `X-Rate-Limit-Reset-After`, which some products send.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |name: &str| decimal_seconds(text(name)?);
    seconds("retry-after")
        .or_else(|| until(text(header::RETRY_AFTER.as_str())?, text("date")?))
        .or_else(|| seconds("x-ratelimit-towait-sec"))
        .or_else(|| seconds("x-rate-limit-reset-after"))
}

/// Reads digits with at most one dot.
fn decimal_seconds(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    Duration::try_from_secs_f64(text.parse().ok().filter(|_| is_decimal)?).ok()
}

fn until(moment: &str, sent: &str) -> Option<Duration> {
    let read = |text| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    read(moment)?.duration_since(read(sent)?).try_into().ok()
}

/// Keeps retries a small part of all requests, so that an overloaded product is not made worse:
/// every request earns a fifth of one, every retry spends a whole one.
#[derive(Debug)]
pub(super) struct RetryBudget(AtomicI64);

impl RetryBudget {
    const COST: i64 = 5;
    const FULL: i64 = 50;

    /// Spends one retry, if there is one.
    pub(super) fn allows_one(&self) -> bool {
        let take = |left: i64| (left >= Self::COST).then_some(left - Self::COST);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Adds what one request earns.
    pub(super) fn earn(&self) {
        let add = |left: i64| (left < Self::FULL).then_some(left + 1);
        // A full budget stays as it is.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicI64::new(Self::FULL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn n10_f8_every_form_of_retry_after_is_read_or_ignored() {
        let check = |pairs: &[(&'static str, &'static str)], expected: Option<u64>| {
            assert_eq!(
                retry_after(&headers(pairs)),
                expected.map(Duration::from_secs),
                "{pairs:?}"
            );
        };
        let now = ("date", "Fri, 20 Nov 2026 10:00:00 GMT");
        check(&[("retry-after", "7")], Some(7));
        check(&[("retry-after", "0")], Some(0));
        check(&[("retry-after", "1000000000")], Some(1_000_000_000));
        check(&[("retry-after", "Fri, 20 Nov 2026 10:00:30 GMT"), now], Some(30));
        check(&[("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT"), now], None);
        check(&[("retry-after", "Fri, 20 Nov 2026 10:00:30 GMT")], None);
        check(&[("x-ratelimit-towait-sec", "3")], Some(3));
        let decimal = |text| retry_after(&headers(&[("retry-after", text)]));
        assert_eq!(decimal("0.249"), Some(Duration::from_millis(249)));
        assert_eq!(decimal("12.0"), Some(Duration::from_secs(12)));
        for malformed in [
            "1.2.3",
            ".",
            "1,5",
            "1.5s",
            "0x1.8",
            "inf",
            "NaN",
            "-5",
            "soon",
            "1e9",
            "99999999999999999999999",
            "",
        ] {
            check(&[("retry-after", malformed), now], None);
        }
    }

    #[test]
    fn n13_retries_stay_a_fifth_of_the_requests() {
        let budget = RetryBudget::default();
        let granted = (0..1000)
            .filter(|_| {
                budget.earn();
                budget.allows_one()
            })
            .count();
        assert!((200..=210).contains(&granted), "{granted}");
    }
}
