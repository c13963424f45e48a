//! Which actions are offered for an observable, and which one an id means (spec §6).

use std::net::IpAddr;

use relay_core::{Action, Observable, ObservableType as Type, Relay, http::escaped};
use url::{Host, Url};

pub(crate) mod urlscan;

use crate::{
    Misp,
    client::{SightingKind, query},
};

const SCAN: &str = "respond-urlscan-action-";
const SEEN: &str = "respond-misp-sighting-";
const FALSE_POSITIVE: &str = "respond-misp-false-positive-";

/// What an action's id asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Scan,
    Sighting(SightingKind),
}

impl Kind {
    /// The prefix decides; the observable comes from the trigger's parameters only.
    pub(crate) fn of(action_id: &str) -> Option<Self> {
        let kinds = [
            (SCAN, Self::Scan),
            (SEEN, Self::Sighting(SightingKind::Seen)),
            (FALSE_POSITIVE, Self::Sighting(SightingKind::FalsePositive)),
        ];
        kinds.into_iter().find(|(prefix, _)| action_id.starts_with(prefix)).map(|(_, kind)| kind)
    }
}

/// Which groups of actions this caller may be offered.
pub(crate) struct Offer {
    pub(crate) urlscan: bool,
    pub(crate) misp: bool,
}

impl Offer {
    pub(crate) fn for_observable(&self, observable: &Observable) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.urlscan && scannable_url(observable).is_some() {
            actions.push(scan(observable));
        }
        if self.misp && query::reported(observable).is_some() {
            actions.extend(sightings(observable));
        }
        actions
    }
}

fn scan(observable: &Observable) -> Action {
    Action {
        id: id(SCAN, observable),
        title: "Make Scan in urlscan.io".into(),
        description: "Makes a request to scan this observable".into(),
        categories: vec!["urlscan.io", "Scan"],
        query_params: observable.into(),
    }
}

fn sightings(observable: &Observable) -> [Action; 2] {
    let name = Misp::ABOUT.name_of(observable.kind).unwrap_or("observable");
    let action = |prefix: &str, title: &str, description: String| Action {
        id: id(prefix, observable),
        title: title.into(),
        description: description.into(),
        categories: vec!["MISP", "Sighting"],
        query_params: observable.into(),
    };
    [
        action(SEEN, "Add a sighting in MISP", format!("Reports that this {name} was seen")),
        action(
            FALSE_POSITIVE,
            "Report a false positive in MISP",
            format!("Reports this {name} as a false positive"),
        ),
    ]
}

fn id(prefix: &str, observable: &Observable) -> String {
    format!("{prefix}{}-{}", observable.kind, escaped(&observable.value))
}

/// What urlscan.io would be asked to visit; none for what is no public place of the web.
pub(crate) fn scannable_url(observable: &Observable) -> Option<String> {
    let value = &observable.value;
    match observable.kind {
        Type::Url => {
            let url = Url::parse(value).ok()?;
            matches!(url.scheme(), "http" | "https").then(|| value.clone())
        }
        Type::Domain | Type::Hostname => {
            let name = observable.normal_form()?;
            // An address that calls itself a name would slip past the rule for addresses.
            let is_name = matches!(Host::parse(&name), Ok(Host::Domain(_)));
            is_name.then(|| format!("http://{}", value.trim().trim_matches('.')))
        }
        Type::Ip | Type::Ipv6 => {
            let address: IpAddr = observable.normal_form()?.parse().ok()?;
            (!is_inside(address.to_canonical())).then(|| match address {
                IpAddr::V4(ip) => format!("http://{ip}/"),
                IpAddr::V6(ip) => format!("http://[{ip}]/"),
            })
        }
        _ => None,
    }
}

fn is_inside(address: IpAddr) -> bool {
    let private = match address {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    private || address.is_loopback() || address.is_multicast() || address.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_places_are_scanned() {
        let check = |kind, value: &str, expected: Option<&str>| {
            assert_eq!(
                scannable_url(&Observable::new(kind, value)).as_deref(),
                expected,
                "{value}"
            );
        };
        check(Type::Url, "http://bad.example/login?x=1", Some("http://bad.example/login?x=1"));
        check(Type::Url, "ftp://bad.example", None);
        check(Type::Url, "bad.example", None);
        check(Type::Domain, "bad.example", Some("http://bad.example"));
        check(Type::Domain, " .Bad.example. ", Some("http://Bad.example"));
        for no_name in ["a b", "10.0.0.1", "0x7f000001", "[::1]", "bad.example/x", "a@bad.example"]
        {
            check(Type::Hostname, no_name, None);
        }
        check(Type::Ip, "203.0.113.7", Some("http://203.0.113.7/"));
        check(Type::Ipv6, "2001:DB8::1", Some("http://[2001:db8::1]/"));
        for inside in [
            "10.0.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "224.0.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "0.0.0.0",
            "::",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "nonsense",
        ] {
            check(Type::Ip, inside, None);
        }
        check(Type::Md5, &"ab".repeat(16), None);
    }

    #[test]
    fn the_prefix_of_an_id_says_what_it_asks_for() {
        assert_eq!(Kind::of("respond-urlscan-action-url-x"), Some(Kind::Scan));
        assert_eq!(
            Kind::of("respond-misp-sighting-ip-x"),
            Some(Kind::Sighting(SightingKind::Seen))
        );
        assert_eq!(
            Kind::of("respond-misp-false-positive-ip-x"),
            Some(Kind::Sighting(SightingKind::FalsePositive))
        );
        assert_eq!(Kind::of("respond-misp-"), None);
    }
}
