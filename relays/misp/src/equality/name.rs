//! Names of hosts, docs/relays/misp.md#equality.

use ::url::Host;

/// Returns the spellings of a name in lower case: as punycode, and for an international one also in
/// its own letters and as older rules convert it, which MISP applies when it stores one.
pub(super) fn spellings(name: &str) -> Vec<String> {
    let ascii = to_ascii_name(name.to_owned());
    let unicode = to_unicode(&ascii).unwrap_or_else(|| name.to_owned());
    let mut spellings = vec![ascii];
    for spelling in [with_older_rules(&unicode), unicode] {
        if !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    }
    spellings
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
    let is_international = name.split('.').any(|label| label.starts_with("xn--"));
    is_international.then(|| idna::domain_to_unicode(name).0)
}
