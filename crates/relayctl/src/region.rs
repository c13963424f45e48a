//! The regions of Threat Response: their API hosts and their pages.

use clap::ValueEnum;
use relay_core::REGIONS;
use serde::Serialize;

use crate::{
    failure::{Failure, Outcome},
    terminal::prompt,
};

/// The module type of custom relays, which has no form for a product: the same in all regions.
pub(crate) const CUSTOM_RELAY: &str = "a14ae422-01b6-5013-9876-695ff1b0ebe0";

/// A region of Threat Response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Region {
    /// North America
    Nam,
    /// Europe
    Eu,
    /// Asia-Pacific, Japan, China
    Apjc,
}

impl Region {
    pub(crate) const ALL: [Self; 3] = [Self::Nam, Self::Eu, Self::Apjc];

    /// Asks which one it is, at a terminal.
    pub(crate) fn asked() -> Outcome<Self> {
        let missing = || Failure::Usage("give --region: nam, eu or apjc.".to_owned());
        if !prompt::can_ask() {
            return Err(missing());
        }
        let answer = prompt::open("Region of your Cisco XDR (nam, eu, apjc)")?;
        answer.and_then(|text| Self::from_str(&text, true).ok()).ok_or_else(missing)
    }

    /// Returns the host of its API and of its key set: the ones that relays trust.
    pub(crate) fn host(self) -> &'static str {
        REGIONS[self as usize]
    }

    /// Returns the name that Cisco's pages use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nam => "NAM",
            Self::Eu => "EU",
            Self::Apjc => "APJC",
        }
    }

    /// Returns the page that creates a module of this type.
    pub(crate) fn new_module(self, module_type: &str) -> String {
        let area = match self {
            Self::Nam => "us",
            Self::Eu => "eu",
            Self::Apjc => "apjc",
        };
        format!("https://xdr.{area}.security.cisco.com/integrations/available/{module_type}/new")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_the_host_that_relays_trust() {
        let hosts = Region::ALL.map(Region::host);
        assert_eq!(hosts, REGIONS);
        assert_eq!(Region::Eu.host(), "visibility.eu.amp.cisco.com");
    }
}
