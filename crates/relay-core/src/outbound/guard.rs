//! Decides which addresses a caller's URL may lead to, by what its name resolves to.

use std::{error::Error as StdError, net::IpAddr, sync::Arc};

use reqwest::dns::{Name, Resolve, Resolving};
use url::{Host, Url};

use super::resolver::{Resolver, addresses, with_port_of_url};
use crate::url::AddressScope;

/// A caller may not send a relay to this host.
#[derive(Debug, thiserror::Error)]
#[error("the host's address is not public")]
pub(super) struct ForbiddenAddress;

/// Returns whether a request was not sent because of its host's address.
pub(super) fn is_forbidden(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<ForbiddenAddress>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Allows only addresses that a caller may choose. It resolves names itself, so that the checked
/// address is the one that is connected to.
#[derive(Clone)]
pub(super) struct Guard {
    private_allowed: bool,
    resolver: Arc<dyn Resolver>,
}

impl Guard {
    pub(super) fn new(private_allowed: bool, resolver: Arc<dyn Resolver>) -> Self {
        Self { private_allowed, resolver }
    }

    /// Checks a host that is written as an address, which no resolver ever sees.
    pub(super) fn check_literal(&self, url: &Url) -> Result<(), ForbiddenAddress> {
        let address = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            _ => return Ok(()),
        };
        if self.allows(address) { Ok(()) } else { Err(ForbiddenAddress) }
    }

    fn allows(&self, address: IpAddr) -> bool {
        match AddressScope::of(address) {
            AddressScope::Global => true,
            AddressScope::Private => self.private_allowed,
            AddressScope::Forbidden => false,
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let mut found = addresses(&*guard.resolver, &name).await?;
            found.retain(|address| guard.allows(*address));
            if found.is_empty() {
                return Err(ForbiddenAddress.into());
            }
            Ok(with_port_of_url(found))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::resolver::SystemResolver;

    #[test]
    fn k04_every_spelling_of_loopback_is_recognized() {
        let guard = Guard::new(true, Arc::new(SystemResolver));
        for host in [
            "127.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0",
            "0x7f000001",
            "2130706433",
            "0177.1",
            "169.254.169.254",
        ] {
            let url = Url::parse(&format!("https://{host}/")).unwrap();
            assert!(guard.check_literal(&url).is_err(), "{host}");
        }
        assert!(guard.check_literal(&Url::parse("https://10.1.2.3/").unwrap()).is_ok());
    }
}
