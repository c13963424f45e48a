//! Texts with CTIM's length limits, which count UTF-16 code units.

use serde::Serialize;

/// A text of at most `MAX` UTF-16 code units; a longer one is cut, never refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
        let mut text = text.into();
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
}
