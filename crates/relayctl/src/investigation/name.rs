//! Names of one device or user in several spellings: `WS-204` and `ws-204.contoso.example`,
//! `CONTOSO\mara` and `mara@contoso.example`.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::terminal::printable;

/// All names that were met.
#[derive(Default)]
pub(super) struct Names {
    /// The long names of each short one.
    known: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    pub(super) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for name in names {
            let name = plain(name);
            let long = known.entry(short(&name).to_owned()).or_default();
            if short(&name) != name {
                long.insert(name);
            }
        }
        Self { known }
    }

    /// Returns the name under which a device or user is shown: the short one, unless two have it.
    pub(super) fn shown(&self, name: &str) -> String {
        let name = plain(name);
        let long = self.known.get(short(&name)).map_or(0, BTreeSet::len);
        if long > 1 { name } else { short(&name).to_owned() }
    }
}

/// Returns a name in lower case, without the domain before a `\`.
fn plain(name: &str) -> String {
    let name = name.rsplit_once('\\').map_or(name, |(_, name)| name);
    printable(&name.trim().to_lowercase())
}

fn short(name: &str) -> &str {
    match name.split_once(['@', '.']) {
        Some((first, _)) if !first.is_empty() && name.parse::<IpAddr>().is_err() => first,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_has_one_name() {
        let names = Names::of(["WS-204", "ws-204.contoso.example", "10.20.4.17", "CONTOSO\\mara"]);
        for name in ["WS-204", "ws-204", "ws-204.contoso.example"] {
            assert_eq!(names.shown(name), "ws-204");
        }
        assert_eq!(names.shown("10.20.4.17"), "10.20.4.17");
        assert_eq!(names.shown("mara"), "mara");
        assert_eq!(Names::of(["mara@contoso.example"]).shown("Mara@contoso.example"), "mara");
    }

    #[test]
    fn two_devices_with_the_same_first_label_stay_apart() {
        let names = Names::of(["www.contoso.example", "www.fabrikam.example"]);
        assert_eq!(names.shown("www.contoso.example"), "www.contoso.example");
        assert_eq!(names.shown("WWW.fabrikam.example"), "www.fabrikam.example");
    }
}
