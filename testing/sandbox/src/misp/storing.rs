//! What the server makes of a value before it stores it, and which values it refuses.
//!
//! Read: the types that the built-in events and the relay know, and the import rules for paths of Windows
//! that every server starts with. A value of another type stays as it is.

use std::net::IpAddr;

use url::Url;

use super::filter::compressed;

const COMPOSITE: &str =
    "Composite type found but the value not in the composite (value1|value2) format.";
const EMPTY: &str = "Value cannot be empty.";
const LINE_FEED: &str = "Value must not contain new line character.";
const NO_ADDRESS: &str = "IP address has an invalid format.";
const NO_PORT: &str = "Port numbers have to be integers between 1 and 65535.";
const NO_MAIL: &str =
    "Email address has an invalid format. Please double check the value or select type \"other\".";

/// Beginnings of paths and what replaces them, in the order of the rules. `*` is a user's name.
const PATHS: [(&str, &str); 9] = [
    (r"ProgramData\", r"%ALLUSERSPROFILE%\"),
    (r"Program Files\Common Files\", r"%COMMONPROGRAMFILES%\"),
    (r"Users\*\AppData\Local\Temp\", r"%TEMP%\"),
    (r"Program Files\", r"%PROGRAMFILES%\"),
    (r"Users\Public\", r"%PUBLIC%\"),
    (r"Users\*\AppData\Local\", r"%LOCALAPPDATA%\"),
    (r"Users\*\AppData\Roaming\", r"%APPDATA%\"),
    (r"Users\*\", r"%USERPROFILE%\"),
    (r"Windows\", r"%WINDIR%\"),
];
const MACHINE: &str = r"\REGISTRY\MACHINE\";

/// The value as it is stored; the error is the server's reason to refuse it.
pub(super) fn stored(kind: &str, value: &str) -> Result<String, String> {
    let value = refanged(kind, value.trim());
    let value: String = value.chars().map(|it| if it.len_utf8() > 3 { '?' } else { it }).collect();
    let value = with_variables(&normal(kind, &value));
    if value.is_empty() {
        return Err(EMPTY.to_owned());
    }
    if (kind.contains('|') || kind == "malware-sample") && value.matches('|').count() != 1 {
        return Err(COMPOSITE.to_owned());
    }
    check(kind, &value).map(|()| value)
}

/// Undoes what keeps a value from being opened by mistake.
fn refanged(kind: &str, value: &str) -> String {
    let mut value = value.to_owned();
    let is_url = matches!(kind, "url" | "link");
    for scheme in ["hxxp", "hxtp", "htxp", "h[tt]p"].into_iter().filter(|_| is_url) {
        if value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
            value.replace_range(..scheme.len(), "http");
        }
    }
    if is_url || is_name(kind) || is_mail(kind) || matches!(kind, "ip-src" | "ip-dst" | "domain|ip")
    {
        for dot in ["[.]", "[dot]", "(dot)"] {
            value = value.replace(dot, ".");
        }
    }
    value
}

fn is_mail(kind: &str) -> bool {
    matches!(kind, "email" | "email-src" | "email-dst" | "target-email")
}

fn is_name(kind: &str) -> bool {
    matches!(kind, "domain" | "hostname")
}

/// The number of hexadecimal digits of a hash.
fn digits(hash: &str) -> Option<usize> {
    let bits = match hash {
        "md5"
        | "imphash"
        | "ja3-fingerprint-md5"
        | "hassh-md5"
        | "hasshserver-md5"
        | "x509-fingerprint-md5" => 128,
        "sha1" | "pehash" | "x509-fingerprint-sha1" => 160,
        "sha224" => 224,
        "sha256" | "authentihash" | "x509-fingerprint-sha256" => 256,
        "sha384" => 384,
        "sha512" => 512,
        _ => return None,
    };
    Some(bits / 4)
}

/// The one way to write a value of this type.
fn normal(kind: &str, value: &str) -> String {
    let halves = value.split_once('|');
    match kind {
        "ip-src" | "ip-dst" => address(value),
        "domain" => domain(value),
        "domain|ip" => halves.map_or_else(
            || value.to_lowercase(),
            |(name, ip)| format!("{}|{}", domain(name), address(&ip.to_lowercase())),
        ),
        "ip-src|port" | "ip-dst|port" => socket(value),
        "hostname|port" => value.to_lowercase().replace(':', "|"),
        "vulnerability" | "weakness" => value.to_uppercase(),
        "AS" => value
            .strip_prefix("AS")
            .or_else(|| value.strip_prefix("as"))
            .unwrap_or(value)
            .to_owned(),
        "mac-address" => {
            let bare: String = value.chars().filter(|it| !".:- ".contains(*it)).collect();
            let bytes: Vec<_> = bare.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
            bytes.join(":").to_lowercase()
        }
        _ if kind.starts_with("x509-") => value.replace(':', "").to_lowercase(),
        _ if kind == "hostname" || is_mail(kind) || digits(kind).is_some() => value.to_lowercase(),
        _ if kind.starts_with("filename|") => halves.map_or_else(
            || value.to_owned(),
            |(name, hash)| format!("{name}|{}", hash.to_lowercase()),
        ),
        _ => value.to_owned(),
    }
}

/// An address or a network; one of a single address becomes that.
fn address(value: &str) -> String {
    match value.split_once('/') {
        Some((ip, "32")) if ip.contains('.') => compressed(ip),
        Some((ip, "128")) => compressed(ip),
        Some((ip, length)) => format!("{}/{length}", compressed(ip)),
        None => compressed(value),
    }
}

/// Lower case without outer dots; a name in another script in its ASCII form, in which `ß` is `ss`.
fn domain(value: &str) -> String {
    let name = value.to_lowercase();
    let name = name.trim_matches('.');
    if is_domain(name) {
        return name.to_owned();
    }
    let url = Url::parse(&format!("http://{}/", name.replace('ß', "ss"))).ok();
    let ascii =
        url.as_ref().and_then(Url::host_str).filter(|_| !name.contains(['/', ' ', ':', '@']));
    ascii.unwrap_or(name).to_owned()
}

fn is_domain(name: &str) -> bool {
    let known = |it: char, more: &str| it.is_ascii_alphanumeric() || it == '-' || more.contains(it);
    name.rsplit_once('.').is_some_and(|(front, last)| {
        !front.is_empty()
            && last.len() >= 2
            && front.chars().all(|it| known(it, "._"))
            && last.chars().all(|it| known(it, ""))
    })
}

/// `address|port`, also from `address:port` and `[address]:port`.
fn socket(value: &str) -> String {
    let bracketed = value.strip_prefix('[').and_then(|rest| rest.split_once("]:"));
    let parts = match value.matches(':').count() {
        _ if bracketed.is_some() => bracketed,
        2.. if !value.contains('|') => value.rsplit_once(':'),
        1 if !value.contains('|') => value.split_once(':'),
        _ => value.split_once('|'),
    };
    parts.map_or_else(|| value.to_owned(), |(ip, port)| format!("{}|{port}", address(ip)))
}

/// Paths of Windows with the variables that stand for their beginnings.
fn with_variables(value: &str) -> String {
    let mut value = value.to_owned();
    for (pattern, variable) in PATHS {
        if let Some((start, end)) = find_path(&value, pattern) {
            value.replace_range(start..end, variable);
        }
    }
    if let Some(start) = find(&value, MACHINE) {
        value.replace_range(start..start + MACHINE.len(), r"HKLM\");
    }
    value
}

/// Where a drive and the beginning of a path stand, in any case.
fn find_path(value: &str, pattern: &str) -> Option<(usize, usize)> {
    let colon = find(value, r":\").filter(|colon| *colon > 0)?;
    let start = value[..colon].char_indices().next_back()?.0;
    let mut at = colon + 2;
    for (index, part) in pattern.split('*').enumerate() {
        let rest = value.get(at..)?;
        let found = find(rest, part).filter(|found| index > 0 || *found == 0)?;
        at += found + part.len();
    }
    Some((start, at))
}

fn find(text: &str, part: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(&part.to_ascii_lowercase())
}

fn check(kind: &str, value: &str) -> Result<(), String> {
    let (first, second) = value.split_once('|').unwrap_or((value, ""));
    let refused = |reason: &str| Err(reason.to_owned());
    match kind {
        "ip-src" | "ip-dst" if !is_network(value) => refused(NO_ADDRESS),
        "domain|ip" if !is_domain(first) => refused("Domain has an invalid format."),
        "domain|ip" if !is_address(second) => refused(NO_ADDRESS),
        "ip-src|port" | "ip-dst|port" if !is_address(first) => refused(NO_ADDRESS),
        "hostname|port" if !is_domain(first) => refused("Hostname has an invalid format."),
        "ip-src|port" | "ip-dst|port" | "hostname|port" if !is_port(second) => refused(NO_PORT),
        "port" if !is_port(value) => refused(NO_PORT),
        "url" | "uri" | "user-agent" | "regkey" | "regkey|value" | "filename"
            if value.contains('\n') =>
        {
            refused(LINE_FEED)
        }
        _ if is_mail(kind) && !is_mail_address(value) => refused(NO_MAIL),
        _ if is_name(kind) && !is_domain(value) => {
            let name = if kind == "domain" { "Domain" } else { "Hostname" };
            Err(format!(
                "{name} has an invalid format. Please double check the value or select type \"other\"."
            ))
        }
        _ => check_hash(kind, value, second),
    }
}

fn check_hash(kind: &str, value: &str, second: &str) -> Result<(), String> {
    let (hash, value, prefix) = match kind.strip_prefix("filename|") {
        Some(hash) => (hash, second, "filename|"),
        None => (kind, value, ""),
    };
    let hexadecimal = value.chars().all(|it| it.is_ascii_hexdigit());
    match digits(hash) {
        Some(expected) if value.len() != expected || !hexadecimal => Err(format!(
            "Checksum has an invalid length or format (expected: {prefix}{expected} hexadecimal characters). \
             Please double check the value or select type \"other\"."
        )),
        _ => Ok(()),
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "0"));
    let widest = if address.contains(':') { 128 } else { 32 };
    is_address(address) && length.parse::<u8>().is_ok_and(|length| length <= widest)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_mail_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(front, host)| {
        !front.is_empty() && !front.contains(char::is_whitespace) && host.contains('.')
    })
}

#[cfg(test)]
mod tests {
    use super::{super::content::Content, stored};

    #[test]
    fn the_built_in_values_are_such_as_a_server_stores() {
        let content = Content::built_in().unwrap();
        for (event, row) in content.attributes() {
            let value = &row.value.text;
            assert_eq!(
                stored(&row.kind, value).as_ref(),
                Ok(value),
                "{} of {}",
                row.kind,
                event.id
            );
        }
    }

    #[test]
    fn values_are_brought_into_their_one_form() {
        for (kind, given, expected) in [
            ("domain", ".Dots.Example.", "dots.example"),
            ("domain", "straße.example", "strasse.example"),
            ("ip-dst", "192.0.2.1/32", "192.0.2.1"),
            ("ip-src", "2001:0DB8::1/64", "2001:db8::1/64"),
            ("ip-dst|port", "2001:db8::1:443", "2001:db8::1|443"),
            ("url", "hXXp://bad[.]example/", "http://bad.example/"),
            ("uri", "/bad[.]example", "/bad[.]example"),
            ("filename", r"c:\windows\Temp\x.exe", r"%WINDIR%\Temp\x.exe"),
            ("filename", r"C:\Users\a\AppData\Local\Temp\x.exe", r"%TEMP%\x.exe"),
            ("filename", r"C:\Program Files\x.exe", r"%PROGRAMFILES%\x.exe"),
            ("mac-address", "02-00-00-AA-BB-CD", "02:00:00:aa:bb:cd"),
        ] {
            assert_eq!(stored(kind, given).as_deref(), Ok(expected), "{kind} {given}");
        }
    }

    #[test]
    fn values_without_the_form_of_their_type_are_refused() {
        for (kind, value) in [
            ("hostname", "dot.example."),
            ("hostname", "bücher.example"),
            ("domain", "localhost"),
            ("ip-dst", "192.0.2.063"),
            ("ip-dst", "fe80::1%eth0"),
            ("ip-dst|port", "192.0.2.1|70000"),
            ("filename|md5", "a.exe"),
            ("sha256", "abc"),
            ("email", "nobody"),
            ("url", "http://a.example/a\nb"),
            ("text", "  "),
        ] {
            assert!(stored(kind, value).is_err(), "{kind} {value}");
        }
    }
}
