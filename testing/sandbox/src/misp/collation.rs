//! Equality of texts as the database of MISP has it: `utf8_unicode_ci`.
//!
//! Read of it: case, accents, width and compatibility forms do not count, characters without weight
//! vanish, blanks at the end are padding. Left out: compatibility forms of Chinese characters, and the
//! order of scripts (texts are ordered by what their characters are equal to).

use std::{collections::HashMap, sync::LazyLock};

static WEIGHTS: LazyLock<HashMap<char, String>> =
    LazyLock::new(|| include_str!("collation.txt").lines().flat_map(read_line).collect());

/// Characters of one line, each with the text that it is equal to.
fn read_line(line: &str) -> Vec<(char, String)> {
    let Some((equal, members)) = line.split_once(' ').filter(|(first, _)| *first != "#") else {
        return Vec::new();
    };
    let equal: String = equal.split('.').filter_map(character).collect();
    members.split(' ').flat_map(range).map(|member| (member, equal.clone())).collect()
}

fn range(text: &str) -> impl Iterator<Item = char> + use<> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let ends = character(first).zip(character(last));
    ends.into_iter().flat_map(|(first, last)| first..=last)
}

fn character(hexadecimal: &str) -> Option<char> {
    u32::from_str_radix(hexadecimal, 16).ok().and_then(char::from_u32)
}

/// What stands for the text in a comparison: two texts are equal if their keys are.
pub(super) fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for character in received(text) {
        match WEIGHTS.get(&character) {
            Some(equal) => key.push_str(equal),
            None => key.push(character),
        }
    }
    key.truncate(key.trim_end_matches(' ').len());
    key
}

/// A text as the connection hands it on: each byte of a character of four bytes becomes a question mark.
fn received(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(|character| {
        let long = character.len_utf8() > 3;
        std::iter::repeat_n(if long { '?' } else { character }, if long { 4 } else { 1 })
    })
}

/// `LIKE`: `%` is any text, `_` one character, a backslash takes the meaning of the next one. The rest
/// is compared one by one, so that nothing vanishes and blanks at the end count.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = received(text).collect();
    // At each position: whether the pattern so far fits the text up to there.
    let mut so_far = vec![false; text.len() + 1];
    so_far[0] = true;
    let mut symbols = received(pattern);
    while let Some(symbol) = symbols.next() {
        so_far = match symbol {
            '%' => from_first_fit(&so_far),
            '_' => step(&text, &so_far, |_| true),
            '\\' => {
                let literal = symbols.next().unwrap_or('\\');
                step(&text, &so_far, |found| equal(found, literal))
            }
            _ => step(&text, &so_far, |found| equal(found, symbol)),
        };
    }
    so_far[text.len()]
}

fn equal(one: char, other: char) -> bool {
    one == other || weight(one) == weight(other)
}

fn weight(character: char) -> String {
    WEIGHTS.get(&character).cloned().unwrap_or_else(|| character.to_string())
}

fn from_first_fit(so_far: &[bool]) -> Vec<bool> {
    let first = so_far.iter().position(|&fit| fit).unwrap_or(so_far.len());
    (0..so_far.len()).map(|at| at >= first).collect()
}

fn step(text: &[char], so_far: &[bool], fits: impl Fn(char) -> bool) -> Vec<bool> {
    let moved = text.iter().zip(so_far).map(|(&found, &fit)| fit && fits(found));
    std::iter::once(false).chain(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::{key, like};

    #[test]
    fn texts_are_equal_as_measured() {
        for (one, other) in [
            ("evil.example", "EVIL.example"),
            ("evil.example", "evil.example  "),
            ("evil.example", "evil\u{200b}.example"),
            ("\u{feff}evil", "evil"),
            ("e\u{301}vil", "évil"),
            ("ó", "o"),
            ("straße", "STRASSE"),
            ("Ａ①．％", "a1.%"),
            ("²١", "21"),
            ("™", "tm"),
            ("œ", "oe"),
            ("\u{200b}\u{1}\u{7f}\u{fe0f} \u{a0}\u{3000}", ""),
            ("a😀", "a????"),
        ] {
            assert_eq!(key(one), key(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn texts_differ_as_measured() {
        for (one, other) in [
            ("evil.example", " evil.example"),
            ("evil.example", "evil.example\t"),
            ("evil", "ev\u{ad}il"),
            ("ß", "s"),
            ("ø", "o"),
            ("ł", "l"),
            ("æ", "ae"),
            ("а", "a"),
            ("½", "1/2"),
            ("。", "."),
            ("-", "_"),
            ("ı", "i"),
        ] {
            assert_ne!(key(one), key(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn patterns_follow_sql() {
        for (text, pattern, expected) in [
            ("bad.example", "%.example", true),
            ("bad.example", "bad%", true),
            ("bad.example", "%D.ex%", true),
            ("bad.example", "b_d%", true),
            ("", "%", true),
            ("bad.example.test", "%.example", false),
            ("acb", "%a%b%c%", false),
            ("", "_%", false),
            (r"C:\Temp", r"C:\Temp%", false),
            (r"C:\Temp", r"C:\\Temp%", true),
            ("straße", "stra_e", true),
            ("abc ", "abc", false),
            ("résumé", "RESUM%", true),
            ("straße", "strasse%", false),
            ("evi\u{200b}l", "evil%", false),
        ] {
            assert_eq!(like(text, pattern), expected, "{text:?} like {pattern:?}");
        }
    }
}
