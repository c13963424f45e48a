//! The actions that are offered for an observable, and the action that an id names,
//! docs/relays/misp.md#actions.

pub(crate) mod urlscan;

use std::net::IpAddr;

use relay_core::{
    Action, Observable, ObservableType as Type, Relay,
    url::{escaped, is_public},
};
use url::{Host, Url};

use crate::{Misp, client::SightingType, config::Visibility, equality::searched_texts};

const SCAN: &str = "respond-urlscan-action-";
const SEEN: &str = "respond-misp-sighting-";
const FALSE_POSITIVE: &str = "respond-misp-false-positive-";
/// How many characters of a value a title shows.
const MAX_SHOWN: usize = 80;

/// An action, without the observable that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionKind {
    Scan,
    Sighting(SightingType),
}

impl ActionKind {
    /// Returns the action that the prefix of an id names. The rest of the id is not read: the
    /// observable comes from the trigger's parameters.
    pub(crate) fn from_id(action_id: &str) -> Option<Self> {
        let kinds = [
            (SCAN, Self::Scan),
            (SEEN, Self::Sighting(SightingType::Seen)),
            (FALSE_POSITIVE, Self::Sighting(SightingType::FalsePositive)),
        ];
        kinds.into_iter().find(|(prefix, _)| action_id.starts_with(prefix)).map(|(_, kind)| kind)
    }
}

/// The groups of actions that a caller is offered.
pub(crate) struct OfferedActions {
    pub(crate) has_scan: bool,
    /// Who sees the scans.
    pub(crate) visibility: Visibility,
    pub(crate) has_sightings: bool,
}

impl OfferedActions {
    /// Returns the actions for one observable.
    pub(crate) fn for_observable(&self, observable: &Observable) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.has_scan && scannable_url(observable).is_some() {
            actions.push(self.scan(observable));
        }
        if self.has_sightings && !searched_texts(observable).is_empty() {
            actions.extend(sightings(observable));
        }
        actions
    }

    fn scan(&self, observable: &Observable) -> Action {
        Action {
            id: id(SCAN, observable),
            title: format!("Scan {} with urlscan.io", shown(&observable.value)).into(),
            description: format!(
                "Has urlscan.io open it in a browser and keep the result; the scan is {}.",
                self.visibility.word()
            )
            .into(),
            categories: vec!["urlscan.io", "Scan"],
            query_params: observable.into(),
        }
    }
}

fn sightings(observable: &Observable) -> [Action; 2] {
    let name = Misp::ABOUT.name_of(observable.kind).unwrap_or("observable");
    let value = shown(&observable.value);
    let action = |prefix: &str, title: String, description: String| Action {
        id: id(prefix, observable),
        title: title.into(),
        description: description.into(),
        categories: vec!["MISP", "Sighting"],
        query_params: observable.into(),
    };
    [
        action(
            SEEN,
            format!("Report {value} as seen in MISP"),
            format!("Adds a sighting to every attribute of MISP that holds this {name}."),
        ),
        action(
            FALSE_POSITIVE,
            format!("Report {value} as a false positive in MISP"),
            format!("Tells MISP that this {name} is harmless, at every attribute that holds it."),
        ),
    ]
}

/// Returns the beginning of a value as one line, for a menu.
fn shown(value: &str) -> String {
    let line: String = value.trim().replace(char::is_control, " ");
    match line.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn id(prefix: &str, observable: &Observable) -> String {
    format!("{prefix}{}-{}", observable.kind, escaped(&observable.value))
}

/// Returns the URL that urlscan.io would visit; none for what is no public place of the web, and for a
/// URL that other readers may take for another one.
pub(crate) fn scannable_url(observable: &Observable) -> Option<String> {
    let value = &observable.value;
    let url = match observable.kind {
        Type::Url => value.clone(),
        Type::Domain | Type::Hostname => {
            let name = observable.normal_form()?;
            // An address written as a name would bypass the rule for addresses.
            let is_name = matches!(Host::parse(&name), Ok(Host::Domain(_)));
            is_name.then(|| format!("http://{}", value.trim().trim_matches('.')))?
        }
        Type::Ip | Type::Ipv6 => match observable.normal_form()?.parse().ok()? {
            IpAddr::V4(ip) => format!("http://{ip}/"),
            IpAddr::V6(ip) => format!("http://[{ip}]/"),
        },
        _ => return None,
    };
    let is_plain = !url.contains(|letter: char| letter == '\\' || letter.is_control());
    (is_plain && is_public(&Url::parse(&url).ok()?)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i17_only_public_hosts_are_scanned() {
        let check = |kind, value: &str, expected: Option<&str>| {
            assert_eq!(
                scannable_url(&Observable::new(kind, value)).as_deref(),
                expected,
                "{value}"
            );
        };
        check(Type::Url, "http://bad.example/login?x=1", Some("http://bad.example/login?x=1"));
        check(Type::Url, "ftp://bad.example", None);
        for not_public in [
            "http://10.0.0.5/admin?token=abc",
            "http://localhost:8080/x",
            "http://user:pass@intranet.local/",
            "http://user:pass@bad.example/",
            "http://169.254.169.254/latest",
            "http://[::1]/",
            "http://intranet/wiki",
            r"http://bad.example\@10.0.0.5/",
            "http://bad.example\t.evil.example/",
        ] {
            check(Type::Url, not_public, None);
        }
        check(Type::Hostname, "dc1.corp", None);
        check(Type::Domain, "intranet", None);
        check(Type::Url, "bad.example", None);
        check(Type::Domain, "bad.example", Some("http://bad.example"));
        check(Type::Domain, " .Bad.example. ", Some("http://Bad.example"));
        for no_name in ["a b", "10.0.0.1", "0x7f000001", "[::1]", "bad.example/x", "a@bad.example"]
        {
            check(Type::Hostname, no_name, None);
        }
        check(Type::Ip, "203.0.113.7", Some("http://203.0.113.7/"));
        check(Type::Ipv6, "2001:DB8::1", Some("http://[2001:db8::1]/"));
        for not_public in [
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
            check(Type::Ip, not_public, None);
        }
        check(Type::Md5, &"ab".repeat(16), None);
    }

    #[test]
    fn a_menu_shows_the_beginning_of_a_long_value() {
        assert_eq!(shown(" bad.example\n"), "bad.example");
        assert_eq!(shown("a\r\nb"), "a  b");
        assert_eq!(shown(&"ä".repeat(MAX_SHOWN)), "ä".repeat(MAX_SHOWN));
        assert_eq!(shown(&"ä".repeat(MAX_SHOWN + 1)), format!("{}…", "ä".repeat(MAX_SHOWN)));
    }

    #[test]
    fn the_prefix_of_an_id_names_the_action() {
        let check = |id, expected| assert_eq!(ActionKind::from_id(id), expected, "{id}");
        check("respond-urlscan-action-url-x", Some(ActionKind::Scan));
        check("respond-misp-sighting-ip-x", Some(ActionKind::Sighting(SightingType::Seen)));
        check(
            "respond-misp-false-positive-ip-x",
            Some(ActionKind::Sighting(SightingType::FalsePositive)),
        );
        check("respond-misp-", None);
    }
}
