//! How much one read of a product's JSON keeps, and how the lenient types keep to it.
//!
//! [`Deserialize`](serde::Deserialize) hands nothing down to the members of a struct, so the limits
//! of the read that is under way stand beside the thread. A read never waits, so that no two reads
//! of one thread overlap.

use std::cell::RefCell;

use serde::Deserialize;

/// Items that are kept of a list inside a record, such as the tags of an event.
const MAX_NESTED_ITEMS: usize = 1000;

/// How much a read keeps. What is beyond is skipped without being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadLimits {
    /// Items of each outermost list.
    pub(crate) items: usize,
    /// Bytes of memory.
    pub(crate) bytes: usize,
}

impl ReadLimits {
    pub(crate) const NONE: Self = Self { items: usize::MAX, bytes: usize::MAX };
}

/// How much is kept of each document inside the one that is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InnerLimits {
    /// Items of each outermost list.
    pub(crate) items: usize,
    /// Its part of the memory that is left.
    pub(crate) share: Share,
}

/// A part of the memory that is left, never more than half of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) parts: usize,
    /// The number of parts that there are.
    pub(crate) total: usize,
}

impl Share {
    /// Returns the bytes of it, of so many that are left.
    pub(crate) fn of(self, left: usize) -> usize {
        (left / self.total).saturating_mul(self.parts).min(left / 2)
    }
}

/// What a read returned.
#[derive(Debug)]
pub(crate) struct ReadOutcome<T> {
    pub(crate) value: T,
    /// The memory that was built.
    pub(crate) bytes: usize,
    /// Whether something was left out, other than items beyond those that were wanted.
    pub(crate) is_cut: bool,
}

/// The read that is under way.
#[derive(Clone, Copy)]
struct Reading {
    max_items: usize,
    bytes_left: usize,
    /// How many lists the present value is in.
    depth: usize,
    is_cut: bool,
    /// Whether items are looked at before they are read, so that one that cannot be read costs
    /// itself only.
    is_careful: bool,
    inner: Option<InnerLimits>,
}

impl Reading {
    const fn new(limits: ReadLimits, is_careful: bool) -> Self {
        let ReadLimits { items, bytes } = limits;
        Self {
            max_items: items,
            bytes_left: bytes,
            depth: 0,
            is_cut: false,
            is_careful,
            inner: None,
        }
    }
}

thread_local! {
    /// Outside of a read nothing is limited.
    static CURRENT: RefCell<Reading> =
        const { RefCell::new(Reading::new(ReadLimits::NONE, false)) };
}

/// Reads a document in one pass. Where that fails, because of an item that cannot be read, it is
/// read once more with care.
///
/// # Errors
///
/// Those of `serde_json`.
pub(crate) fn read<'a, T: Deserialize<'a>>(
    json: &'a str,
    limits: ReadLimits,
    inner: Option<InnerLimits>,
) -> serde_json::Result<ReadOutcome<T>> {
    let reading = |is_careful| Reading { inner, ..Reading::new(limits, is_careful) };
    read_once(json, reading(false)).or_else(|_| read_once(json, reading(true)))
}

fn read_once<'a, T: Deserialize<'a>>(
    json: &'a str,
    reading: Reading,
) -> serde_json::Result<ReadOutcome<T>> {
    /// Restores the read around this one, also when it panics.
    struct Restore(Reading);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _restore = Restore(CURRENT.replace(reading));
    let value = serde_json::from_str(json)?;
    let (bytes_left, is_cut) = with_current(|now| (now.bytes_left, now.is_cut));
    Ok(ReadOutcome { value, bytes: reading.bytes_left - bytes_left, is_cut })
}

/// Looks at the read that is under way and changes it in place, without copying it for each member.
fn with_current<R>(look: impl FnOnce(&mut Reading) -> R) -> R {
    CURRENT.with_borrow_mut(look)
}

/// Whether items are looked at before they are read.
pub(super) fn is_careful() -> bool {
    with_current(|now| now.is_careful)
}

/// Reads a document inside the one that is being read, within limits of its own.
pub(super) fn read_inner<R>(read: impl FnOnce() -> R) -> R {
    let outer = with_current(|now| *now);
    let limits = outer.inner.map_or(ReadLimits::NONE, |InnerLimits { items, share }| ReadLimits {
        items,
        bytes: share.of(outer.bytes_left),
    });
    CURRENT.set(Reading::new(limits, outer.is_careful));
    let value = read();
    let inner = CURRENT.replace(outer);
    with_current(|now| {
        let used = limits.bytes - inner.bytes_left;
        now.bytes_left = now.bytes_left.saturating_sub(used);
        now.is_cut |= inner.is_cut;
    });
    value
}

/// Takes so many bytes from those that may be built; false when too few are left, and then nothing
/// more is built.
pub(super) fn keep(bytes: usize) -> bool {
    with_current(|now| {
        let left = now.bytes_left.checked_sub(bytes);
        now.bytes_left = left.unwrap_or(0);
        now.is_cut |= left.is_none();
        left.is_some()
    })
}

/// A list while its items are read.
pub(super) struct OpenList {
    max_items: usize,
    is_nested: bool,
}

impl OpenList {
    pub(super) fn begin() -> Self {
        with_current(|now| {
            let is_nested = now.depth > 0;
            now.depth += 1;
            let max_items = if is_nested { MAX_NESTED_ITEMS } else { now.max_items };
            Self { max_items, is_nested }
        })
    }

    /// Whether one more item is wanted beside so many.
    pub(super) fn wants_more_than(&self, items: usize) -> bool {
        items < self.max_items && with_current(|now| now.bytes_left > 0)
    }

    /// Notes that there were more items than the list keeps.
    pub(super) fn note_rest(&self) {
        with_current(|now| now.is_cut |= self.is_nested || now.bytes_left == 0);
    }
}

impl Drop for OpenList {
    fn drop(&mut self) {
        with_current(|now| now.depth -= 1);
    }
}
