//! The environment of the test run.

/// The value of a variable; `None` when it is not set or no Unicode.
#[expect(clippy::disallowed_methods, reason = "variables configure a test run")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
