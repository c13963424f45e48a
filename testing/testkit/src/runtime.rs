//! The asynchronous runtime of a test.

use tokio::runtime::Builder;

/// Runs a test on a runtime of its own.
///
/// # Panics
///
/// When the test does.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    run(Builder::new_current_thread().enable_all(), test)
}

/// Runs a test on a runtime whose clock stands still as long as there is work, and then moves on to what
/// is due next: a deadline is never reached because the machine is slow. Everything that the test waits for
/// has to run on this runtime.
///
/// # Panics
///
/// When the test does.
pub fn block_on_paused<T>(test: impl Future<Output = T>) -> T {
    run(Builder::new_current_thread().enable_all().start_paused(true), test)
}

fn run<T>(builder: &mut Builder, test: impl Future<Output = T>) -> T {
    builder.build().expect("a runtime").block_on(test)
}
