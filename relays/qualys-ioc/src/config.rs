//! The relay's settings. Specification: docs/relays/qualys-ioc.md#settings-and-claims.

mod credentials;

use relay_core::{BadSetting, BaseUrl, Call, Environment, Error, ErrorKind, Result};

pub(crate) use credentials::CLAIMS;
pub use credentials::Credentials;

const EVENTS_PATH: &str = "QUALYS_EVENTS_PATH";
/// The paths of the event search that are tried, in this order: since June 2025 the versioned ones
/// stand beside those without a version.
const DEFAULT_EVENTS_PATHS: [&str; 2] = ["/ioc/events", "/ioc/v1/events"];
/// Requests that run at the same time for one call; the vendor's example of a subscription's limit.
const DEFAULT_CONCURRENT_REQUESTS: usize = 2;
/// Hashes and addresses of one query; a URL has place for some fifty to a hundred.
const DEFAULT_BATCH_SIZE: usize = 100;
/// Requests of the quota that are left to other calls: five investigations of hashes and addresses.
const DEFAULT_QUOTA_RESERVE: usize = 10;

/// The settings, read once when the process starts.
#[derive(Debug)]
pub(crate) struct Config {
    api_url: Option<BaseUrl>,
    platform_url: Option<BaseUrl>,
    /// The paths where the event search may be, as their segments; the operator's alone, where set.
    pub(crate) events_paths: Vec<Vec<String>>,
    /// How many searches of one call run at the same time, 1 to 8.
    pub(crate) max_concurrent_requests: usize,
    /// How many hashes and addresses one query may be about.
    pub(crate) batch_size: usize,
    /// How many requests of the subscription's quota are left to other calls.
    pub(crate) quota_reserve: usize,
    /// Which observables a verdict `KNOWN` makes Clean.
    pub(crate) clean_judgements: CleanJudgements,
}

/// Which observables a verdict `KNOWN` makes Clean.
///
/// The verdict is about the image of a file or process, not about the address that a known-good
/// process contacted, and a Clean judgement outweighs all others in XDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CleanJudgements {
    /// Every observable of the event, as in the Python relays.
    All,
    /// Files only: no address, domain or mutex, and no other SHA-256 than the image's.
    Matching,
}

impl Config {
    /// Reads the settings. Errors: a setting that cannot be used.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let words = [("all", CleanJudgements::All), ("matching", CleanJudgements::Matching)];
        Ok(Self {
            api_url: environment.url("API_URL")?,
            platform_url: environment.url("PLATFORM_URL")?,
            events_paths: events_paths(environment)?,
            max_concurrent_requests: environment.number(
                "QUALYS_CONCURRENCY",
                1..=8,
                DEFAULT_CONCURRENT_REQUESTS,
            )?,
            batch_size: environment.number("QUALYS_BATCH_SIZE", 1..=200, DEFAULT_BATCH_SIZE)?,
            quota_reserve: environment.number(
                "QUALYS_QUOTA_RESERVE",
                0..=1000,
                DEFAULT_QUOTA_RESERVE,
            )?,
            clean_judgements: environment.word(
                "QUALYS_CLEAN_JUDGEMENTS",
                &words,
                CleanJudgements::All,
            )?,
        })
    }

    /// Returns the setting's API gateway.
    pub(crate) fn own_api_url(&self) -> Option<&BaseUrl> {
        self.api_url.as_ref()
    }

    /// Returns the API gateway: the token's, or else the setting's.
    ///
    /// Errors: `InvalidInput` if both are missing, or if the token's is unusable.
    pub(crate) fn api_url(&self, call: &Call<'_, Credentials>) -> Result<BaseUrl> {
        let claim = call.credentials.api_url.as_deref();
        choose(claim, call.lent(self.api_url.as_ref()))
            .ok_or_else(|| call.explain_missing(missing_api_url()))
    }

    /// Returns the console for links: the token's, or else the setting's; `None` if both are
    /// missing, or if the token's is unusable.
    pub(crate) fn platform_url(&self, call: &Call<'_, Credentials>) -> Option<BaseUrl> {
        choose(call.credentials.platform_url.as_deref(), call.lent(self.platform_url.as_ref()))
    }
}

