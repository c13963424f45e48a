//! F8: whatever a product responds about waiting, no relay waits beyond the deadline.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use http::{HeaderMap, HeaderName, HeaderValue};
use relay_core::{
    Route,
    fuzz_api::{retry_after, retry_delay},
};
use sandbox::{Fault, Product, Times};
use testkit::Observables;

use crate::{relays::with_relay, structured};

/// The least time for a retry.
const RESERVE: Duration = Duration::from_secs(1);

/// Headers that are about waiting, or look so.
const NAMES: [&str; 7] = [
    "retry-after",
    "date",
    "x-ratelimit-towait-sec",
    "x-rate-limit-reset-after",
    "x-rate-limit-reset",
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
];

/// A rejection: its headers, each line `name: value`, behind a line with status and milliseconds left.
///
/// # Panics
///
/// When a pause does not fit the time left, or the relay's answer is not valid.
pub fn f08_waits(data: &[u8]) {
    let rejection = match structured(data) {
        Some(mut steering) => Rejection::made(&mut steering).ok(),
        None => std::str::from_utf8(data).ok().and_then(Rejection::written),
    };
    let Some(rejection) = rejection else { return };
    rejection.assert_fits();
    rejection.assert_reported();
}

struct Rejection {
    status: u16,
    left: Duration,
    headers: Vec<(String, String)>,
}

impl Rejection {
    fn written(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (status, left) = lines.next()?.split_once(' ')?;
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        };
        Some(Self {
            status: status.parse().ok()?,
            left: Duration::from_millis(left.parse().ok()?),
            headers: lines.filter_map(header).collect(),
        })
    }

    fn made(u: &mut Unstructured<'_>) -> Result<Self> {
        let status = *u.choose(&[429, 429, 429, 500, 502, 503, 504, 200, 404, 599])?;
        let left = Duration::from_millis(u.int_in_range(0..=30_000)?);
        let mut headers = Vec::new();
        while !u.is_empty() && headers.len() < 4 {
            headers.push(((*u.choose(&NAMES)?).to_owned(), wait(u)?));
        }
        Ok(Self { status, left, headers })
    }

    fn map(&self) -> HeaderMap {
        let header = |(name, value): &(String, String)| {
            let name = HeaderName::try_from(name.as_str()).ok()?;
            Some((name, HeaderValue::try_from(value.as_str()).ok()?))
        };
        self.headers.iter().filter_map(header).collect()
    }

    fn assert_fits(&self) {
        let headers = self.map();
        let wait = retry_after(&headers);
        if let Some(seconds) = headers.get("retry-after").and_then(digits) {
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{headers:?}");
        }
        let Some(pause) = retry_delay(self.status, &headers, self.left) else { return };
        assert!(pause + RESERVE <= self.left, "{pause:?} of {:?}", self.left);
        assert!(wait.is_none_or(|wait| pause == wait), "{pause:?} instead of {wait:?}");
        assert!(self.status == 429 || (502..=504).contains(&self.status), "{}", self.status);
        assert!(wait.is_some() || self.status != 429, "a pause without a given time");
    }

    /// A relay reports the rejection in time and after few requests.
    fn assert_reported(&self) {
        let headers = self.map();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let fault = Fault::Status { code: self.status, headers, body: String::new() };
        let product = Product::ALL[self.headers.len() % Product::ALL.len()];
        with_relay(product, 0, |kept| {
            for path in kept.relay.fixture.data_paths {
                kept.relay.sandbox.fault(*path, fault.clone(), Times::Always);
            }
            let request = kept.relay.request(Route::Observe);
            let answer = kept.send(request.about(Observables::first(kept.relay.fixture)));
            kept.relay.assert_max_calls(12);
            assert!(self.status < 400 || !answer.error_entries().is_empty(), "{}", answer.text);
        });
    }
}

/// A whole number of seconds, written with digits only.
fn digits(value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok()?;
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// A wait in any of the forms that are sent.
fn wait(u: &mut Unstructured<'_>) -> Result<String> {
    let fixed = [
        "0",
        "-5",
        "1e9",
        "soon",
        "",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "1.5",
        " 7 ",
        "+7",
        "Fri, 20 Nov 2026 10:00:30 GMT",
        "Fri, 20 Nov 2026 10:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sat, 31 Dec 2016 23:59:60 GMT",
    ];
    match u.int_in_range(0..=3)? {
        0 => Ok(u.int_in_range(0..=40_u64)?.to_string()),
        1 => Ok(u.arbitrary::<u64>()?.to_string()),
        2 => u.arbitrary(),
        _ => Ok((*u.choose(&fixed)?).to_owned()),
    }
}
