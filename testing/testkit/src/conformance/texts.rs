//! Texts that a person reads: there, and each saying something of its own.

use relay_core::{Relay, Route};

use super::Conformance;
use crate::texts;

impl<R: Relay> Conformance<R> {
    /// Entities have titles, no text repeats another one and no cell is empty.
    pub(super) async fn texts_say_something_of_their_own(&self) {
        let relay = self.start().await;
        for route in [Route::Observe, Route::Refer, Route::Respond] {
            let answer = relay.send(relay.request(route).about(self.known())).await;
            texts::assert_readable(&answer);
        }
    }
}
