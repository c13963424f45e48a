//! `DEFENDER_PROTECTED_MACHINES`: devices that are never isolated or restricted,
//! docs/relays/defender-atp.md#guards.

use relay_core::{BadSetting, Environment};

const SETTING: &str = "DEFENDER_PROTECTED_MACHINES";
/// The product's ids of devices are SHA-1 digests.
const ID_DIGITS: usize = 40;

/// Devices that are never isolated or restricted: ids, full names, or names without a domain.
#[derive(Debug, Default)]
pub(crate) struct ProtectedDevices {
    ids: Vec<String>,
    names: Vec<Name>,
}

/// Whether a device is protected, as far as its record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Protected,
    Unprotected,
    /// Names are listed, and the record has none that could be compared.
    Undecided,
}

/// The labels of a name, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name(Vec<String>);

impl ProtectedDevices {
    /// Reads the setting. Errors: an entry that is neither an id nor a name, since a misspelt one
    /// would protect nothing.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let mut devices = Self::default();
        for entry in environment.list(SETTING)? {
            if is_id(entry) {
                devices.ids.push(entry.to_ascii_lowercase());
                continue;
            }
            let name = Name::parse(entry).ok_or_else(|| {
                let reason = "must list devices by id (40 hexadecimal digits) or name, separated by commas, such as dc1.corp.example";
                BadSetting::new(SETTING, reason)
            })?;
            devices.names.push(name);
        }
        Ok(devices)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.names.is_empty()
    }

    /// Whether what a trigger calls a device, an id or a name, is listed.
    pub(crate) fn lists(&self, id_or_name: &str) -> bool {
        self.has_id(id_or_name) || Name::parse(id_or_name).is_some_and(|name| self.has_name(&name))
    }

    /// Whether a device is protected, by its record's id and name.
    pub(crate) fn verdict(&self, id: &str, name: Option<&str>) -> Verdict {
        let name = name.and_then(Name::parse);
        if self.has_id(id) || name.as_ref().is_some_and(|name| self.has_name(name)) {
            Verdict::Protected
        } else if name.is_none() && !self.names.is_empty() {
            Verdict::Undecided
        } else {
            Verdict::Unprotected
        }
    }

    fn has_id(&self, id: &str) -> bool {
        let id = id.trim();
        self.ids.iter().any(|listed| listed.eq_ignore_ascii_case(id))
    }

    fn has_name(&self, name: &Name) -> bool {
        self.names.iter().any(|listed| listed.may_be(name))
    }
}

fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Name {
    /// Reads labels of letters, digits, hyphens and underscores, which Windows allows; dots and
    /// blanks at the ends do not count.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('.').to_lowercase();
        let is_label = |label: &str| {
            let is_allowed = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
            !label.is_empty() && label.chars().all(is_allowed)
        };
        let is_name = text.split('.').all(is_label);
        is_name.then(|| Self(text.split('.').map(str::to_owned).collect()))
    }

    /// Whether both may name one device: one has all labels of the other, from the first on. A name
    /// without a domain may belong to any.
    fn may_be(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "f506b40928b5b7a767c76fb008f86bebb2737f6a";
    const OTHER_ID: &str = "1111111111111111111111111111111111111111";

    fn devices(setting: &str) -> Result<ProtectedDevices, BadSetting> {
        ProtectedDevices::from_environment(&Environment::of([(SETTING, setting)]))
    }

    #[test]
    fn a02_devices_are_protected_by_id_and_by_the_labels_of_their_names() {
        let protected = devices(&format!("{}, srv-7,dc1.contoso.example.", ID.to_uppercase()));
        let protected = protected.unwrap();
        let check = |name: &str, expected: Verdict| {
            assert_eq!(protected.verdict(OTHER_ID, Some(name)), expected, "{name}");
            assert_eq!(protected.lists(name), expected == Verdict::Protected, "{name}");
        };
        for name in [
            "SRV-7.contoso.example",
            "srv-7",
            "srv-7 ",
            "DC1.Contoso.example.",
            "dc1.contoso.example",
            // A record without the domain cannot tell it from another one's.
            "dc1",
        ] {
            check(name, Verdict::Protected);
        }
        for name in ["srv-77.contoso.example", "dc1.fabrikam.example", "contoso.example", "dc10"] {
            check(name, Verdict::Unprotected);
        }
        assert_eq!(protected.verdict(ID, Some("other")), Verdict::Protected);
        assert!(protected.lists(ID));
    }

    #[test]
    fn a02_a_record_without_a_name_decides_only_where_ids_alone_are_listed() {
        let by_name = devices("dc1.contoso.example").unwrap();
        for name in [None, Some(""), Some(" "), Some("."), Some("a b"), Some("dc\u{200b}1")] {
            assert_eq!(by_name.verdict(OTHER_ID, name), Verdict::Undecided, "{name:?}");
        }
        let by_id = devices(ID).unwrap();
        assert_eq!(by_id.verdict(OTHER_ID, None), Verdict::Unprotected);
        assert_eq!(by_id.verdict(ID, None), Verdict::Protected);
    }

    #[test]
    fn a02_l09_an_entry_that_protects_nothing_is_refused() {
        for setting in [
            ",",
            ";",
            "a;b",
            "a b",
            "a\nb",
            "\"a\"",
            "'a'",
            "{id}",
            "*.corp.example",
            "dc1\u{200b}.corp.example",
            "dc1..corp.example",
            ".corp.example",
            "https://dc1",
            "dc1,*",
        ] {
            let bad = devices(setting).unwrap_err().to_string();
            assert!(bad.starts_with("DEFENDER_PROTECTED_MACHINES must list "), "{setting}: {bad}");
        }
        assert!(devices(" ").unwrap().is_empty());
        assert!(devices("dc1.,сервер_7, DC-2.corp.example,").is_ok());
    }
}
