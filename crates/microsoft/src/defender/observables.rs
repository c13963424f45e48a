//! Reads the product's texts as observables. A text that is not valid for its type is none.

use relay_core::{
    Observable,
    ObservableType::{self, Domain, FileName, FilePath, Md5, Sha1, Sha256},
    ctim::ShortText,
    lenient::Text,
    url::{has_scheme, host_of},
};
use url::Url;

use super::normalized::domain;
use crate::{path, spelling};

/// Reads a hash of this kind, in lower case.
#[must_use]
pub fn hash(kind: ObservableType, text: Option<&str>) -> Option<Observable> {
    Observable::present(kind, text.map(|text| text.trim().to_ascii_lowercase()))
}

/// Reads the hashes of a file that are known, in this order.
#[must_use]
pub fn hashes(sha1: &Text, sha256: &Text, md5: &Text) -> Vec<Observable> {
    let texts = [(Sha1, sha1), (Sha256, sha256), (Md5, md5)];
    texts.into_iter().filter_map(|(kind, text)| hash(kind, text.as_deref())).collect()
}

/// Returns the strongest of a file's hashes: SHA-256, else SHA-1, else MD5.
#[must_use]
pub fn best_hash(hashes: &[Observable]) -> Option<Observable> {
    let of = |kind| hashes.iter().find(|hash| hash.kind == kind);
    of(Sha256).or_else(|| of(Sha1)).or_else(|| of(Md5)).cloned()
}

/// Reads an IPv4 or IPv6 address without its zone; one that is mapped into IPv6 as IPv4.
#[must_use]
pub fn address(text: Option<&str>) -> Option<Observable> {
    Observable::of_ip(spelling::address(text?)?)
}

/// Reads a MAC address as `aa:bb:cc:dd:ee:ff`, whatever separates its digits.
#[must_use]
pub fn mac(text: Option<&str>) -> Option<Observable> {
    Observable::mac(text?)
}

/// Reads a URL; of one without scheme the host.
#[must_use]
pub fn url_or_host(text: Option<&str>) -> Option<Observable> {
    let text = text?.trim();
    if !has_scheme(text) {
        return host(Some(text));
    }
    let is_url = Url::parse(text).is_ok_and(|url| url.has_host());
    is_url.then(|| Observable::new(ObservableType::Url, text))
}

/// Reads the host of a URL with or without a scheme: a domain, or an address.
#[must_use]
pub fn host(url: Option<&str>) -> Option<Observable> {
    let host = host_of(url?.trim())?;
    let name = || domain(host).and_then(|_| Observable::present(Domain, Some(host)));
    address(Some(host)).or_else(name)
}

/// Reads a name of this kind; a blank one is none.
pub fn name(kind: ObservableType, text: Option<&str>) -> Option<Observable> {
    Observable::present(kind, text.map(str::trim))
}

/// Whether an account is one that Windows itself runs processes for: it is nobody's.
#[must_use]
pub fn is_system_account(sid: Option<&str>) -> bool {
    matches!(sid, Some("S-1-5-18" | "S-1-5-19" | "S-1-5-20"))
}

/// Reads a file's name without its folder.
#[must_use]
pub fn file_name(text: Option<&str>) -> Option<Observable> {
    name(FileName, text)
}

/// Joins a file's folder and name to its path; some folders end with the name already.
#[must_use]
pub fn file_path(folder: Option<&str>, name: Option<&str>) -> Option<Observable> {
    let path = path::joined(present(folder)?, present(name));
    Some(Observable::new(FilePath, path))
}

