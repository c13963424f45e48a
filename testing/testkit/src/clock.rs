//! The real time, for what a program under test compares with its own clock.

/// Now.
#[expect(clippy::disallowed_methods, reason = "a program under test looks at the real clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
