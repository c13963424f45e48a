//! A text whose parts share its memory.

use std::{ops::Range, ptr, sync::Arc};

/// A text, or a part of one, which stays in memory as long.
#[derive(Clone)]
pub(super) struct SharedText {
    whole: Arc<String>,
    part: Range<usize>,
}

impl SharedText {
    pub(super) fn as_str(&self) -> &str {
        &self.whole[self.part.clone()]
    }

    /// Returns a part of this text; of what is no part of it a copy.
    pub(super) fn part(&self, text: &str) -> Self {
        let start = text.as_ptr().addr().wrapping_sub(self.whole.as_ptr().addr());
        let part = start..start.wrapping_add(text.len());
        match self.whole.get(part.clone()) {
            Some(found) if ptr::eq(found, text) => Self { whole: self.whole.clone(), part },
            _ => Self::from(text.to_owned()),
        }
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        Self { part: 0..text.len(), whole: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_memory_and_other_texts_are_copied() {
        let text = SharedText::from("one two three".to_owned());
        let part = text.part(&text.as_str()[4..]);
        assert_eq!(part.as_str(), "two three");
        assert!(ptr::eq(part.part(&part.as_str()[..3]).as_str(), &text.as_str()[4..7]));
        for other in ["one two three", "four", ""] {
            let copy = text.part(other);
            assert_eq!(copy.as_str(), other);
            assert!(!Arc::ptr_eq(&copy.whole, &text.whole), "{other}");
        }
    }
}
