//! The URLs that a token may be made for, `RELAY_BASE_URL` or the gateway's own.

use super::refused;
use crate::{
    error::Result,
    settings::{BadSetting, Environment},
    url::{BaseUrl, split_origin, split_scheme},
};

const SETTING: &str = "RELAY_BASE_URL";

/// Reads `RELAY_BASE_URL`; empty where the gateway's own URL counts.
pub(super) fn of_setting(environment: &Environment) -> Result<Vec<String>, BadSetting> {
    let listed = environment.list(SETTING)?;
    if !listed.iter().all(|url| BaseUrl::from_environment(url).is_some()) {
        let reason = "must list https URLs, such as https://relay.example/prod";
        return Err(BadSetting::new(SETTING, reason));
    }
    Ok(listed.into_iter().map(str::to_owned).collect())
}

/// Checks that one of a token's audiences is one of this relay's URLs.
///
/// Errors: `Unauthorized`.
pub(super) fn check(named: &[&str], accepted: &[String]) -> Result<()> {
    let named: Vec<_> = named.iter().map(|url| normalized(url)).collect();
    if accepted.iter().any(|url| named.contains(&normalized(url))) {
        return Ok(());
    }
    Err(refused("the token was made for another relay's URL; check the module's URL and make the token again")
        .with_context("audience.wanted", accepted.join(",")))
}

/// Returns a URL in the spelling in which equal ones are equal texts (RFC 3986 §6.2.2.1, §6.2.3):
/// scheme and host in lower case, no default port, not one slash at the end.
fn normalized(url: &str) -> String {
    let (origin, path) = split_origin(url);
    let mut origin = origin.to_ascii_lowercase();
    let default_port = match split_scheme(&origin) {
        Some(("https", _)) => ":443",
        Some(("http", _)) => ":80",
        _ => "",
    };
    if !default_port.is_empty() && origin.ends_with(default_port) {
        origin.truncate(origin.len() - default_port.len());
    }
    origin + path.strip_suffix('/').unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c07_equal_urls_are_equal_in_any_spelling() {
        for url in [
            "https://relay.example/prod",
            "HTTPS://Relay.Example/prod/",
            "https://relay.example:443/prod",
        ] {
            assert_eq!(normalized(url), "https://relay.example/prod", "{url}");
        }
        assert_eq!(normalized("https://RELAY.example:443/"), "https://relay.example");
        assert_eq!(normalized("http://127.0.0.1:80"), "http://127.0.0.1");
        for other in [
            "https://relay.example/Prod",
            "https://relay.example/prod//",
            "https://relay.example:8443/prod",
            "http://relay.example:443/prod",
            "https://relay.example/prod?",
            "relay.example:443/prod",
        ] {
            assert_ne!(normalized(other), "https://relay.example/prod", "{other}");
        }
    }

    #[test]
    fn l09_a_setting_of_other_texts_is_refused() {
        for text in [",", "relay.example", "http://relay.example", "https://relay.example/?x"] {
            let bad = of_setting(&Environment::of([(SETTING, text)])).unwrap_err().to_string();
            assert!(bad.starts_with("RELAY_BASE_URL must list "), "{text}: {bad}");
        }
    }
}
