//! Names of hosts, docs/relays/misp.md#equality.

use ::url::Host;

/// Returns the spellings of a name in lower case: as punycode, and for an international one also in
/// its own letters and as older rules convert it, which MISP applies when it stores one.
pub(super) fn spellings(name: &str) -> Vec<String> {
    let mut spellings = ascii_spellings(name.to_owned());
    let unicode = to_unicode(&spellings[0]).unwrap_or_else(|| name.to_owned());
    if !spellings.contains(&unicode) {
        spellings.push(unicode);
    }
    spellings
}

/// Returns a name in lower case as punycode, then as older rules convert it where that is another.
pub(super) fn ascii_spellings(name: String) -> Vec<String> {
    if name.is_ascii() && !is_international(&name) {
        return vec![name];
    }
    let ascii = to_ascii_name(name.clone());
    let older = with_older_rules(to_unicode(&ascii).as_deref().unwrap_or(&name));
    if older == ascii { vec![ascii] } else { vec![ascii, older] }
}

/// Returns a name as MISP stores international ones: as punycode.
pub(crate) fn to_ascii_name(name: String) -> String {
    if name.is_ascii() {
        return name;
    }
    match Host::parse(&name) {
        Ok(Host::Domain(ascii)) => ascii.trim_matches('.').to_owned(),
        _ => name,
    }
}

/// The rules of 2003 write `ss` for `ß` and `σ` for `ς`.
fn with_older_rules(name: &str) -> String {
    to_ascii_name(name.replace('ß', "ss").replace('ς', "σ"))
}

/// Returns a name of punycode in its own letters.
fn to_unicode(name: &str) -> Option<String> {
    is_international(name).then(|| idna::domain_to_unicode(name).0)
}

/// Whether a label is in punycode.
fn is_international(name: &str) -> bool {
    name.as_bytes().split(|byte| *byte == b'.').any(|label| label.starts_with(b"xn--"))
}
