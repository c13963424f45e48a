//! Removes secrets from texts that leave the relay.

use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use crate::secret::Secret;

/// Stands in the place of a secret.
const MARK: &str = "[…]";
/// A text that begins with so many characters of a secret is taken for a part of it.
const PREFIX_CHARS: usize = 8;
/// A shorter secret is none: to remove it would garble every text, and help nobody.
const MIN_CHARS: usize = 4;

/// The secrets that one call used.
#[derive(Debug, Default)]
pub(crate) struct Redactor(Mutex<Vec<Secret>>);

impl Redactor {
    /// Adds a secret to those that are removed.
    pub(crate) fn add(&self, secret: Secret) {
        let mut secrets = self.secrets();
        // The same access token comes with every request that it is used for.
        if !secrets.iter().any(|known| known.expose() == secret.expose()) {
            secrets.push(secret);
        }
    }

    /// Redacts every known secret as it is, as JSON, URLs, forms and base64 encode it, in any case,
    /// and what begins like one.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let secrets = self.secrets();
        if secrets.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        let readings = [plain, json, url, form].map(|reading| reading(text));
        let mut found = Vec::new();
        for secret in secrets.iter().map(Secret::expose) {
            let letters: Vec<char> = secret.chars().collect();
            for reading in &readings {
                find(&letters, reading, &mut found);
            }
            for encoded in in_base64(secret) {
                find(&encoded.chars().collect::<Vec<_>>(), &readings[0], &mut found);
            }
        }
        with_marks(text, found)
    }

    fn secrets(&self) -> MutexGuard<'_, Vec<Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text as one encoding means it: each character, and where it stands.
type Reading = Vec<(char, Range<usize>)>;

fn plain(text: &str) -> Reading {
    text.char_indices().map(|(at, letter)| (letter, at..at + letter.len_utf8())).collect()
}

/// JSON's escapes: a backslash before a sign, or `\\u` and four digits, in pairs beyond the first
/// plane.
fn json(text: &str) -> Reading {
    decoded(text, |rest| {
        let sign = rest.strip_prefix('\\')?.chars().next()?;
        match sign {
            '"' | '\\' | '/' => Some((sign, 2)),
            'n' => Some(('\n', 2)),
            'r' => Some(('\r', 2)),
            't' => Some(('\t', 2)),
            'u' => unicode(rest),
            _ => None,
        }
    })
}

fn unicode(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (first, second) = (unit(0)?, unit(6));
    match char::decode_utf16([first]).next()? {
        Ok(letter) => Some((letter, 6)),
        Err(_) => {
            let letter = char::decode_utf16([first, second?]).next()?.ok()?;
            Some((letter, 12))
        }
    }
}

/// Percent-encoding, with digits in any case (RFC 3986 §2.1).
fn url(text: &str) -> Reading {
    decoded(text, percent)
}

/// The same, where a plus sign is a blank.
fn form(text: &str) -> Reading {
    decoded(text, |rest| if rest.starts_with('+') { Some((' ', 1)) } else { percent(rest) })
}

fn percent(rest: &str) -> Option<(char, usize)> {
    let byte = |index: usize| {
        let digits = rest.get(3 * index..3 * index + 3)?.strip_prefix('%')?;
        u8::from_str_radix(digits, 16).ok()
    };
    let bytes: Vec<u8> = (0..4).map_while(byte).collect();
    let letter = (1..=bytes.len()).find_map(|length| std::str::from_utf8(&bytes[..length]).ok())?;
    Some((letter.chars().next()?, 3 * letter.len()))
}

/// Reads a text with a decoder that returns what stands at a place, if it is encoded, and its length.
fn decoded(text: &str, decode: impl Fn(&str) -> Option<(char, usize)>) -> Reading {
    let mut reading = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let (letter, length) = decode(&text[at..]).unwrap_or((letter, letter.len_utf8()));
        reading.push((letter, at..at + length));
        at += length;
    }
    reading
}

