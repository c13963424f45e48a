//! Connections that are opened before they are needed: to the hosts that settings fix. The setting
//! `PRECONNECT` switches them off. Hosts that a token names have to wait for the token.

use std::time::Duration;

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::Service;
use crate::{outbound::HostKind, relay::Relay};

/// The longest wait at the start: two round trips to another continent.
const LONGEST_WAIT: Duration = Duration::from_millis(400);

impl<R: Relay> Service<R> {
    /// Opens connections to the key hosts and to the product, side by side.
    ///
    /// Returns when all are open. One that takes twice as long as the first, or
    /// `LONGEST_WAIT`, is not waited for: it goes on, and a request that needs it waits for it.
    pub async fn open_connections(&self) {
        let start = Instant::now();
        let mut end = start + LONGEST_WAIT;
        let mut opening: FuturesUnordered<_> = self.begin_all().into_iter().collect();
        while let Ok(Some(opened)) = timeout_at(end, opening.next()).await {
            if opened.unwrap_or(false) {
                end = end.min(start + 2 * start.elapsed());
            }
        }
    }

    /// Begins to open connections to the product, and waits for none.
    pub(super) fn open_product_connections(&self) {
        drop(self.begin_product());
    }

    fn begin_all(&self) -> Vec<JoinHandle<bool>> {
        let mut opening = self.begin_product();
        if self.preconnects {
            let hosts = self.auth.key_addresses();
            opening.extend(hosts.iter().map(|host| self.http.open(host, HostKind::Other)));
        }
        opening
    }

    fn begin_product(&self) -> Vec<JoinHandle<bool>> {
        if !self.preconnects {
            return Vec::new();
        }
        let urls = self.relay.fixed_urls();
        urls.iter().map(|url| self.http.open(&url.root(), HostKind::Product)).collect()
    }
}
