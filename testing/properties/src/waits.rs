//! F8: whatever a product says about waiting, nobody waits beyond the deadline.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use http::{HeaderMap, HeaderName, HeaderValue};
use relay_core::{
    http::{pause_after, wait_asked_for},
    route::Route,
};
use sandbox::{Fault, Product, Times};
use serde_json::Value;
use testkit::ctim::Asked;

use crate::{
    stage::{Stage, assert_sound},
    structured,
    subject::Subject,
};

/// What a repeated call needs at least.
const RESERVE: Duration = Duration::from_secs(1);

/// The headers that say something about waiting, or look so.
const NAMES: [&str; 7] = [
    "retry-after",
    "date",
    "x-ratelimit-towait-sec",
    "x-rate-limit-reset-after",
    "x-rate-limit-reset",
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
];

/// A refusal: its headers, each line `name: value`, behind a line with status and milliseconds left.
///
/// # Panics
///
/// When a pause does not fit the time left, or the relay's answer is not sound.
pub fn f08_waits(data: &[u8]) {
    let refusal = match structured(data) {
        Some(mut steering) => Refusal::made(&mut steering).ok(),
        None => std::str::from_utf8(data).ok().and_then(Refusal::written),
    };
    let Some(refusal) = refusal else { return };
    refusal.assert_fits();
    refusal.assert_said_soundly();
}

struct Refusal {
    status: u16,
    left: Duration,
    headers: Vec<(String, String)>,
}

impl Refusal {
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
        let asked = wait_asked_for(&headers);
        if let Some(seconds) = headers.get("retry-after").and_then(digits) {
            assert_eq!(asked, Some(Duration::from_secs(seconds)), "{headers:?}");
        }
        let Some(pause) = pause_after(self.status, &headers, self.left) else { return };
        assert!(pause + RESERVE <= self.left, "{pause:?} of {:?}", self.left);
        assert!(asked.is_none_or(|asked| pause == asked), "{pause:?} instead of {asked:?}");
        assert!(self.status == 429 || (502..=504).contains(&self.status), "{}", self.status);
        assert!(asked.is_some() || self.status != 429, "nobody said how long");
    }

    /// Every relay turns the refusal into an answer of its own, in time and with few calls.
    fn assert_said_soundly(&self) {
        let headers: Vec<_> = self
            .map()
            .iter()
            .map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let refused = Fault::Status { code: self.status, headers, body: String::new() };
        let product = Product::ALL[self.headers.len() % Product::ALL.len()];
        let subject = Subject::of(product, 0);
        let (kind, value) = subject.known()[0];
        let body = serde_json::json!([{"type": kind, "value": value}]);
        let answer = Stage::with(subject, |stage| {
            for path in subject.data() {
                stage.sandbox().fault(*path, refused.clone(), Times::Always);
            }
            let answer = stage.ask(Route::Observe, body.to_string());
            assert!(stage.sandbox().calls().len() <= 12, "{:?}", stage.sandbox().calls());
            answer
        });
        assert_sound(Route::Observe, &Asked::about(&body), &answer);
        let parsed: Value = serde_json::from_str(&answer).expect("JSON");
        assert!(self.status < 400 || parsed.get("errors").is_some(), "{answer}");
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
