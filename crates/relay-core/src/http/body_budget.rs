//! How much of a product's answers one request may hold at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// So much of every answer is read, however large the others are.
const OWN: usize = 512 * 1024;
/// What all answers of one request may have together beyond that: with it the largest request fits
/// the smallest function.
const SHARED: usize = 24 * 1024 * 1024;

/// The room of one request. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room(Arc<AtomicUsize>);

/// The place of one answer in it, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Room,
    taken: usize,
}

impl Room {
    pub(super) fn place(&self) -> Place {
        Place { room: self.clone(), taken: 0 }
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= SHARED);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

impl Place {
    /// Makes room for an answer that has grown to so many bytes; false when there is none left.
    pub(super) fn grow_to(&mut self, bytes: usize) -> bool {
        let missing = bytes.saturating_sub(OWN).saturating_sub(self.taken);
        let has_room = self.room.take(missing);
        if has_room {
            self.taken += missing;
        }
        has_room
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_answers_share_a_room_and_small_ones_need_none() {
        let room = Room::default();
        let (mut large, mut other, mut small) = (room.place(), room.place(), room.place());
        assert!(large.grow_to(OWN + SHARED - 1) && other.grow_to(OWN + 1));
        assert!(!large.grow_to(OWN + SHARED) && !other.grow_to(OWN + 2));
        assert!(small.grow_to(OWN) && !small.grow_to(OWN + 1));
    }

    #[test]
    fn room_comes_back_with_the_end_of_an_answer() {
        let room = Room::default();
        let mut first = room.place();
        assert!(first.grow_to(OWN + SHARED) && !room.place().grow_to(OWN + 1));
        drop(first);
        assert!(room.place().grow_to(OWN + SHARED));
    }

    #[test]
    fn requests_do_not_share() {
        let mut one = Room::default().place();
        assert!(one.grow_to(OWN + SHARED) && Room::default().place().grow_to(OWN + SHARED));
    }
}
