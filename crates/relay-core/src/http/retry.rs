//! When a request is sent once more, and after which pause.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use http::{HeaderMap, header};

use super::{Attempt, Request};

/// The pause before repeating after 502, 503 and 504 without a word on when to come back.
const BREATH: Duration = Duration::from_millis(200);
/// What the repeated call itself needs; a wait that leaves less is not worth it.
const RESERVE: Duration = Duration::from_secs(1);
/// Too many requests.
const THROTTLED: u16 = 429;

/// The pause before one repetition, or none: only what is repeatable, only a connection that
/// failed before its first byte, 429 with a wait that fits, and 502, 503, 504.
pub(super) fn pause(request: &Request, first: &Attempt, time_left: Duration) -> Option<Duration> {
    match first {
        _ if !request.repeatable => None,
        Attempt::NoAnswer(error) => {
            fitting(Duration::ZERO, time_left).filter(|_| is_passing(error))
        }
        Attempt::Answered(answer) => {
            let throttled = request.is_throttled(answer.status());
            let status = if throttled { THROTTLED } else { answer.status() };
            pause_after(status, answer.headers(), time_left)
        }
        Attempt::Failed(_) => None,
    }
}

/// The pause after an answer of this status, if one repetition is worth it and fits the time left.
pub fn pause_after(status: u16, headers: &HeaderMap, time_left: Duration) -> Option<Duration> {
    let pause = match status {
        THROTTLED => wait_asked_for(headers),
        502..=504 => Some(wait_asked_for(headers).unwrap_or(BREATH)),
        _ => None,
    };
    fitting(pause?, time_left)
}

fn fitting(pause: Duration, time_left: Duration) -> Option<Duration> {
    (pause.checked_add(RESERVE)? <= time_left).then_some(pause)
}

/// A certificate does not become good by asking again.
fn is_passing(error: &crate::Error) -> bool {
    error.kind() == crate::ErrorKind::Unreachable
}

/// `Retry-After` in seconds, or as an HTTP date compared with the answer's own `Date`; also the
/// seconds of `X-RateLimit-ToWait-Sec` and `X-Rate-Limit-Reset-After`, which some products send.
pub fn wait_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |name: &str| text(name)?.parse::<u64>().ok().map(Duration::from_secs);
    seconds("retry-after")
        .or_else(|| until(text(header::RETRY_AFTER.as_str())?, text("date")?))
        .or_else(|| seconds("x-ratelimit-towait-sec"))
        .or_else(|| seconds("x-rate-limit-reset-after"))
}

fn until(moment: &str, sent: &str) -> Option<Duration> {
    let read = |text| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    read(moment)?.duration_since(read(sent)?).try_into().ok()
}

/// Keeps repetitions a small part of all calls, so that a product in trouble is not made worse:
/// every call earns a fifth of one, every repetition spends a whole one.
#[derive(Debug)]
pub(super) struct Budget(AtomicI64);

impl Budget {
    const REPETITION: i64 = 5;
    const FULL: i64 = 50;

    /// Takes one repetition out, if there is one.
    pub(super) fn allows_one(&self) -> bool {
        let take = |left: i64| (left >= Self::REPETITION).then_some(left - Self::REPETITION);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Adds what one call earns.
    pub(super) fn earn(&self) {
        let add = |left: i64| (left < Self::FULL).then_some(left + 1);
        // A full budget stays as it is.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl Default for Budget {
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
                wait_asked_for(&headers(pairs)),
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
        for rubbish in ["-5", "soon", "1e9", "99999999999999999999999", ""] {
            check(&[("retry-after", rubbish), now], None);
        }
    }

    #[test]
    fn n13_repetitions_stay_a_fifth_of_the_calls() {
        let budget = Budget::default();
        let granted = (0..1000)
            .filter(|_| {
                budget.earn();
                budget.allows_one()
            })
            .count();
        assert!((200..=210).contains(&granted), "{granted}");
    }
}
