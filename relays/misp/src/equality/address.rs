//! Addresses and the networks that contain them, docs/relays/misp.md#equality.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Form, Reading};

/// The prefix lengths of IPv6 networks that are searched; of IPv4 networks all from 8 on are.
const IPV6_PREFIXES: &[u8] =
    &[19, 20, 24, 28, 29, 32, 36, 40, 44, 48, 52, 56, 60, 64, 96, 112, 128];
const SHORTEST_IPV4_PREFIX: u8 = 8;
/// The prefix lengths behind the address of a host, with which people write a network.
const HOST_PREFIXES: [&[u8]; 2] = [&[16, 24, 25, 26, 27, 28, 29], &[48, 56, 64]];

/// Reads an address; one of IPv4 inside IPv6 is the IPv4 address.
pub(super) fn parsed(text: &str) -> Option<IpAddr> {
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Returns the spellings under which MISP may hold an address, and the networks that contain it.
pub(super) fn searched_texts(normal: &str) -> Vec<String> {
    let Some(address) = parsed(normal) else { return Vec::new() };
    let mut texts = match address {
        IpAddr::V4(ip) => spellings_of_ipv4(ip),
        IpAddr::V6(ip) => spellings_of_ipv6(ip),
    };
    texts.extend(networks_of(address));
    texts.extend(hosts_of(address));
    texts
}

pub(super) fn forms(normal: &str) -> Vec<Form> {
    let Some(address) = parsed(normal) else { return Vec::new() };
    let networks = networks_of(address).map(|network| (Reading::Network, network));
    std::iter::once((Reading::Address, address.to_string())).chain(networks).collect()
}

/// MISP does not normalise what begins with a colon: it stands there as it was typed.
fn spellings_of_ipv4(ip: Ipv4Addr) -> Vec<String> {
    let [.., high, low] = ip.to_ipv6_mapped().segments();
    vec![ip.to_string(), format!("::ffff:{ip}"), format!("::ffff:{high:x}:{low:x}")]
}

fn spellings_of_ipv6(ip: Ipv6Addr) -> Vec<String> {
    let short = ip.to_string();
    if !short.starts_with(':') {
        return vec![short];
    }
    let segments = ip.segments().map(|segment| format!("{segment:x}"));
    let [.., high, low] = ip.segments();
    let dotted = Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let mut spellings = vec![short, segments.join(":")];
    if ip.segments()[..6].iter().all(|segment| *segment == 0) {
        spellings.push(format!("::{dotted}"));
    }
    spellings
}

fn networks_of(address: IpAddr) -> impl Iterator<Item = String> {
    let prefixes: Vec<u8> = match address {
        IpAddr::V4(_) => (SHORTEST_IPV4_PREFIX..=32).collect(),
        IpAddr::V6(_) => IPV6_PREFIXES.to_vec(),
    };
    prefixes.into_iter().map(move |prefix| format!("{}/{prefix}", base_of(address, prefix)))
}

/// Returns the networks that are written with the address itself, such as `192.0.2.77/24`.
fn hosts_of(address: IpAddr) -> impl Iterator<Item = String> {
    let prefixes = HOST_PREFIXES[usize::from(address.is_ipv6())];
    prefixes.iter().map(move |prefix| format!("{address}/{prefix}"))
}

/// Returns the first address of the network.
fn base_of(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    }
}

/// Reads a network, such as `2001:DB8:AA::/48`, and returns its normal form.
pub(super) fn network(text: &str) -> Option<String> {
    let (address, prefix) = text.trim().split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let prefix: u8 = prefix.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= longest).then(|| format!("{}/{prefix}", base_of(address, prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_searched_in_the_spellings_that_misp_keeps() {
        let check = |address: &str, expected: &[&str]| {
            let texts = searched_texts(address);
            let spellings: Vec<_> = texts.iter().filter(|text| !text.contains('/')).collect();
            assert_eq!(spellings, expected, "{address}");
        };
        check("192.0.2.60", &["192.0.2.60", "::ffff:192.0.2.60", "::ffff:c000:23c"]);
        check("::ffff:192.0.2.60", &["192.0.2.60", "::ffff:192.0.2.60", "::ffff:c000:23c"]);
        check("2001:db8::1", &["2001:db8::1"]);
        check("::c000:23d", &["::c000:23d", "0:0:0:0:0:0:c000:23d", "::192.0.2.61"]);
    }

    #[test]
    fn the_networks_of_an_address_are_searched() {
        let networks = |address: &str| networks_of(address.parse().unwrap()).collect::<Vec<_>>();
        let of_ipv4 = networks("10.20.1.2");
        assert_eq!(of_ipv4.len(), 25);
        for network in ["10.0.0.0/8", "10.20.0.0/16", "10.20.1.0/24", "10.20.1.2/32"] {
            assert!(of_ipv4.iter().any(|one| one == network), "{network}");
        }
        let of_ipv6 = networks("2001:db8:aa::5");
        assert!(of_ipv6.contains(&"2001:db8:aa::/48".to_owned()));
        assert!(of_ipv6.contains(&"2001:db8::/32".to_owned()));
    }

    #[test]
    fn a_network_with_the_address_itself_is_searched() {
        let check = |address: &str, network: &str| {
            assert!(searched_texts(address).contains(&network.to_owned()), "{network}");
            let normal = super::network(network).unwrap();
            assert!(forms(address).contains(&(Reading::Network, normal)), "{network}");
        };
        check("192.0.2.77", "192.0.2.77/24");
        check("10.20.1.2", "10.20.1.2/16");
        check("2001:db8:aa::5", "2001:db8:aa::5/64");
    }

    #[test]
    fn networks_are_compared_in_normal_form() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(network(text).as_deref(), expected, "{text}");
        };
        check("2001:DB8:AA:0::/48", Some("2001:db8:aa::/48"));
        check("192.0.2.77/24", Some("192.0.2.0/24"));
        check("192.0.2.0/33", None);
        check("192.0.2.0", None);
        check("a/b", None);
    }
}
