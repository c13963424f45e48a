//! The spellings of a value: the normal form, and the texts under which products hold it.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr},
};

use super::{Observable, ObservableType as Type};
use crate::url;

impl Observable {
    /// The form in which two spellings of the same thing are equal: addresses in their shortest
    /// text, IPv4 in IPv6's mapped form as IPv4; hashes and mail addresses in lower case; names as
    /// DNS holds them; scheme and host of URLs in the same way.
    ///
    /// `None` when the value cannot be of its type (an address that does not parse, a hash with
    /// other than its digits) or is blank.
    #[must_use]
    pub fn normal_form(&self) -> Option<String> {
        self.normal().map(Cow::into_owned)
    }

    /// The normal form, which most values are in.
    pub(super) fn normal(&self) -> Option<Cow<'_, str>> {
        if self.is_blank() {
            return None;
        }
        let text = |ip: IpAddr| Cow::Owned(ip.to_canonical().to_string());
        match self.kind {
            Type::Ip => self.ip().map(text),
            Type::Ipv6 => self.ip().filter(IpAddr::is_ipv6).map(text),
            Type::Md5 | Type::Sha1 | Type::Sha256 => self.hash(),
            Type::Domain | Type::Hostname => {
                Some(url::name_in_ascii(&self.value)).filter(|name| !name.is_empty())
            }
            Type::Email => Some(self.value.to_lowercase().into()),
            Type::Url => Some(url::normal_url(&self.value).into()),
            _ => Some(self.value.as_str().into()),
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.value.trim_start().is_empty()
    }

    /// The texts under which a product may hold the value, for queries: the normal form first, then
    /// an IPv4 address in IPv6's mapped form, an international name in the letters of its language,
    /// a URL with and without a lone slash. Empty when the value cannot be of its type.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let Some(normal) = self.normal_form() else { return Vec::new() };
        let other = match self.kind {
            Type::Ip | Type::Ipv6 => {
                normal.parse::<Ipv4Addr>().ok().map(|ip| ip.to_ipv6_mapped().to_string())
            }
            Type::Domain | Type::Hostname => url::unicode_name(&normal),
            Type::Url => return url::spellings(&normal),
            _ => None,
        };
        [normal].into_iter().chain(other).collect()
    }

    pub(super) fn ip(&self) -> Option<IpAddr> {
        self.value.trim().parse().ok()
    }

    /// Looks at every byte, because that takes many at once where stopping at the first would take one.
    fn hash(&self) -> Option<Cow<'_, str>> {
        let value = self.value.trim();
        let every = |is: fn(&u8) -> bool| value.bytes().fold(true, |all, byte| all & is(&byte));
        let is_hash = Some(value.len()) == self.kind.hash_digits() && every(u8::is_ascii_hexdigit);
        let is_lower = every(|byte| !byte.is_ascii_uppercase());
        is_hash.then(|| if is_lower { value.into() } else { value.to_ascii_lowercase().into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_forms_make_spellings_equal() {
        let check = |kind, value: &str, expected: Option<&str>| {
            assert_eq!(Observable::new(kind, value).normal_form().as_deref(), expected, "{value}");
        };
        check(Type::Ip, "203.0.113.7", Some("203.0.113.7"));
        check(Type::Ip, "203.0.113.07", None);
        check(Type::Ip, "2001:DB8:0:0::1", Some("2001:db8::1"));
        check(Type::Ip, "::FFFF:203.0.113.7", Some("203.0.113.7"));
        check(Type::Ip, "0:0:0:0:0:ffff:cb00:7107", Some("203.0.113.7"));
        check(Type::Ipv6, "::ffff:203.0.113.7", Some("203.0.113.7"));
        check(Type::Ipv6, "::203.0.113.7", Some("::cb00:7107"));
        check(Type::Ipv6, "2001:db8:0:0:0:0:0:1", Some("2001:db8::1"));
        check(Type::Ipv6, "203.0.113.7", None);
        check(Type::Domain, ".Bad.Example.", Some("bad.example"));
        check(Type::Domain, "Bücher.example", Some("xn--bcher-kva.example"));
        check(Type::Hostname, "WS-Bücher", Some("xn--ws-bcher-95a"));
        check(Type::Domain, "...", None);
        check(Type::Md5, &"AB".repeat(16), Some(&"ab".repeat(16)));
        check(Type::Md5, &"zz".repeat(16), None);
        check(Type::Sha1, "abc", None);
        check(Type::Url, "HTTP://Bücher.example/A", Some("http://xn--bcher-kva.example/A"));
        check(Type::FileName, " \t", None);
    }

    #[test]
    fn products_hold_some_values_under_another_spelling() {
        let check = |kind, value: &str, expected: &[&str]| {
            assert_eq!(Observable::new(kind, value).spellings(), expected, "{value}");
        };
        check(Type::Ip, "203.0.113.7", &["203.0.113.7", "::ffff:203.0.113.7"]);
        check(Type::Ipv6, "::ffff:203.0.113.7", &["203.0.113.7", "::ffff:203.0.113.7"]);
        check(Type::Ipv6, "2001:DB8::1", &["2001:db8::1"]);
        check(Type::Domain, "BÜCHER.example", &["xn--bcher-kva.example", "bücher.example"]);
        check(Type::Domain, "xn--bcher-kva.example", &["xn--bcher-kva.example", "bücher.example"]);
        check(Type::Hostname, "WS-204", &["ws-204"]);
        check(Type::Url, "HTTP://x/", &["http://x/", "http://x"]);
        check(Type::Md5, &"AB".repeat(16), &[&"ab".repeat(16)]);
        check(Type::FileName, "Счёт.exe", &["Счёт.exe"]);
        check(Type::Ip, "203.0.113.0/24", &[]);
    }
}