/// Finds a secret in a reading, whole or from its first characters on. A short one is found as a word
/// only, since it may be a part of any.
fn find(secret: &[char], reading: &Reading, found: &mut Vec<Range<usize>>) {
    if secret.len() < MIN_CHARS {
        return;
    }
    let is_short = secret.len() < PREFIX_CHARS;
    let is_part_of_word = |at: Option<usize>| {
        at.and_then(|at| reading.get(at)).is_some_and(|(letter, _)| letter.is_alphanumeric())
    };
    let mut at = 0;
    while at < reading.len() {
        let same = |(one, (other, _)): &(&char, &(char, Range<usize>))| {
            if is_short { *one == other } else { one.eq_ignore_ascii_case(other) }
        };
        let length = secret.iter().zip(&reading[at..]).take_while(same).count();
        let is_found = match is_short {
            true => {
                length == secret.len()
                    && !is_part_of_word(at.checked_sub(1))
                    && !is_part_of_word(Some(at + length))
            }
            false => length >= PREFIX_CHARS,
        };
        if is_found {
            found.push(reading[at].1.start..reading[at + length - 1].1.end);
        }
        at += if is_found { length } else { 1 };
    }
}

/// Returns what base64 makes of a secret that stands anywhere in what is encoded: the middle that does
/// not depend on its neighbours, for each of the three places within a group.
fn in_base64(secret: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let encoded = STANDARD_NO_PAD.encode([&vec![0; before], secret.as_bytes()].concat());
        let whole_bits = (before + secret.len()) * 8 / 6;
        let first = (before * 8).div_ceil(6);
        encoded.get(first..whole_bits).unwrap_or_default().to_owned()
    })
}

/// Replaces the ranges, those that overlap together.
fn with_marks(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| range.start);
    let mut shown = String::new();
    let mut end = 0;
    for range in ranges {
        if range.start >= end {
            shown.push_str(&text[end..range.start]);
            shown.push_str(MARK);
        }
        end = end.max(range.end);
    }
    shown + &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secret: &str, text: &str, expected: &str) {
        let redactor = Redactor::default();
        redactor.add(Secret::new(secret).unwrap());
        assert_eq!(redactor.redacted(text), expected);
    }

    #[test]
    fn n17_secrets_are_redacted_in_every_encoding() {
        check("p@ss&word", "bad p@ss&word, bad p%40ss%26word", "bad […], bad […]");
        check("two ~words", "two%20~words two+%7Ewords", "[…] […]");
        check("p@ss&word% 1", "p%40ss%26word%25+1 p%40ss%26word%25%201", "[…] […]");
        check(r#"a"b\c""#, r#"{"pass":"a\"b\\c\""}"#, r#"{"pass":"[…]"}"#);
        check("short", "shortened, short, shor", "shortened, […], shor");
    }

    #[test]
    fn n17_secrets_are_redacted_as_other_writers_encode_them() {
        check("a/b+c=d&e", r#""a\/b+c=d&e" a%2fb%2bc%3dd%26e"#, r#""[…]" […]"#);
        check("passwört-1", r#"passw\u00f6rt-1 passw\u00F6rt-1"#, "[…] […]");
        check("key-😀-long", r#"key-\ud83d\ude00-long"#, "[…]");
        check("AbCdEf0123", "abcdef0123 ABCDEF0123", "[…] […]");
        let basic = STANDARD_NO_PAD.encode("user:correct horse battery");
        let redactor = Redactor::default();
        redactor.add(Secret::new("correct horse battery").unwrap());
        let shown = redactor.redacted(&format!("Basic {basic}=="));
        assert!(shown.starts_with("Basic ") && shown.contains(MARK) && shown.len() < 24, "{shown}");
    }

    #[test]
    fn n17_a_short_secret_garbles_no_text() {
        check("t", "https://misp.example", "https://misp.example");
        check("tok", "no token", "no token");
        check("token", "tokens, token, \"token\"", "tokens, […], \"[…]\"");
        check("same", "Same same same-x", "Same […] […]-x");
    }

    #[test]
    fn n17_odd_texts_are_read() {
        for text in ["%", "%2", "%zz", "%ff%fe", r"\", r"\u12", r"\ud83d", "+", "é%C3", "\u{202e}"]
        {
            check("0123456789", text, text);
        }
    }

    #[test]
    fn n17_a_truncated_secret_is_redacted_too() {
        check("0123456789abcdef", "01234567 0123456789a 0123456", "[…] […] 0123456");
        check("пароль-пароль", "пароль-п, пароль-паро!", "[…], […]!");
    }
}