/// The text without outer blanks, if anything is left.
fn present(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Writes an operating system: `Windows11 64-bit version: 23H2`, without what is missing.
#[must_use]
pub fn operating_system(
    platform: Option<&str>,
    architecture: Option<&str>,
    version: Option<&str>,
) -> Option<ShortText> {
    let version = version.map(|version| format!("version: {version}"));
    let parts: Vec<_> =
        [platform, architecture, version.as_deref()].into_iter().flatten().collect();
    ShortText::present(Some(parts.join(" ")))
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::{Ip, Ipv6, MacAddress};

    use super::*;

    fn check(found: Option<Observable>, expected: Option<(ObservableType, &str)>) {
        let found = found.as_ref().map(|found| (found.kind, found.value.as_str()));
        assert_eq!(found, expected);
    }

    #[test]
    fn hashes_have_their_length() {
        check(hash(Sha1, Some(&"AB".repeat(20))), Some((Sha1, &"ab".repeat(20))));
        for text in [None, Some(""), Some("abc"), Some("zz")] {
            check(hash(Md5, text), None);
        }
    }

    #[test]
    fn addresses_are_typed_by_their_version() {
        check(address(Some("10.20.4.17")), Some((Ip, "10.20.4.17")));
        check(address(Some("2001:DB8::80")), Some((Ipv6, "2001:db8::80")));
        check(address(Some("fe80::1%eth0")), Some((Ipv6, "fe80::1")));
        for text in [None, Some(""), Some("10.20.4"), Some("host")] {
            check(address(text), None);
        }
    }

    #[test]
    fn mac_addresses_have_one_form() {
        for text in ["00155D0A0B0C", "00:15:5D:0A:0B:0C", "00-15-5d-0a-0b-0c", "0015.5d0a.0b0c"] {
            check(mac(Some(text)), Some((MacAddress, "00:15:5d:0a:0b:0c")));
        }
        for text in ["", "00155D", "00155D0A0B0C0D", "zz155D0A0B0C", "é0155D0A0B0"] {
            check(mac(Some(text)), None);
        }
    }

    #[test]
    fn what_every_machine_has_identifies_none() {
        for text in ["127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1"] {
            check(address(Some(text)), None);
        }
        for text in ["000000000000", "00-00-00-00-00-00", "ff:ff:ff:ff:ff:ff"] {
            check(mac(Some(text)), None);
        }
        for text in ["localhost", "http://localhost:8080/", "x.localhost"] {
            check(host(Some(text)), None);
        }
    }

    #[test]
    fn a_url_without_a_scheme_is_its_host() {
        let url = "https://cdn.contoso-files.example/ps.exe";
        check(url_or_host(Some(url)), Some((ObservableType::Url, url)));
        check(url_or_host(Some("pool.coins.example")), Some((Domain, "pool.coins.example")));
        check(url_or_host(Some("pool.coins.example:443/x")), Some((Domain, "pool.coins.example")));
        check(url_or_host(Some("203.0.113.80/x")), Some((Ip, "203.0.113.80")));
        check(url_or_host(Some("://x")), None);
        check(url_or_host(Some("what is this")), None);
        check(host(Some("http://u:p@CDN.example:80/a?b@c")), Some((Domain, "CDN.example")));
        check(host(Some("http://[2001:db8::80]:443/")), Some((Ipv6, "2001:db8::80")));
        check(host(Some("")), None);
    }

    /// Row 14 of docs/relays/defender-atp.md#differences-from-the-python-originals.
    #[test]
    fn a_path_is_folder_and_name() {
        let check = |folder: &str, name: &str, expected: Option<&str>| {
            let found = file_path(Some(folder), Some(name)).map(|path| path.value);
            assert_eq!(found.as_deref(), expected);
        };
        check(r"C:\Windows", "a.exe", Some(r"C:\Windows\a.exe"));
        check(r"C:\Windows\", "a.exe", Some(r"C:\Windows\a.exe"));
        check(r"C:\Windows\A.EXE", "a.exe", Some(r"C:\Windows\A.EXE"));
        check(r"C:\data.exe", "a.exe", Some(r"C:\data.exe\a.exe"));
        check("/tmp/.cache", "kworkerd", Some("/tmp/.cache/kworkerd"));
        check("/tmp", "", Some("/tmp"));
        check(" ", "a.exe", None);
    }

    #[test]
    fn an_operating_system_leaves_out_what_is_missing() {
        let check = |parts: [Option<&str>; 3], expected: Option<&str>| {
            let [platform, architecture, version] = parts;
            let found = operating_system(platform, architecture, version);
            assert_eq!(found.as_ref().map(|text| text.as_str()), expected);
        };
        check(
            [Some("Windows11"), Some("64-bit"), Some("23H2")],
            Some("Windows11 64-bit version: 23H2"),
        );
        check([Some("Windows11"), None, Some("23H2")], Some("Windows11 version: 23H2"));
        check([Some("WindowsServer2022"), None, None], Some("WindowsServer2022"));
        check([None, None, None], None);
    }
}
