//! For tests: values that try to leave their literal, and readers that show whether they did.

use proptest::{collection::vec, prelude::*, sample::select};

/// Characters that end literals, filters, URLs or lines, and the quotes of every script.
const SPECIAL: &[&str] = &[
    "'",
    "''",
    "\"",
    "\\",
    "\\'",
    "\\\\",
    "&",
    "#",
    "+",
    "%",
    "%27",
    "%2",
    "/",
    "?",
    "=",
    "|",
    ";",
    "//",
    " ",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "`",
    "´",
    "‘",
    "’",
    "‚",
    "‛",
    "“",
    "”",
    "„",
    "«",
    "»",
    "‹",
    "›",
    "「",
    "」",
    "『",
    "』",
    "＇",
    "＂",
    "❛",
    "❜",
    "\u{202e}",
    "\u{27}\u{301}",
    "𝟗",
    "😀",
    ") or 1 eq 1 or (",
    "' or 'a' eq 'a",
    "']); AlertInfo | take 1 //",
    "@'",
    "\\u0027",
    "$top=999",
];

/// Any text, rich in special pieces.
pub(crate) fn value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => select(SPECIAL).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-zA-Z0-9.]{1,8}",
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A filter with `?` for its literals, and the literals as OData reads them.
pub(crate) fn odata(text: &str) -> (String, Vec<String>) {
    read(text, |letters| match letters.next()? {
        '\'' if letters.clone().next() == Some('\'') => letters.next(),
        '\'' => None,
        plain => Some(plain),
    })
}

/// A query with `?` for its literals, and the literals as Kusto reads them.
pub(crate) fn kql(text: &str) -> (String, Vec<String>) {
    read(text, |letters| match letters.next()? {
        '\'' => None,
        '\\' => match letters.next()? {
            't' => Some('\t'),
            'r' => Some('\r'),
            'n' => Some('\n'),
            'u' => {
                let code: String = letters.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&code, 16).unwrap())
            }
            plain @ ('\\' | '\'') => Some(plain),
            other => panic!("no escape: {other}"),
        },
        broken @ ('\n' | '\r' | '\u{2028}' | '\u{2029}') => {
            panic!("line end {broken:?} in a literal")
        }
        plain => Some(plain),
    })
}

/// `next` reads one letter of a literal, or none at its end.
fn read(
    text: &str,
    next: impl Fn(&mut std::str::Chars<'_>) -> Option<char>,
) -> (String, Vec<String>) {
    let (mut skeleton, mut literals) = (String::new(), Vec::new());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            literals.push(std::iter::from_fn(|| next(&mut letters)).collect());
            skeleton.push('?');
        } else {
            skeleton.push(letter);
        }
    }
    (skeleton, literals)
}
