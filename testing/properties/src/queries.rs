//! F7, query languages: a value in a query is one literal, and reads back to exactly that value.

use gigamon_threatinsight::query::SearchTerm;
use microsoft::{
    kql,
    odata::{self, Filter},
};
use percent_encoding::percent_decode_str;
use qualys_ioc::{QualysIoc, query as qql};
use relay_core::{
    Observable,
    ObservableType::{self, Domain, Ip, Ipv6, Md5, Sha1, Sha256},
    Relay,
};

/// The types that the ThreatINSIGHT relay supports.
const KINDS: [ObservableType; 6] = [Ip, Ipv6, Domain, Md5, Sha1, Sha256];

/// The bytes are the text that an OData filter compares with.
///
/// # Panics
///
/// When the text leaves its literal, or the filter its place in the URL.
pub fn f07_odata(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    let filter = Filter::any_of([Filter::equals("a", &value), Filter::equals("b", "c")]);
    let url = odata::list_url("/x", &filter, 7);
    let parameters: Vec<_> = url.strip_prefix("/x?").expect("the path").split('&').collect();
    let [filter, "$top=7"] = parameters[..] else { panic!("{url}") };
    let filter = filter.strip_prefix("$filter=").expect("the filter stands first");
    assert!(filter.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
    let filter = percent_decode_str(filter).decode_utf8().expect("UTF-8");
    let literal = filter.strip_prefix("a eq ").and_then(|rest| rest.strip_suffix(" or b eq 'c'"));
    assert_eq!(odata_text(literal.expect("the rest is as written")).as_deref(), Some(&*value));
}

/// OData 4.01 ABNF, `string`: between quotes, a quote inside stands twice.
fn odata_text(literal: &str) -> Option<String> {
    let inside = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let pieces: Vec<_> = inside.split("''").collect();
    pieces.iter().all(|piece| !piece.contains('\'')).then(|| pieces.join("'"))
}

/// The bytes are a text in a Kusto list.
///
/// # Panics
///
/// When the text leaves its literal.
pub fn f07_kql(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    let query = kql::list([&*value, "x", &*value]);
    let list = query.strip_prefix("dynamic([").and_then(|rest| rest.strip_suffix("])"));
    let mut rest = list.expect("a dynamic list");
    for (at, expected) in [&*value, "x", &*value].into_iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(", ").expect("a comma between literals");
        }
        let (text, behind) = kusto_text(rest).expect("a literal");
        assert_eq!(text, expected, "{query}");
        rest = behind;
    }
    assert_eq!(rest, "", "{query}");
}

/// A string literal of Kusto, and what stands behind it: one line, a back-slash before what would
/// end it (page "The string data type").
fn kusto_text(query: &str) -> Option<(String, &str)> {
    let mut letters = query.strip_prefix('\'')?.chars();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '\'' => return Some((text, letters.as_str())),
            '\\' => text.push(escaped(&mut letters)?),
            letter if is_line_end(letter) || letter.is_control() => return None,
            letter => text.push(letter),
        }
    }
}

fn is_line_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    match letters.next()? {
        't' => Some('\t'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        mark @ ('\\' | '\'' | '"') => Some(mark),
        'u' => {
            let digits = letters.as_str().get(..4)?;
            *letters = letters.as_str()[4..].chars();
            digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        }
        _ => None,
    }
}

/// The bytes are a value of every type that the Qualys relay supports.
///
/// # Panics
///
/// When the value leaves its literal. Back-slashes at its end may be left out.
pub fn f07_qql(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    let whole = value.trim_end_matches('\\');
    for (kind, _) in QualysIoc::ABOUT.observables {
        let Some(filter) = qql::query(*kind, &value) else { continue };
        let mut rest = filter.as_str();
        loop {
            let (text, behind) = qql_clause(rest).expect("a clause");
            assert_eq!(text, whole, "{filter}");
            match behind.strip_prefix(" or ") {
                Some(next) => rest = next,
                None if behind.is_empty() => break,
                None => panic!("{behind:?} stands behind a literal: {filter}"),
            }
        }
    }
}

/// `field: "text"`, with any of the three marks, and what stands behind it. A back-slash before a
/// mark is read as swallowing it, because nothing says that it does not.
fn qql_clause(filter: &str) -> Option<(&str, &str)> {
    let (field, literal) = filter.split_once(": ")?;
    let is_field = field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let mark = literal.chars().next().filter(|mark| is_field && "\"`'".contains(*mark))?;
    let inside = &literal[1..];
    let (end, _) = inside.match_indices(mark).find(|(at, _)| !inside[..*at].ends_with('\\'))?;
    let is_one_line = !inside[..end].bytes().any(|byte| byte.is_ascii_control());
    is_one_line.then(|| (&inside[..end], &inside[end + 1..]))
}

/// The first byte chooses a type, the others are a value for ThreatINSIGHT.
///
/// # Panics
///
/// When the value leaves its literal, or is another one than the bytes.
pub fn f07_iql(data: &[u8]) {
    let [kind, value @ ..] = data else { return };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let asked = Observable::new(kind, String::from_utf8_lossy(value));
    let Some(term) = SearchTerm::of(&asked) else { return };
    let condition = term.query();
    let (field, literal) = condition.split_once(" = ").expect("a condition");
    let text = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let text = text.expect("a literal");
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte)));
    assert!(["ip", "domain", "md5", "sha1", "sha256"].contains(&field), "{condition}");
    assert_eq!(asked.normal_form().as_deref(), Some(text));
    assert!(term.matches(text) && term.matches(&asked.value), "{condition}");
}
