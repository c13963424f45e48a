//! The quota of the subscription, as the gateway tells it with every response.
//! Specification: docs/relays/qualys-ioc.md#quota.

use std::sync::OnceLock;

use relay_core::{Error, ErrorKind, Quota, QuotaPeriod, Response};

/// Of a small quota no more than this part is kept back.
const LARGEST_PART: usize = 10;

/// Keeps the last requests of the quota for other calls.
pub(super) struct QuotaReserve {
    /// How many requests are kept back, of a large quota.
    reserve: usize,
    /// What the gateway said when fewer were left.
    low: OnceLock<Allowance>,
}

/// How many requests the subscription may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowance {
    limit: Option<usize>,
    window_seconds: Option<usize>,
    remaining: usize,
}

impl QuotaReserve {
    pub(super) fn new(reserve: usize) -> Self {
        Self { reserve, low: OnceLock::new() }
    }

    /// Reads what a response says of the quota, and returns it where it says how large it is.
    pub(super) fn note(&self, response: &Response) -> Option<Quota> {
        let allowance = Allowance::read(|name| response.header(name))?;
        if allowance.is_below(self.reserve) {
            self.low.get_or_init(|| allowance);
        }
        allowance.quota()
    }

    /// Returns whether the requests that are left are kept back.
    pub(super) fn is_low(&self) -> bool {
        self.low.get().is_some()
    }

    /// Returns the warning about what is not asked for that reason.
    pub(super) fn warning(&self, product: &str) -> Option<Error> {
        let allowance = self.low.get()?;
        let reserve = allowance.reserve(self.reserve);
        let quota = match (allowance.limit, allowance.window_seconds) {
            (Some(limit), Some(seconds)) => format!("its quota of {limit} in {seconds} seconds"),
            _ => "its quota".to_owned(),
        };
        let text = format!(
            "{product} was not asked about every observable, because fewer than {reserve} requests are left of {quota}; ask about the others later, or lower QUALYS_QUOTA_RESERVE."
        );
        Some(Error::new(ErrorKind::RateLimited { after: None }, text).as_warning())
    }
}

impl Allowance {
    /// Reads the headers; `None` where they do not say how many requests are left.
    fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let number = |name| header(name)?.trim().parse().ok();
        Some(Self {
            limit: number("x-ratelimit-limit"),
            window_seconds: number("x-ratelimit-window-sec")
                .or_else(|| number("x-ratelimit-window")),
            remaining: number("x-ratelimit-remaining")?,
        })
    }

    /// Returns the quota as health shows it.
    fn quota(self) -> Option<Quota> {
        let limit = self.limit?;
        let period = match self.window_seconds {
            Some(60) => Some(QuotaPeriod::Minute),
            Some(3600) => Some(QuotaPeriod::Hour),
            Some(86_400) => Some(QuotaPeriod::Day),
            _ => None,
        };
        Some(Quota {
            description: "Requests of the subscription to the API",
            period,
            limit: limit as u64,
            used: limit.saturating_sub(self.remaining) as u64,
            ends: None,
        })
    }

    fn reserve(&self, reserve: usize) -> usize {
        self.limit.map_or(reserve, |limit| reserve.min(limit / LARGEST_PART))
    }

    fn is_below(&self, reserve: usize) -> bool {
        self.remaining < self.reserve(reserve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Option<Allowance> {
        Allowance::read(|name| {
            headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        })
    }

    #[test]
    fn the_headers_are_read_as_far_as_they_are_there() {
        let allowance = read(&[
            ("x-ratelimit-limit", "300"),
            ("x-ratelimit-window-sec", "3600"),
            ("x-ratelimit-remaining", " 12 "),
        ]);
        let expected = Allowance { limit: Some(300), window_seconds: Some(3600), remaining: 12 };
        assert_eq!(allowance, Some(expected));
        let bare = Allowance { limit: None, window_seconds: None, remaining: 3 };
        assert_eq!(read(&[("x-ratelimit-remaining", "3"), ("x-ratelimit-limit", "-")]), Some(bare));
        for text in ["", "-1", "many", "1.5", "99999999999999999999999"] {
            assert_eq!(read(&[("x-ratelimit-remaining", text)]), None, "{text}");
        }
        assert_eq!(read(&[("x-ratelimit-limit", "300")]), None);
    }

    #[test]
    fn health_shows_the_quota_that_was_told() {
        let quota =
            |limit, window_seconds| Allowance { limit, window_seconds, remaining: 12 }.quota();
        let hourly = quota(Some(300), Some(3600)).unwrap();
        assert_eq!((hourly.limit, hourly.used, hourly.period), (300, 288, Some(QuotaPeriod::Hour)));
        assert_eq!(quota(Some(5), Some(900)).map(|one| (one.used, one.period)), Some((0, None)));
        assert!(quota(None, Some(3600)).is_none());
    }

    #[test]
    fn of_a_small_quota_a_tenth_is_kept_back() {
        let is_below = |limit, remaining, reserve| {
            Allowance { limit, window_seconds: None, remaining }.is_below(reserve)
        };
        assert!(is_below(Some(300), 9, 10) && !is_below(Some(300), 10, 10));
        assert!(is_below(None, 9, 10) && !is_below(None, 10, 10));
        assert!(is_below(Some(50), 4, 10) && !is_below(Some(50), 5, 10));
        // A quota of one request a second is used up with every request.
        assert!(!is_below(Some(1), 0, 10));
        assert!(!is_below(Some(300), 0, 0));
    }
}
