//! What a list that was not read to its end means.

use microsoft::StopReason;
use relay_core::Error;

/// Returns the error for a list; none when nothing of it is missing.
pub(super) fn error_from(reason: StopReason) -> Option<Error> {
    match reason {
        // Providers that ignore the filter do not take part in the legacy list.
        StopReason::Complete | StopReason::FilterIgnored => None,
        StopReason::Refused(_, error) | StopReason::Failed(error) => Some(error),
    }
}
