//! URLs, docs/relays/misp.md#equality. MISP stores them as they were typed: scheme and host may
//! have any case, the scheme may be missing, and an empty path may have its slash or not.

use super::{Form, Reading, name, text::as_stored};

/// Returns the spellings that are searched. MISP compares them without letter case.
pub(super) fn searched_texts(url: &str) -> Vec<String> {
    hosts(url).iter().flat_map(|url| loose_spellings(url)).collect()
}

pub(super) fn forms(url: &str) -> Vec<Form> {
    let as_sent = folded_hosts(url).into_iter().map(|url| (Reading::Url, url));
    let loose = loose_spellings(url);
    let loose = loose.iter().flat_map(|url| folded_hosts(url)).map(|url| (Reading::LooseUrl, url));
    as_sent.chain(loose).collect()
}

/// Returns the URL as sent, then without its scheme, and both with the slash of an empty path
/// removed or added.
fn loose_spellings(url: &str) -> Vec<String> {
    let without_scheme = url.split_once("://").map(|(_, rest)| rest.to_owned());
    let mut spellings: Vec<String> =
        std::iter::once(url.to_owned()).chain(without_scheme).collect();
    let toggled: Vec<_> = spellings.iter().filter_map(|url| with_slash_toggled(url)).collect();
    spellings.extend(toggled);
    spellings
}

/// Returns the URL, and with an international host as punycode and in its own letters.
fn hosts(url: &str) -> Vec<String> {
    let (start, end) = host_range(url);
    let (before, host, after) = (&url[..start], &url[start..end], &url[end..]);
    let is_international = !host.is_ascii() || host.to_lowercase().contains("xn--");
    let mut urls = vec![url.to_owned()];
    if is_international {
        let with_host = |host: String| format!("{before}{host}{after}");
        urls.extend(name::spellings(&host.to_lowercase()).into_iter().map(with_host));
    }
    urls
}

/// `http://host` for `http://host/` and the reverse; in any other path a slash means something.
fn with_slash_toggled(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.find(['/', '?', '#']) {
        None => Some(format!("{url}/")),
        Some(path) if &rest[path..] == "/" => Some(url[..url.len() - 1].to_owned()),
        Some(_) => None,
    }
}

/// Returns a URL with scheme and host in lower case, the host as punycode; twice where older rules
/// convert an international host in another way.
pub(super) fn folded_hosts(url: &str) -> Vec<String> {
    let url = as_stored(url);
    let (start, end) = host_range(&url);
    let (scheme, rest) = (scheme_folded(&url[..start]), &url[end..]);
    let hosts = name::ascii_spellings(url[start..end].to_lowercase());
    hosts.into_iter().map(|host| format!("{scheme}{host}{rest}")).collect()
}

/// The part before the host: the scheme has no case, user and password have.
fn scheme_folded(before: &str) -> String {
    match before.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_lowercase()),
        None => before.to_owned(),
    }
}

/// Returns where the host begins and ends, of a URL with or without scheme.
fn host_range(url: &str) -> (usize, usize) {
    let start = url.find("://").map_or(0, |scheme| scheme + "://".len());
    let end = url[start..].find(['/', '?', '#', '\\']).map_or(url.len(), |end| start + end);
    let start = url[start..end].rfind('@').map_or(start, |user| start + user + 1);
    // A port after an address in brackets or a name.
    let authority = &url[start..end];
    let port = authority.rfind(':').filter(|port| !authority[*port..].contains(']'));
    (start, port.map_or(end, |port| start + port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &[&str]) {
        assert_eq!(searched_texts(url), expected, "{url}");
    }

    #[test]
    fn scheme_and_slash_are_toggled_alone_and_together() {
        check(
            "http://bad.example/",
            &["http://bad.example/", "bad.example/", "http://bad.example", "bad.example"],
        );
        check(
            "http://bad.example",
            &["http://bad.example", "bad.example", "http://bad.example/", "bad.example/"],
        );
        check("http://bad.example/a/", &["http://bad.example/a/", "bad.example/a/"]);
        check("http://bad.example?x=/", &["http://bad.example?x=/", "bad.example?x=/"]);
        check("bad.example/x", &["bad.example/x"]);
    }

    #[test]
    fn an_international_host_is_searched_in_both_spellings() {
        let texts = searched_texts("http://Bücher.example/y");
        assert!(texts.contains(&"http://xn--bcher-kva.example/y".to_owned()));
        assert!(texts.contains(&"http://bücher.example/y".to_owned()));
    }

    #[test]
    fn only_scheme_and_host_have_no_case() {
        let check = |url: &str, expected: &str| assert_eq!(folded_hosts(url), [expected], "{url}");
        check("HTTP://CAPS.example/Path?Q", "http://caps.example/Path?Q");
        check("CAPS.example/Path", "caps.example/Path");
        check("http://User:Pw@Caps.example:80/x", "http://User:Pw@caps.example:80/x");
        check("http://[2001:DB8::1]:8080/X", "http://[2001:db8::1]:8080/X");
        check("HTTP://BÜCHER.example/X", "http://xn--bcher-kva.example/X");
        check("Evil/Path", "evil/Path");
        let both = ["http://xn--strae-oqa.example/X", "http://strasse.example/X"];
        assert_eq!(folded_hosts("http://Straße.example/X"), both);
    }
}
