//! A body while it arrives: in segments of one size, so that nothing is copied when it grows and
//! the allocator gives the memory of one body to the next.

use std::mem;

/// Larger than most bodies, small enough for the allocator to use again.
const SEGMENT_BYTES: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Body {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
    len: usize,
}

impl Body {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        if self.last.len() + piece.len() > SEGMENT_BYTES {
            let next = Vec::with_capacity(piece.len().max(SEGMENT_BYTES));
            self.full.push(mem::replace(&mut self.last, next));
        }
        self.last.extend_from_slice(piece);
        self.len += piece.len();
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if self.full.is_empty() {
            return self.last;
        }
        self.full.push(self.last);
        self.full.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_size_are_joined_in_order() {
        for sizes in [
            &[][..],
            &[1],
            &[SEGMENT_BYTES],
            &[SEGMENT_BYTES + 1],
            &[7, SEGMENT_BYTES, 1, 3 * SEGMENT_BYTES, 9],
        ] {
            let mut body = Body::default();
            let mut expected = Vec::new();
            for (number, size) in (1_u8..).zip(sizes) {
                let piece = vec![number; *size];
                body.push(&piece);
                expected.extend(piece);
            }
            assert_eq!(body.len(), expected.len());
            assert!(body.into_bytes() == expected, "{sizes:?}");
        }
    }
}
