//! Decides which addresses a caller's URL may lead to, by what its name resolves to.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Resolves names; tests replace it.
pub trait Resolver: Send + Sync {
    /// Returns the addresses of a host.
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A caller may not send a relay to this host.
#[derive(Debug, thiserror::Error)]
#[error("the host's address is not public")]
pub(super) struct ForbiddenAddress;

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
        match scope_of(address) {
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
            let found = guard.resolver.addresses(name.as_str().to_owned()).await?;
            let allowed: Vec<_> = found
                .into_iter()
                .filter(|address| guard.allows(*address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if allowed.is_empty() {
                return Err(ForbiddenAddress.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum AddressScope {
    Global,
    /// Inside an organisation's network: only where the operator allows it.
    Private,
    /// This machine, its link, its metadata service, or no host at all.
    Forbidden,
}

fn scope_of(address: IpAddr) -> AddressScope {
    match address {
        IpAddr::V4(ip) => scope_of_v4(ip),
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(ip) => scope_of_v4(ip),
            None => scope_of_v6(ip),
        },
    }
}

fn scope_of_v4(ip: Ipv4Addr) -> AddressScope {
    let [first, second, ..] = ip.octets();
    let is_forbidden = ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || first == 0
        || first >= 240;
    let shared = first == 100 && (64..128).contains(&second);
    match (is_forbidden, ip.is_private() || shared) {
        (true, _) => AddressScope::Forbidden,
        (false, true) => AddressScope::Private,
        (false, false) => AddressScope::Global,
    }
}

fn scope_of_v6(ip: Ipv6Addr) -> AddressScope {
    // The metadata service of EC2 has a unique-local address of its own.
    let metadata = ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let is_forbidden = ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unicast_link_local()
        || metadata;
    match (is_forbidden, ip.is_unique_local()) {
        (true, _) => AddressScope::Forbidden,
        (false, true) => AddressScope::Private,
        (false, false) => AddressScope::Global,
    }
}

/// Returns the IPv4 address inside a mapped, compatible, 6to4 or NAT64 address, which is where the
/// packet arrives.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = ip.segments();
    let last = || Ipv4Addr::from(((u32::from(parts[6])) << 16) | u32::from(parts[7]));
    match parts {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(last()),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(last()),
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i15_addresses_are_classified_by_where_they_lead() {
        let check = |text: &str, expected: AddressScope| {
            assert_eq!(scope_of(text.parse().unwrap()), expected, "{text}");
        };
        for text in ["203.0.113.7", "8.8.8.8", "172.32.0.1", "2001:db8::1", "2606:4700::1"] {
            check(text, AddressScope::Global);
        }
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "fd12::1",
            "::ffff:10.0.0.1",
            "2002:0a00:0001::",
        ] {
            check(text, AddressScope::Private);
        }
        for text in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "::127.0.0.1",
            "2002:7f00:1::",
        ] {
            check(text, AddressScope::Forbidden);
        }
    }

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
