//! Kusto query language: values that stay values inside a query.

use std::fmt::Write;

/// A string literal: in single quotes, with backslashes before what would end or change it.
///
/// Line ends cannot stand in a literal, so they and all other control characters are escaped.
/// Source: spec §5.1; page "The string data type".
pub fn literal(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str(r"\\"),
            '\'' => text.push_str(r"\'"),
            '\t' => text.push_str(r"\t"),
            '\r' => text.push_str(r"\r"),
            '\n' => text.push_str(r"\n"),
            // Line and paragraph separators end a line for Kusto, too.
            odd if odd.is_control() || matches!(odd, '\u{2028}' | '\u{2029}') => {
                // Writing to a text cannot fail; none of these needs more than four digits.
                let _ = write!(text, r"\u{:04x}", u32::from(odd));
            }
            plain => text.push(plain),
        }
    }
    text.push('\'');
    text
}

/// A list of string literals: `dynamic(['a', 'b'])`.
pub fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let literals: Vec<_> = values.into_iter().map(literal).collect();
    format!("dynamic([{}])", literals.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hostile;

    #[test]
    fn what_would_end_a_literal_is_escaped() {
        assert_eq!(literal("a'b\\c\td\r\n"), r"'a\'b\\c\td\r\n'");
        assert_eq!(
            literal("\u{0}\u{7f}\u{85}\u{2028}\u{2029}"),
            r"'\u0000\u007f\u0085\u2028\u2029'"
        );
        assert_eq!(literal("\"“”’«東京»"), "'\"“”’«東京»'");
        assert_eq!(list(["a", "'"]), r"dynamic(['a', '\''])");
        assert_eq!(list([]), "dynamic([])");
    }

    proptest! {
        #[test]
        fn i02_values_arrive_as_literals(values in proptest::collection::vec(hostile::value(), 0..4)) {
            let query = format!("T | where V in~ ({})", list(values.iter().map(String::as_str)));
            let (skeleton, literals) = hostile::kql(&query);
            let places = vec!["?"; values.len()].join(", ");
            prop_assert_eq!(skeleton, format!("T | where V in~ (dynamic([{places}]))"));
            prop_assert_eq!(literals, values);
        }
    }
}
