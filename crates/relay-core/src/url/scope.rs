//! Where addresses and hosts lead: one rule for what a caller may have called, by the relay itself or
//! by a service that it asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Domains that no public name is in: RFC 6761, RFC 6762 (`local`), RFC 8375 (`home.arpa`), RFC 9476,
/// ICANN's `internal`, and those that networks inside use all the same.
const INSIDE: [&str; 14] = [
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "home.arpa",
    "lan",
    "invalid",
    "test",
    "onion",
    "alt",
];

/// Where packets to an address go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressScope {
    Global,
    /// Inside an organisation's network: only where the operator allows it.
    Private,
    /// This machine, its link, its metadata service, a translator, or no host at all.
    Forbidden,
}

impl AddressScope {
    /// Source: IANA, "IPv4 Special-Purpose Address Registry" and its IPv6 counterpart.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(ip) => of_v4(ip),
            IpAddr::V6(ip) => match embedded_v4(ip) {
                Some(ip) => of_v4(ip),
                None => of_v6(ip),
            },
        }
    }
}

fn of_v4(ip: Ipv4Addr) -> AddressScope {
    let [first, second, third, _] = ip.octets();
    // Protocol assignments, and the relay routers of 6to4.
    let is_reserved = matches!((first, second, third), (192, 0, 0) | (192, 88, 99));
    let is_forbidden = ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || is_reserved
        || first == 0
        || first >= 240;
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_benchmark = first == 198 && (18..20).contains(&second);
    match (is_forbidden, ip.is_private() || is_shared || is_benchmark) {
        (true, _) => AddressScope::Forbidden,
        (false, true) => AddressScope::Private,
        (false, false) => AddressScope::Global,
    }
}

fn of_v6(ip: Ipv6Addr) -> AddressScope {
    let is_special = match ip.segments() {
        // AWS has its metadata, credentials and other services of an instance here.
        [0xfd00, 0xec2, ..] => true,
        // Translators of the network itself (RFC 8215), discarded packets, segment routing.
        [0x64, 0xff9b, 1, ..] | [0x100, 0, 0, ..] | [0x5f00, ..] => true,
        // Teredo, benchmarks, ORCHID and other protocols.
        [0x2001, second, ..] => second < 0x200,
        _ => false,
    };
    let is_forbidden = ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unicast_link_local()
        || is_special;
    let is_site_local = ip.segments()[0] & 0xffc0 == 0xfec0;
    match (is_forbidden, ip.is_unique_local() || is_site_local) {
        (true, _) => AddressScope::Forbidden,
        (false, true) => AddressScope::Private,
        (false, false) => AddressScope::Global,
    }
}

/// Returns the IPv4 address inside a mapped, translated, compatible, 6to4, NAT64 or ISATAP address,
/// which is where the packet arrives.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = ip.segments();
    let last = || Ipv4Addr::from(((u32::from(parts[6])) << 16) | u32::from(parts[7]));
    match parts {
        [0, 0, 0, 0, 0, 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..]
        | [_, _, _, _, 0 | 0x200, 0x5efe, ..] => Some(last()),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(last()),
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}

/// Returns whether a URL leads to a public place of the web, so that it may be given to a service
/// outside: http or https, without user and password, to a public address or a name that may be one.
#[must_use]
pub fn is_public(url: &Url) -> bool {
    let is_bare = url.username().is_empty() && url.password().is_none();
    matches!(url.scheme(), "http" | "https")
        && is_bare
        && url.host().is_some_and(|host| is_public_host(&host))
}

fn is_public_host(host: &Host<&str>) -> bool {
    let is_global = |address: IpAddr| AddressScope::of(address) == AddressScope::Global;
    match host {
        Host::Ipv4(ip) => is_global((*ip).into()),
        Host::Ipv6(ip) => is_global((*ip).into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let is_in = |domain: &&str| {
                name.strip_suffix(*domain)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            name.contains('.') && !INSIDE.iter().any(is_in)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i15_addresses_are_classified_by_where_they_lead() {
        let check = |text: &str, expected: AddressScope| {
            assert_eq!(AddressScope::of(text.parse().unwrap()), expected, "{text}");
        };
        for text in [
            "203.0.113.7",
            "8.8.8.8",
            "172.32.0.1",
            "198.20.0.1",
            "192.0.2.1",
            "2001:db8::1",
            "2001:200::1",
            "2606:4700::1",
            "64:ff9b::808:808",
        ] {
            check(text, AddressScope::Global);
        }
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "fd12::1",
            "fec0::1",
            "::ffff:10.0.0.1",
            "::ffff:0:10.0.0.1",
            "2002:0a00:0001::",
            "2620:0:1::5efe:10.0.0.1",
        ] {
            check(text, AddressScope::Private);
        }
        for text in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "192.0.0.1",
            "192.88.99.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::23",
            "fd00:ec2::253",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::7f00:1",
            "64:ff9b:1::808:808",
            "::127.0.0.1",
            "2002:7f00:1::",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:20::1",
            "100::1",
            "5f00::1",
            "fe80::5efe:127.0.0.1",
        ] {
            check(text, AddressScope::Forbidden);
        }
    }

    #[test]
    fn i17_only_public_places_of_the_web_are_public() {
        let check = |text: &str, expected: bool| {
            assert_eq!(Url::parse(text).is_ok_and(|url| is_public(&url)), expected, "{text}");
        };
        for text in [
            "http://bad.example/login?x=1",
            "HTTPS://BAD.example:8443",
            "https://bad.example./",
            "http://203.0.113.7/",
            "http://[2001:db8::1]/",
            "http://xn--bcher-kva.example",
            "http://corp.bad.example",
            "http://notlocal.example",
        ] {
            check(text, true);
        }
        for text in [
            "http://10.0.0.5/admin?token=abc",
            "http://localhost:8080/x",
            "http://LOCALHOST./x",
            "http://a.localhost",
            "http://user:pass@intranet.local/",
            "http://user:pass@bad.example/",
            "http://user@bad.example/",
            "http://169.254.169.254/latest",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://intranet/wiki",
            "http://wiki.corp",
            "http://nas.home.arpa",
            "http://metadata.google.internal/",
            "http://dc1.lan.",
            "ftp://bad.example",
            "javascript:alert(1)",
            "file:///etc/passwd",
        ] {
            check(text, false);
        }
    }
}