// An unusable claim is not replaced by the setting, because the password would go to a host that
// the caller did not choose.
fn choose(claim: Option<&str>, setting: Option<&BaseUrl>) -> Option<BaseUrl> {
    match claim {
        Some(claim) => BaseUrl::from_token(claim),
        None => setting.cloned(),
    }
}

fn events_paths(environment: &Environment) -> Result<Vec<Vec<String>>, BadSetting> {
    let paths = match environment.text(EVENTS_PATH) {
        Some(path) => vec![path],
        None => DEFAULT_EVENTS_PATHS.to_vec(),
    };
    let paths: Option<_> = paths.into_iter().map(segments).collect();
    paths.ok_or_else(|| BadSetting::new(EVENTS_PATH, "must be a path such as /ioc/v1/events"))
}

/// Returns the segments of an absolute path; `None` for anything else.
fn segments(path: &str) -> Option<Vec<String>> {
    let segments: Vec<_> = path.strip_prefix('/')?.split('/').map(str::to_owned).collect();
    segments.iter().all(|segment| is_plain_segment(segment)).then_some(segments)
}

fn is_plain_segment(segment: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_unreserved)
}

fn missing_api_url() -> Error {
    let text = "Qualys cannot be asked without API_URL; set it to the https address of your platform's API gateway.";
    Error::new(ErrorKind::InvalidInput, text)
}

/// The error of `/refer/observables` without a console to link to.
pub(crate) fn missing_platform_url() -> Error {
    let text = "Links need PLATFORM_URL; set it to the https address of your Qualys console.";
    Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_url_comes_from_the_token_then_from_the_environment() {
        let setting = "https://setting.example";
        let environment = Environment::of([("API_URL", setting)]);
        let api_url = Config::from_environment(&environment).unwrap().api_url;
        let check = |claim: Value, expected: Option<&str>| {
            let claims = json!({"user": "u", "pass": "p", "API_URL": claim, "PLATFORM_URL": claim});
            let credentials: Credentials = serde_json::from_value(claims).unwrap();
            for claimed in [&credentials.api_url, &credentials.platform_url] {
                let chosen = choose(claimed.as_deref(), api_url.as_ref());
                assert_eq!(chosen.as_ref().map(BaseUrl::as_str), expected, "{claim}");
            }
        };
        check(json!("https://token.example/"), Some("https://token.example"));
        check(json!(null), Some(setting));
        check(json!(""), Some(setting));
        check(json!("http://token.example"), None);
        check(json!("http://127.0.0.1:9100"), None);
        check(json!("https://u:p@token.example"), None);
        check(json!("https://token.example/?q"), None);
        check(json!(100), None);
    }

    #[test]
    fn l09_an_unusable_setting_is_named_without_its_value() {
        let check = |name: &str, value: &str| {
            let bad = Config::from_environment(&Environment::of([(name, value)])).unwrap_err();
            let message = bad.to_string();
            assert!(message.starts_with(name) && !message.contains(value), "{message}");
        };
        check("API_URL", "http://gateway.invalid");
        check("PLATFORM_URL", "https://u:p@console.example");
        check("QUALYS_CONCURRENCY", "9");
        check("QUALYS_CONCURRENCY", "0");
        check("QUALYS_BATCH_SIZE", "201");
        check("QUALYS_BATCH_SIZE", "many");
        check("QUALYS_QUOTA_RESERVE", "-1");
        check("QUALYS_QUOTA_RESERVE", "1001");
        check("QUALYS_CLEAN_JUDGEMENTS", "some");
        for path in ["ioc/events", "/ioc//events", "/ioc/../x", "/ioc?x", "/ioc#x", "/i%6fc"] {
            check(EVENTS_PATH, path);
        }
    }
}
