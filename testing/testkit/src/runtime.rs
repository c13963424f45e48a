//! The asynchronous runtime of a test.

/// Runs a test on a runtime of its own.
///
/// # Panics
///
/// When the test does.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(test)
}
