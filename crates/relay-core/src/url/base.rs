//! The base URL that somebody vouches for, and the addresses under it that requests go to.

use url::{Host, Url};

use super::escaped;
use crate::error::{Error, ErrorKind, Result};

/// Ports of other protocols than HTTP, which a caller may not have called. Source: Fetch standard,
/// "Port blocking".
const OTHER_PROTOCOLS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

/// A product's base URL: absolute, without user info, query, fragment or trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    /// Whether a caller chose it, so that its addresses must be checked.
    guarded: bool,
}

impl BaseUrl {
    /// Reads a base URL that the operator set: https, or plain http on loopback for tests.
    #[must_use]
    pub fn from_environment(text: &str) -> Option<Self> {
        let url = parse(text)?;
        let allowed = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        allowed.then_some(Self { url, guarded: false })
    }

    /// Reads a base URL that a token carries: https only. Its addresses are checked when it is
    /// called, because a caller chose it.
    #[must_use]
    pub fn from_token(text: &str) -> Option<Self> {
        let url = parse(text)?;
        let is_allowed = url.scheme() == "https"
            && url.port().is_none_or(|port| !OTHER_PROTOCOLS.contains(&port));
        is_allowed.then_some(Self { url, guarded: true })
    }

    /// Reads a base URL that is written into the relay; `None` only if it is misspelt.
    #[must_use]
    pub fn well_known(text: &str) -> Option<Self> {
        Self::from_token(text)
    }

    /// Returns the address of a fixed path under the base; the path begins with `/`.
    #[must_use]
    pub fn path(&self, path: &'static str) -> Address {
        self.address(path)
    }

    /// Returns the address of the base itself.
    pub(crate) fn root(&self) -> Address {
        Address { url: self.url.clone(), guarded: self.guarded }
    }

    /// Joins values of a request to the base as path segments, each fully escaped.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty value, `.` and `..`, which would name another path.
    pub fn segments(&self, segments: &[&str]) -> Result<Address> {
        let mut path = String::new();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                let text = "The value cannot be part of a product's address.";
                return Err(Error::new(ErrorKind::InvalidInput, text));
            }
            path.push('/');
            path.push_str(&escaped(segment));
        }
        Ok(self.address(&path))
    }

    /// Returns the address of an absolute link that the product sent, if it leads to the same origin.
    #[must_use]
    pub fn same_origin(&self, link: &str) -> Option<Address> {
        let url = Url::parse(link).ok()?;
        let is_bare = url.username().is_empty() && url.password().is_none();
        let same = url.origin() == self.url.origin() && is_bare;
        same.then_some(Address { url, guarded: self.guarded })
    }

    /// Returns the base as text, without trailing slash; for links that people open.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    fn address(&self, path: &str) -> Address {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        Address { url, guarded: self.guarded }
    }
}

fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (bare && url.has_host()).then_some(url)
}

/// Returns whether the URL names this machine, by address or by the one name that means it.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The URL of a request, and whether a caller chose its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    url: Url,
    guarded: bool,
}

impl Address {
    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns path and query alone, for requests that are sent inside another one.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded
    }

    /// Returns scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    pub(crate) fn add_query(&mut self, name: &str, value: &str) {
        let pair = format!("{name}={}", escaped(value));
        let query = match self.url.query() {
            Some(query) if !query.is_empty() => format!("{query}&{pair}"),
            _ => pair,
        };
        self.url.set_query(Some(&query));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_https_or_loopback_from_the_environment() {
        let check = |text: &str, environment: bool, token: bool| {
            assert_eq!(BaseUrl::from_environment(text).is_some(), environment, "{text}");
            assert_eq!(BaseUrl::from_token(text).is_some(), token, "{text}");
        };
        check("https://misp.example", true, true);
        check("https://misp.example:8443/prefix/", true, true);
        check("http://127.0.0.1:9100", true, false);
        check("http://[::1]:9100", true, false);
        check("http://localhost:9100", true, false);
        check("http://misp.example", false, false);
        check("https://misp.example:444", true, true);
        check("https://misp.example:22", true, false);
        check("https://misp.example:0", true, false);
        check("https://misp.example:6667", true, false);
        for text in [
            "",
            "misp.example",
            "ftp://misp.example",
            "https://u:p@misp.example",
            "https://misp.example/?x",
            "https://misp.example/#x",
            "https://u@misp.example",
        ] {
            check(text, false, false);
        }
    }

    #[test]
    fn i05_a_value_is_one_segment_or_refused() {
        let base = BaseUrl::from_environment("https://api.example/v1/").unwrap();
        let path =
            |value: &str| base.segments(&["ips", value, "alerts"]).map(|a| a.url.path().to_owned());
        assert_eq!(path("203.0.113.7").unwrap(), "/v1/ips/203.0.113.7/alerts");
        assert_eq!(path("a/b?x=#;%2e").unwrap(), "/v1/ips/a%2Fb%3Fx%3D%23%3B%252e/alerts");
        for value in ["", ".", ".."] {
            assert_eq!(path(value).unwrap_err().kind(), ErrorKind::InvalidInput, "{value}");
        }
    }

    #[test]
    fn queries_are_escaped_whole() {
        let mut address = BaseUrl::from_environment("https://api.example").unwrap().path("/alerts");
        address.add_query("$filter", "a eq 'x&#+%y' ä");
        address.add_query("$top", "1");
        assert_eq!(
            address.path_and_query(),
            "/alerts?$filter=a%20eq%20%27x%26%23%2B%25y%27%20%C3%A4&$top=1"
        );
    }

    #[test]
    fn n18_links_to_another_origin_are_refused() {
        let base = BaseUrl::from_environment("https://api.example/v1").unwrap();
        assert!(base.same_origin("https://api.example/v1/alerts?$skip=1").is_some());
        for link in [
            "https://evil.example/v1",
            "http://api.example/v1",
            "https://api.example:444/",
            "https://u@api.example/",
            "https://:p@api.example/",
            "/v1",
        ] {
            assert!(base.same_origin(link).is_none(), "{link}");
        }
    }
}
