//! The product's texts as observables: each checked, so that none is of the wrong type.

use std::net::IpAddr;

use relay_core::{
    Observable,
    ObservableType::{self, Domain, FileName, FilePath, MacAddress},
};
use url::Url;

use crate::subject::domain;

/// A hash of this kind in lower case.
pub(super) fn hash(kind: ObservableType, text: Option<&str>) -> Option<Observable> {
    let normal = Observable::present(kind, text)?.normal_form()?;
    Some(Observable::new(kind, normal))
}

/// An address, typed by what it is; the zone of a link-local one is left out.
pub(super) fn address(text: Option<&str>) -> Option<Observable> {
    let bare = text?.trim().split('%').next()?;
    Observable::address(bare.parse::<IpAddr>().ok()?.to_string())
}

/// A MAC address as `aa:bb:cc:dd:ee:ff`, however its digits were set apart.
pub(super) fn mac(text: Option<&str>) -> Option<Observable> {
    let digits = text?.chars().filter(|letter| !matches!(letter, ':' | '-' | '.'));
    let digits: String = digits.map(|letter| letter.to_ascii_lowercase()).collect();
    let is_mac = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pairs = is_mac.then(|| [0, 2, 4, 6, 8, 10].map(|at| &digits[at..at + 2]))?;
    Some(Observable::new(MacAddress, pairs.join(":")))
}

/// A URL; without a scheme it is only as good as its host.
pub(super) fn url_or_host(text: Option<&str>) -> Option<Observable> {
    let text = text?.trim();
    if !text.contains("://") {
        return host(Some(text));
    }
    let is_url = Url::parse(text).is_ok_and(|url| url.has_host());
    is_url.then(|| Observable::new(ObservableType::Url, text))
}

/// The host of a URL, with or without a scheme: a domain, or an address.
pub(super) fn host(url: Option<&str>) -> Option<Observable> {
    let url = url?.trim();
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#', '\\']).next()?;
    let host_and_port = authority.rsplit('@').next()?;
    if let Some(rest) = host_and_port.strip_prefix('[') {
        return address(rest.split(']').next());
    }
    let host = host_and_port.split(':').next()?;
    address(Some(host)).or_else(|| domain(host).map(|_| Observable::new(Domain, host)))
}

/// A name of this kind; none when it is blank.
pub(super) fn name(kind: ObservableType, text: Option<&str>) -> Option<Observable> {
    Observable::present(kind, text.map(str::trim))
}

pub(super) fn file_name(text: Option<&str>) -> Option<Observable> {
    name(FileName, text)
}

/// A file's whole path out of its folder and its name; some folders end with the name already.
pub(super) fn file_path(folder: Option<&str>, name: Option<&str>) -> Option<Observable> {
    let folder = folder.map(str::trim).filter(|folder| !folder.is_empty())?;
    let last = folder.rsplit(['\\', '/']).next().unwrap_or_default();
    let path = match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) if !last.eq_ignore_ascii_case(name) => {
            let separator = match folder {
                _ if last.is_empty() => "",
                _ if folder.contains('/') => "/",
                _ => "\\",
            };
            format!("{folder}{separator}{name}")
        }
        _ => folder.to_owned(),
    };
    Some(Observable::new(FilePath, path))
}

/// `Windows11 64-bit version: 23H2`, without the parts that are missing.
pub(super) fn system(
    platform: Option<&str>,
    architecture: Option<&str>,
    version: Option<&str>,
) -> Option<relay_core::ctim::ShortText> {
    let version = version.map(|version| format!("version: {version}"));
    let parts: Vec<_> =
        [platform, architecture, version.as_deref()].into_iter().flatten().collect();
    relay_core::ctim::ShortText::present(Some(parts.join(" ")))
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::{Ip, Ipv6, Md5, Sha1};

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
    fn addresses_say_what_they_are() {
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

    #[test]
    fn no19_a_path_is_whole() {
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
    fn a_system_leaves_out_what_is_missing() {
        let check = |parts: [Option<&str>; 3], expected: Option<&str>| {
            let [platform, architecture, version] = parts;
            let found = system(platform, architecture, version);
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
