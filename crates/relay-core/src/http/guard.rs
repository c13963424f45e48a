//! Which addresses a caller's URL may lead to, decided on what the name resolves to.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Resolves names; tests script it, the product asks the system.
pub trait Resolver: Send + Sync {
    /// The addresses of a host; ports are ignored.
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

/// The host is not one that a caller may send a relay to.
#[derive(Debug, thiserror::Error)]
#[error("the host's address is not public")]
pub(super) struct ForbiddenAddress;

/// Lets only addresses through that a caller may choose: the checked address is the dialled one.
#[derive(Clone)]
pub(super) struct Guard {
    private_allowed: bool,
    lookup: Arc<dyn Resolver>,
}

impl Guard {
    pub(super) fn new(private_allowed: bool, lookup: Arc<dyn Resolver>) -> Self {
        Self { private_allowed, lookup }
    }

    /// Checks a host that is written as an address, which no resolver ever sees.
    pub(super) fn check_literal(&self, url: &Url) -> Result<(), ForbiddenAddress> {
        let address = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            _ => return Ok(()),
        };
        if self.lets_through(address) { Ok(()) } else { Err(ForbiddenAddress) }
    }

    fn lets_through(&self, address: IpAddr) -> bool {
        match reach(address) {
            Reach::Public => true,
            Reach::Private => self.private_allowed,
            Reach::Never => false,
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.lookup.addresses(name.as_str().to_owned()).await?;
            let allowed: Vec<_> = found
                .into_iter()
                .filter(|address| guard.lets_through(*address))
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
enum Reach {
    Public,
    /// Inside an organisation's network: only where the operator allows it.
    Private,
    /// This machine, its link, its metadata service, or no host at all.
    Never,
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(ip) => reach_v4(ip),
            None => reach_v6(ip),
        },
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    let [first, second, ..] = ip.octets();
    let never = ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || first == 0
        || first >= 240;
    let shared = first == 100 && (64..128).contains(&second);
    match (never, ip.is_private() || shared) {
        (true, _) => Reach::Never,
        (false, true) => Reach::Private,
        (false, false) => Reach::Public,
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    // The metadata service of EC2 has a unique-local address of its own.
    let metadata = ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let never = ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unicast_link_local()
        || metadata;
    match (never, ip.is_unique_local()) {
        (true, _) => Reach::Never,
        (false, true) => Reach::Private,
        (false, false) => Reach::Public,
    }
}

/// The IPv4 address inside a mapped, compatible, 6to4 or NAT64 address, which is where the packet ends.
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
    fn i15_addresses_are_sorted_by_where_they_lead() {
        let check = |text: &str, expected: Reach| {
            assert_eq!(reach(text.parse().unwrap()), expected, "{text}");
        };
        for text in ["203.0.113.7", "8.8.8.8", "172.32.0.1", "2001:db8::1", "2606:4700::1"] {
            check(text, Reach::Public);
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
            check(text, Reach::Private);
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
            check(text, Reach::Never);
        }
    }

    #[test]
    fn k04_every_spelling_of_loopback_is_seen_through() {
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
