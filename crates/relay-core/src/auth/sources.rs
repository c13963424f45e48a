//! Checks the source address of calls against the networks of `ALLOWED_SOURCES`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::refused;
use crate::{
    error::Result,
    settings::{BadSetting, Environment},
};

const SETTING: &str = "ALLOWED_SOURCES";

/// The networks that the operator lists; none when every address is allowed.
pub(super) struct Sources(Option<Vec<IpNet>>);

impl Sources {
    pub(super) fn new(environment: &Environment) -> Result<Self, BadSetting> {
        if environment.text(SETTING).is_none() {
            return Ok(Self(None));
        }
        let listed: Option<Vec<_>> = environment.list(SETTING)?.into_iter().map(network).collect();
        let listed = listed.ok_or_else(|| {
            let reason = "must list addresses or networks, separated by commas, such as \
                          192.0.2.7,198.51.100.0/24";
            BadSetting::new(SETTING, reason)
        })?;
        Ok(Self(Some(listed)))
    }

    /// Checks the address that the gateway saw. Where a list is set, a missing address is refused.
    ///
    /// Errors: `Unauthorized`.
    pub(super) fn admit(&self, source: Option<IpAddr>) -> Result<()> {
        let Some(listed) = &self.0 else { return Ok(()) };
        let source = source.map(|address| address.to_canonical());
        if source.is_some_and(|source| listed.iter().any(|network| network.contains(&source))) {
            return Ok(());
        }
        let reason = "this relay does not accept requests from your address; its operator can add it to \
                      ALLOWED_SOURCES";
        // The log line of every refusal names the address.
        Err(refused(reason))
    }
}

/// Reads one address, or a network as `address/bits`.
fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(|address| address.to_canonical().into());
    text.parse().ok().or_else(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(setting: &str) -> Result<Sources, BadSetting> {
        Sources::new(&Environment::of([(SETTING, setting)]))
    }

    fn admits(setting: &str, source: &str) -> bool {
        sources(setting).unwrap().admit(Some(source.parse().unwrap())).is_ok()
    }

    #[test]
    fn without_a_list_every_address_is_allowed() {
        for sources in [Sources::new(&Environment::default()), sources("  ")] {
            let sources = sources.unwrap();
            assert!(sources.admit(None).is_ok());
            assert!(sources.admit(Some(IpAddr::from([203, 0, 113, 7]))).is_ok());
        }
    }

    #[test]
    fn a_list_allows_its_addresses_and_networks_only() {
        let list = "203.0.113.7, 198.51.100.0/24,2001:db8::/32,::ffff:192.0.2.9";
        for source in [
            "203.0.113.7",
            "::ffff:203.0.113.7",
            "198.51.100.0",
            "198.51.100.255",
            "2001:db8:1::1",
            "192.0.2.9",
        ] {
            assert!(admits(list, source), "{source}");
        }
        for source in ["203.0.113.8", "198.51.101.0", "2001:db9::1", "::1", "0.0.0.0"] {
            assert!(!admits(list, source), "{source}");
        }
    }

    #[test]
    fn an_address_that_the_gateway_does_not_state_is_refused() {
        let error = sources("203.0.113.7").unwrap().admit(None).unwrap_err();
        assert_eq!(error.code(), "authorization error");
    }

    #[test]
    fn no_answer_shows_the_refused_address() {
        let sources = sources("203.0.113.7").unwrap();
        let error = sources.admit(Some(IpAddr::from([198, 51, 100, 1]))).unwrap_err();
        assert!(!error.message().contains("198.51.100.1"), "{error}");
    }

    #[test]
    fn l09_a_list_that_cannot_be_read_is_refused_by_name() {
        for setting in
            [",", "203.0.113", "203.0.113.0/33", "relay.example", "203.0.113.7;192.0.2.1"]
        {
            let error = sources(setting).err().unwrap().to_string();
            assert!(error.starts_with("ALLOWED_SOURCES must list "), "{setting}: {error}");
        }
    }
}
