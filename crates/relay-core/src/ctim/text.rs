//! Texts with CTIM's length limits, which count UTF-16 code units.

use serde::Serialize;

/// A text of at most `MAX` UTF-16 code units; a longer one is cut, never refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// At most 1,024 units: titles, reasons, tags, producers.
pub type ShortText = Text<1024>;
/// At most 2,048 units: sources and short descriptions.
pub type MediumText = Text<2048>;
/// At most 5,000 units: descriptions.
pub type LongText = Text<5000>;

impl<const MAX: usize> Text<MAX> {
    /// Returns the text, or `None` if it is missing or empty: CTIM has no empty or null
    /// description.
    pub fn present(text: Option<impl Into<String>>) -> Option<Self> {
        text.map(Into::into).filter(|text: &String| !text.is_empty()).map(Self::from)
    }

    /// Returns the text as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, T: Into<String>> From<T> for Text<MAX> {
    fn from(text: T) -> Self {
        let mut text = harmless(text.into());
        if let Some(end) = cut(&text, MAX) {
            text.truncate(end);
        }
        Self(text)
    }
}

/// The byte at which `text` has to end to hold at most `max` units, if it holds more.
fn cut(text: &str, max: usize) -> Option<usize> {
    if text.len() <= max {
        return None;
    }
    let mut units = 0;
    text.char_indices().find_map(|(at, letter)| {
        units += letter.len_utf16();
        (units > max).then_some(at)
    })
}

/// Takes out of a text what a product's users may have written to mislead its reader: characters that
/// hide, reverse or overwrite others, and the beginnings of Markdown's links and images and of HTML,
/// which a blank makes plain text (CommonMark 0.31 §4.6, §4.7, §6.3 to §6.6).
pub(crate) fn harmless(text: String) -> String {
    if is_plain(text.as_bytes())
        || !text.contains(|letter: char| is_hidden(letter) || matches!(letter, ']' | '<'))
    {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !is_hidden(*letter)) {
        let begins_markup = match plain.chars().next_back() {
            Some(']') => matches!(letter, '(' | ':'),
            Some('<') => letter.is_alphabetic() || matches!(letter, '/' | '!' | '?'),
            _ => false,
        };
        if begins_markup {
            plain.push(' ');
        }
        plain.push(letter);
    }
    plain
}

/// Whether there are only printable letters of ASCII and line ends, and none that begins markup. Looks
/// at every byte, because that takes many at once where stopping at the first would take one.
fn is_plain(text: &[u8]) -> bool {
    let is_odd = |byte: u8| {
        let is_control = (byte < b' ') & (byte != b'\n') & (byte != b'\t');
        is_control | (byte > b'~') | (byte == b']') | (byte == b'<')
    };
    !text.iter().fold(false, |found, byte| found | is_odd(*byte))
}

/// Control characters but line ends and tabs, controls of the direction of writing, and what has no
/// width or is deprecated in Unicode for such uses.
fn is_hidden(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        letter => letter.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_utf16_units_on_a_letter() {
        let check =
            |text: &str, expected: &str| assert_eq!(Text::<4>::from(text).as_str(), expected);
        check("", "");
        check("abcd", "abcd");
        check("abcde", "abcd");
        check("äöüßx", "äöüß");
        check("a😀😀", "a😀");
        check("😀😀", "😀😀");
    }

    #[test]
    fn an_empty_text_is_absent() {
        assert_eq!(ShortText::present(Some("")), None);
        assert_eq!(ShortText::present(None::<String>), None);
        assert_eq!(ShortText::present(Some("x")), Some("x".into()));
    }

    #[test]
    fn i13_a_text_brings_no_link_image_or_html() {
        let check = |text: &str, expected: &str| {
            assert_eq!(LongText::from(text).as_str(), expected);
            assert_eq!(LongText::from(expected).as_str(), expected, "a second time");
        };
        check("![x](https://evil.test/p.png)", "![x] (https://evil.test/p.png)");
        check("[Sign in](https://evil.test) now", "[Sign in] (https://evil.test) now");
        check("[a][b]\n[b]: https://evil.test", "[a][b]\n[b] : https://evil.test");
        check("<img src=x onerror=y> </b> <!-- <?php", "< img src=x onerror=y> < /b> < !-- < ?php");
        check("<https://evil.test>", "< https://evil.test>");
        check("]\u{200b}(x <\u{7}b>", "] (x < b>");
        for plain in ["a < b", "1<2", "a[0] (b)", "C:\\a\\b", "*a* _b_ `c`", "Счёт 😀", "a\n\tb"]
        {
            check(plain, plain);
        }
    }

    #[test]
    fn i13_a_text_hides_and_reverses_nothing() {
        let check = |text: &str, expected: &str| {
            assert_eq!(ShortText::from(text).as_str(), expected, "{text:?}");
        };
        check("invoice\u{202e}fdp.exe", "invoicefdp.exe");
        check("a\u{1b}[31mb\0\u{7f}\u{85}\r\nc", "a[31mb\nc");
        check("a\u{2066}b\u{2069}\u{200f}c\u{feff}\u{e0041}", "abc");
        check("क्\u{200d}ष", "क्\u{200d}ष");
    }
}
