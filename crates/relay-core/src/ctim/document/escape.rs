//! Escapes texts for JSON that stands inside a JSON string.

/// Appends a text, whose escapes are escaped in turn; returns how many bytes the JSON itself would not
/// have.
pub(super) fn push(to: &mut String, text: &str) -> usize {
    match first_escaped(text.as_bytes()) {
        Some(first) => push_from(to, text, first),
        None => {
            to.push_str(text);
            0
        }
    }
}

/// Appends a text whose first byte to escape stands at `first`.
fn push_from(to: &mut String, mut text: &str, first: usize) -> usize {
    let mut added = 0;
    let mut next = Some(first);
    while let Some(at) = next {
        let (plain, rest) = text.split_at(at);
        to.push_str(plain);
        added += push_escape(to, rest.as_bytes()[0]);
        text = &rest[1..];
        next = first_escaped(text.as_bytes());
    }
    to.push_str(text);
    added
}

fn push_escape(to: &mut String, byte: u8) -> usize {
    match byte {
        b'"' => to.push_str(r#"\\\""#),
        b'\\' => to.push_str(r"\\\\"),
        b'\n' => to.push_str(r"\\n"),
        b'\r' => to.push_str(r"\\r"),
        b'\t' => to.push_str(r"\\t"),
        0x08 => to.push_str(r"\\b"),
        0x0c => to.push_str(r"\\f"),
        control => to.push_str(&format!(r"\\u{control:04x}")),
    }
    if matches!(byte, b'"' | b'\\') { 2 } else { 1 }
}

/// Whether JSON escapes a byte.
fn is_escaped(byte: &u8) -> bool {
    (*byte < b' ') | (*byte == b'"') | (*byte == b'\\')
}

/// Returns where the first byte is that JSON escapes. Looks at eight bytes at once, at the end at some of
/// them a second time.
fn first_escaped(text: &[u8]) -> Option<usize> {
    let (parts, rest) = text.as_chunks();
    let in_part = |start: usize, part: &[u8; 8]| {
        let found = escaped_bytes(u64::from_le_bytes(*part));
        (found != 0).then_some(start + found.trailing_zeros() as usize / 8)
    };
    let found = parts.iter().enumerate().find_map(|(number, part)| in_part(8 * number, part));
    found.or_else(|| match text.last_chunk() {
        Some(last) => in_part(text.len() - last.len(), last),
        None => rest.iter().position(is_escaped),
    })
}

/// Returns the highest bit of the first byte that JSON escapes, and maybe of bytes after it: a byte
/// that is less than another borrows from the next where they are subtracted.
fn escaped_bytes(bytes: u64) -> u64 {
    const EACH: u64 = u64::MAX / 0xff;
    let less_than = |bytes: u64, limit: u8| bytes.wrapping_sub(EACH * u64::from(limit)) & !bytes;
    let equal_to = |byte: u8| less_than(bytes ^ (EACH * u64::from(byte)), 1);
    (less_than(bytes, b' ') | equal_to(b'"') | equal_to(b'\\')) & (EACH << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_escaped_is_found_anywhere_and_beside_any_other() {
        for byte in 0..=0xff {
            for other in [b' ', b'!', b'#', b'[', b']', b'a', 0x7f, 0x80, 0xa2, 0xff] {
                for at in 0..20 {
                    let mut text = [other; 20];
                    assert_eq!(first_escaped(&text), None);
                    text[at] = byte;
                    text[19] = byte;
                    assert_eq!(first_escaped(&text), is_escaped(&byte).then_some(at), "{text:?}");
                }
            }
        }
    }
}
