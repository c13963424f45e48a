//! The two things that the testkit takes from its environment.

/// The variable's text; `None` when it is not set or no text.
#[expect(clippy::disallowed_methods, reason = "a test run is steered by its environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
