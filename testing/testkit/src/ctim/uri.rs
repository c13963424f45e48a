//! The grammar of URIs as Java's parser has it, which validates CTIM on the platform. The `url` crate
//! accepts and normalizes other texts.

/// The reason why the text is no URI.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("empty");
    }
    if text.chars().any(|c| !c.is_ascii() && !is_other(c)) {
        return Err("contains a blank or control character");
    }
    match text.find([':', '/', '?', '#']) {
        Some(end) if text[end..].starts_with(':') => {
            check_scheme(&text[..end])?;
            check_after_scheme(&text[end + 1..])
        }
        _ => check_hierarchy(text),
    }
}

/// Whether the text begins with a scheme, so that it does not depend on a base.
pub(super) fn is_absolute(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| check_scheme(scheme).is_ok())
}

fn check_scheme(scheme: &str) -> Result<(), &'static str> {
    let tail = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
    match scheme.strip_prefix(|c: char| c.is_ascii_alphabetic()) {
        Some(rest) if rest.chars().all(tail) => Ok(()),
        _ => Err("malformed scheme"),
    }
}

fn check_after_scheme(rest: &str) -> Result<(), &'static str> {
    if rest.is_empty() {
        return Err("nothing after the scheme");
    }
    if rest.starts_with('/') {
        return check_hierarchy(rest);
    }
    let (opaque, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let legal =
        !opaque.is_empty() && consists_of(opaque, is_uric) && consists_of(fragment, is_uric);
    legal.then_some(()).ok_or("illegal character")
}

fn check_hierarchy(text: &str) -> Result<(), &'static str> {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if authority.is_empty() && path.is_empty() && query.is_empty() && fragment.is_empty() {
                return Err("no host");
            }
            if !authority.is_empty() && !is_authority(authority) {
                return Err("malformed host");
            }
            path
        }
        None => rest,
    };
    let parts = [
        (consists_of(path, is_path), "illegal character in the path"),
        (consists_of(query, is_uric), "illegal character in the query"),
        (consists_of(fragment, is_uric), "illegal character in the fragment"),
    ];
    parts.into_iter().find(|(legal, _)| !legal).map_or(Ok(()), |(_, reason)| Err(reason))
}

fn is_authority(text: &str) -> bool {
    consists_of(text, is_name) || is_ipv6_authority(text)
}

/// `user@[2001:db8::1%eth0]:443`, where only the brackets and the address are required.
fn is_ipv6_authority(text: &str) -> bool {
    let Some((user, rest)) = text.split_once('[') else { return false };
    let Some((host, port)) = rest.split_once(']') else { return false };
    let (address, zone) = host.split_once('%').unwrap_or((host, "0"));
    let in_zone = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (user.is_empty() || user.strip_suffix('@').is_some_and(|user| consists_of(user, is_user)))
        && !address.is_empty()
        && address.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c))
        && !zone.is_empty()
        && zone.chars().all(in_zone)
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_digits))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is made of these characters and of percent escapes.
fn consists_of(text: &str, allowed: fn(char) -> bool) -> bool {
    let mut pieces = text.split('%');
    let is_escaped = |piece: &str| {
        let escape = piece.get(..2).is_some_and(|hex| hex.bytes().all(|c| c.is_ascii_hexdigit()));
        escape && piece[2..].chars().all(allowed)
    };
    pieces.next().is_none_or(|first| first.chars().all(allowed)) && pieces.all(is_escaped)
}

fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.!~*'()".contains(c) || is_other(c)
}

fn is_path(c: char) -> bool {
    is_unreserved(c) || ":@&=+$,;/".contains(c)
}

fn is_uric(c: char) -> bool {
    is_unreserved(c) || ";/?:@&=+$,[]".contains(c)
}

fn is_name(c: char) -> bool {
    is_unreserved(c) || "$,;:@&=+".contains(c)
}

fn is_user(c: char) -> bool {
    is_unreserved(c) || ";:&=+$,".contains(c)
}

/// Beyond ASCII: everything that is neither blank nor control.
fn is_other(c: char) -> bool {
    c >= '\u{a1}' && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::{check, is_absolute};

    #[test]
    fn legal_uris() {
        for text in [
            "https://unit.example/",
            "https://unit.example/a?b=%5Bc%5D#d",
            "https://unit.example?q=[a]",
            "https://user:pw@unit.example:8443/x;y=1",
            "https://[2001:db8::1]:443/",
            "https://u@[fe80::1%25]/",
            "https://bücher.example/ä",
            "mailto:a@unit.example",
            "urn:x#f",
            "/relative/path",
            "//unit.example",
            "//?q",
            "file:///etc",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn illegal_uris() {
        for text in [
            "",
            "https:",
            "https://",
            "1http://unit.example",
            "ht tp://unit.example",
            ":x",
            "https://unit.example/a b",
            "https://unit.example/a|b",
            "https://unit.example/[a]",
            "https://unit.example/%",
            "https://unit.example/%4",
            "https://unit.example/%zz",
            "https://unit.example/%+1",
            "https://unit.example/a\u{a0}b",
            "https://unit.example/a\u{2003}b",
            "https://unit.example/#a#b",
            "https://unit.example/?a\"b",
            "https://un it.example/",
            "https://[2001:db8::1/",
            "https://[]/",
            "https://[::1]x/",
            "mailto:#x",
            "mailto:a b",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_scheme_makes_it_absolute() {
        assert!(is_absolute("mailto:x") && is_absolute("https://unit.example"));
        assert!(!is_absolute("//unit.example") && !is_absolute("/a:b") && !is_absolute("1a:b"));
    }
}
