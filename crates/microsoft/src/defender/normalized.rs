//! Observables whose value is valid for their type, and its normal form:
//! docs/relays/defender-atp.md#observables.

use relay_core::{
    Observable,
    ObservableType::{self, Domain, Ip, Ipv6, Md5, MsMachineId, Sha1, Sha256},
};
use url::{Host, Url};

/// Bytes of a domain name or a device id.
const MAX_NAME_BYTES: usize = 253;

/// An observable whose value is valid for its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalizedObservable<'a> {
    /// The observable as it was given.
    pub observable: &'a Observable,
    /// The normal form, which requests carry.
    pub value: String,
}

impl<'a> NormalizedObservable<'a> {
    /// Normalizes an observable; `None` when its value is not valid for its type, so that the product
    /// would refuse the request.
    #[must_use]
    pub fn new(observable: &'a Observable) -> Option<Self> {
        let value = match observable.kind {
            Sha1 | Sha256 | Md5 | Ip | Ipv6 => observable.normal_form(),
            Domain => domain(&observable.value),
            MsMachineId => is_device_id(&observable.value).then(|| observable.value.clone()),
            ObservableType::Url => is_url(&observable.value).then(|| observable.value.clone()),
            _ => None,
        }?;
        Some(Self { observable, value })
    }

    /// Returns the type as it was given.
    #[must_use]
    pub fn kind(&self) -> ObservableType {
        self.observable.kind
    }

    /// Returns the normal form, and the value as it was given where that differs.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        let given = self.observable.value.as_str();
        [self.value.as_str()].into_iter().chain((given != self.value).then_some(given))
    }

    /// Returns whether alerts and events can be about it. Devices and URLs have actions only.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        matches!(self.kind(), Sha1 | Sha256 | Md5 | Ip | Ipv6 | Domain)
    }

    /// Returns whether its alerts are listed by the file's SHA-1, which the file's profile holds.
    #[must_use]
    pub fn needs_profile(&self) -> bool {
        matches!(self.kind(), Sha256 | Md5)
    }
}

/// Whether a text is one segment of a path, without anything that could end or leave it.
fn is_device_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.bytes().all(fits)
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

/// Writes a domain name in lower case and in the letters of DNS; `None` for other texts.
pub(super) fn domain(text: &str) -> Option<String> {
    let name = text.trim().trim_matches('.');
    // The URL standard would decode escapes, which are no part of a name.
    if name.is_empty() || name.contains('%') {
        return None;
    }
    let Ok(Host::Domain(name)) = Host::parse(name) else { return None };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(fits);
    (name.len() <= MAX_NAME_BYTES && name.split('.').all(is_label)).then_some(name)
}

fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_host())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relay_core::ObservableType::Url as AnyUrl;

    use super::*;

    fn check(kind: ObservableType, value: &str, expected: Option<&str>) {
        let observable = Observable::new(kind, value);
        let found = NormalizedObservable::new(&observable).map(|it| it.value);
        assert_eq!(found.as_deref(), expected, "{value}");
    }

    #[test]
    fn every_type_has_its_check_and_its_normal_form() {
        check(Sha1, &"AB".repeat(20), Some(&"ab".repeat(20)));
        check(Sha1, &"ab".repeat(32), None);
        check(Sha256, &"Ab".repeat(32), Some(&"ab".repeat(32)));
        check(Sha256, &"zz".repeat(32), None);
        check(Md5, &"0F".repeat(16), Some(&"0f".repeat(16)));
        check(Md5, "", None);
        check(Ip, "203.0.113.80", Some("203.0.113.80"));
        check(Ip, "2001:DB8::80", Some("2001:db8::80"));
        check(Ip, "203.0.113.0/24", None);
        check(Ipv6, "2001:db8:0:0:0:0:0:80", Some("2001:db8::80"));
        check(Ipv6, "203.0.113.80", None);
        check(
            MsMachineId,
            "f506b40928b5b7a767c76fb008f86bebb2737f6a",
            Some("f506b40928b5b7a767c76fb008f86bebb2737f6a"),
        );
        check(AnyUrl, "https://bad.example/a?b", Some("https://bad.example/a?b"));
        check(AnyUrl, "bad.example/a", None);
        check(AnyUrl, "mailto:mara@contoso.example", None);
        check(ObservableType::Mutex, "x", None);
    }

    #[test]
    fn domains_are_in_the_letters_of_dns() {
        check(Domain, "CDN.Contoso-Files.example.", Some("cdn.contoso-files.example"));
        check(Domain, "bücher.example", Some("xn--bcher-kva.example"));
        check(Domain, "_dmarc.bad.example", Some("_dmarc.bad.example"));
        for text in ["", "...", "a..b", "bad example", "203.0.113.80", "bad.example/x", "a%2eb"] {
            check(Domain, text, None);
        }
        check(Domain, &format!("{}example", "a.".repeat(200)), None);
    }

    #[test]
    fn i05_device_ids_are_one_segment() {
        for text in ["", ".", "..", "-", "x/../y", "a?b", "a#b", "a b", "ä", "a%2fb", "a\n"] {
            assert!(!is_device_id(text), "{text}");
        }
        assert!(is_device_id("ws-204.contoso.example") && !is_device_id(&"a".repeat(254)));
    }

    proptest! {
        #[test]
        fn a_domain_has_only_letters_of_dns(text in any::<String>()) {
            if let Some(name) = domain(&text) {
                prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
                prop_assert_eq!(domain(&name), Some(name.clone()));
            }
        }
    }
}
