//! Spellings of one URL: scheme and host have no case, and more than one text.

use std::net::Ipv6Addr;

use super::{ascii_name, split_origin, split_scheme};

/// Returns a URL, with or without a scheme, in the spelling in which equal URLs are equal texts as
/// far as products keep them: scheme in lower case, host as DNS holds it, the rest as it is.
#[must_use]
pub fn normal_url(url: &str) -> String {
    Parts::of(url).to_text()
}

/// Returns whether two URLs mean the same: also where one names the scheme's own port, or a lone
/// slash as its path.
///
/// ```
/// assert!(relay_core::url::is_same("HTTPS://Bad.example:443", "https://bad.example/"));
/// ```
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    Parts::of(one).bare().to_text() == Parts::of(other).bare().to_text()
}

/// Returns the texts under which products may hold a URL: the normal form first; then without the
/// scheme's own port, and with or without a lone slash.
pub(crate) fn spellings(url: &str) -> Vec<String> {
    let parts = Parts::of(url);
    let mut ports = vec![parts.clone()];
    if parts.has_own_port() {
        ports.push(Parts { port: None, ..parts });
    }
    let toggled = |parts: &Parts<'_>| match parts.rest {
        "" => Some(Parts { rest: "/", ..parts.clone() }.to_text()),
        "/" => Some(Parts { rest: "", ..parts.clone() }.to_text()),
        _ => None,
    };
    ports.iter().flat_map(|parts| [Some(parts.to_text()), toggled(parts)]).flatten().collect()
}

#[derive(Clone)]
struct Parts<'a> {
    scheme: Option<String>,
    user: Option<&'a str>,
    host: String,
    port: Option<&'a str>,
    /// Path, query and fragment.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let (origin, rest) = split_origin(url.trim());
        let (scheme, authority) = match split_scheme(origin) {
            Some((scheme, authority)) => (Some(scheme.to_ascii_lowercase()), authority),
            None => (None, origin),
        };
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let end =
            if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
        let (host, port) = host.split_at(end.unwrap_or(host.len()));
        Self { scheme, user, host: normal_host(host), port: port.strip_prefix(':'), rest }
    }

    fn has_own_port(&self) -> bool {
        let own = match self.scheme.as_deref() {
            Some("http" | "ws") => "80",
            Some("https" | "wss") => "443",
            Some("ftp") => "21",
            _ => return false,
        };
        self.port == Some(own)
    }

    /// Without what has no meaning: the scheme's own port, and the difference between no path and
    /// a lone slash.
    fn bare(mut self) -> Self {
        if self.has_own_port() {
            self.port = None;
        }
        if self.rest == "/" {
            self.rest = "";
        }
        self
    }

    fn to_text(&self) -> String {
        let scheme = self.scheme.as_ref().map(|scheme| format!("{scheme}://")).unwrap_or_default();
        let user = self.user.map(|user| format!("{user}@")).unwrap_or_default();
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}{user}{}{port}{}", self.host, self.rest)
    }
}

fn normal_host(host: &str) -> String {
    if let Some(bracketed) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address = bracketed.parse::<Ipv6Addr>();
        return address.map_or_else(|_| host.to_lowercase(), |ip| format!("[{ip}]"));
    }
    // A host of nothing but dots is none.
    Some(ascii_name(host)).filter(|name| !name.is_empty()).unwrap_or_else(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_and_host_have_one_spelling() {
        let check = |url: &str, expected: &str| assert_eq!(normal_url(url), expected, "{url}");
        check("HTTPS://Bad.Example/A?B=C#D", "https://bad.example/A?B=C#D");
        check(" Bad.example./Login ", "bad.example/Login");
        check("http://Bücher.example/ä", "http://xn--bcher-kva.example/ä");
        check("https://Mara:Pw@Bad.example:8443/", "https://Mara:Pw@bad.example:8443/");
        check("http://[2001:DB8:0::1]:80/x", "http://[2001:db8::1]:80/x");
        check("http://[x]/", "http://[x]/");
        check("https://bad.example", "https://bad.example");
        for unchanged in ["", "://x", "http://", "..", "/a/B", "http://..//A", "http://:80/"] {
            check(unchanged, unchanged);
        }
    }

    #[test]
    fn the_same_url_has_several_spellings() {
        let same = "https://bad.example/";
        for other in ["https://bad.example", "HTTPS://BAD.example:443", "https://bad.example.:443/"]
        {
            assert!(is_same(same, other) && is_same(other, same), "{other}");
        }
        for other in [
            "http://bad.example/",
            "https://bad.example:80/",
            "https://bad.example/a",
            "https://u@bad.example/",
            "bad.example",
        ] {
            assert!(!is_same(same, other), "{other}");
        }
        assert!(!is_same("https://bad.example/A", "https://bad.example/a"));
        assert!(!is_same("https://bad.example/a/", "https://bad.example/a"));
    }

    #[test]
    fn products_may_hold_a_url_under_each_spelling() {
        let check = |url: &str, expected: &[&str]| assert_eq!(spellings(url), expected, "{url}");
        check("http://Bad.example", &["http://bad.example", "http://bad.example/"]);
        check("bad.example/", &["bad.example/", "bad.example"]);
        check("https://bad.example:443/A", &["https://bad.example:443/A", "https://bad.example/A"]);
        check("https://bad.example:444/A/", &["https://bad.example:444/A/"]);
    }
}
