//! How many records the product has, of which a response holds a page.

use relay_core::{Response, lenient::Integer};
use serde::Deserialize;

/// Returns what the response says of the number of all records: `total_count` of detections and their
/// events, `total` of the event search. `None` if it does not say.
pub(in crate::client) fn total(response: &Response) -> Option<usize> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Totals {
        total_count: Integer,
        total: Integer,
    }
    let Totals { total_count, total } = response.json().ok()?;
    usize::try_from(total_count.or(*total)?).ok()
}
