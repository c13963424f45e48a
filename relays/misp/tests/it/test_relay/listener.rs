//! A listener on loopback that nobody may reach.

use std::sync::{Arc, Mutex};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Writes down who connects to a port of this machine.
pub(crate) struct Canary {
    port: u16,
    visits: Arc<Visits>,
}

#[derive(Default)]
struct Visits {
    /// The ports they came from.
    from: Mutex<Vec<u16>>,
    one_more: Notify,
}

impl Canary {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let canary = Self { port, visits: Arc::default() };
        canary.watch(listener);
        // Where the machine has it, the other family's loopback too.
        if let Ok(listener) = TcpListener::bind(("::1", port)).await {
            canary.watch(listener);
        }
        canary
    }

    fn watch(&self, listener: TcpListener) {
        let visits = self.visits.clone();
        tokio::spawn(async move {
            while let Ok((_, peer)) = listener.accept().await {
                visits.from.lock().unwrap().push(peer.port());
                visits.one_more.notify_one();
            }
        });
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many came. Connections are accepted in order, so once our own is in the list, nobody
    /// who knocked before is missed.
    pub(crate) async fn visitors(&self) -> usize {
        let own = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let own = own.local_addr().unwrap().port();
        while !self.visits.from.lock().unwrap().contains(&own) {
            self.visits.one_more.notified().await;
        }
        self.visits.from.lock().unwrap().iter().filter(|port| **port != own).count()
    }
}
