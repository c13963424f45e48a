//! A line on standard error for work that takes longer than a second; on a terminal only.

use std::{
    future::Future,
    io::{self, IsTerminal, Write},
    pin::pin,
    time::Duration,
};

use tokio::time::timeout;

use super::options::Options;

/// Work that ends earlier prints nothing.
const QUIET_TIME: Duration = Duration::from_secs(1);
/// Moves the cursor to the start of the line and clears the line (ECMA-48).
const CLEAR_LINE: &str = "\r\x1b[2K";

/// Awaits `work`; when it takes long, standard error says what is waited for.
pub(crate) async fn during<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if let Ok(result) = timeout(QUIET_TIME, &mut work).await {
        return result;
    }
    let is_terminal = io::stderr().is_terminal() && !Options::chosen().quiet;
    // A line that cannot be written is not missed.
    if is_terminal {
        let _ = write!(io::stderr(), "{what} …");
    }
    let result = work.await;
    if is_terminal {
        let _ = write!(io::stderr(), "{CLEAR_LINE}");
    }
    result
}
