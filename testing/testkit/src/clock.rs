//! The system clock, for times that a program under test compares with it.

/// The present.
#[expect(clippy::disallowed_methods, reason = "a program under test uses the system clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
