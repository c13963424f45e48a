//! A listener on loopback that no request may reach.

use std::sync::{Arc, Mutex};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Counts the connections to a port of this machine.
pub(crate) struct SilentListener {
    port: u16,
    connections: Arc<Connections>,
}

#[derive(Default)]
struct Connections {
    /// The ports of the clients.
    ports: Mutex<Vec<u16>>,
    added: Notify,
}

impl SilentListener {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let silent = Self { port, connections: Arc::default() };
        silent.watch(listener);
        // On a machine with IPv6, its loopback address too.
        if let Ok(listener) = TcpListener::bind(("::1", port)).await {
            silent.watch(listener);
        }
        silent
    }

    fn watch(&self, listener: TcpListener) {
        let connections = self.connections.clone();
        tokio::spawn(async move {
            while let Ok((_, peer)) = listener.accept().await {
                connections.ports.lock().unwrap().push(peer.port());
                connections.added.notify_one();
            }
        });
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the number of connections. They are accepted in order, so once a connection of this
    /// method's own is in the list, no earlier one is missing.
    pub(crate) async fn connections(&self) -> usize {
        let own = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let own = own.local_addr().unwrap().port();
        while !self.connections.ports.lock().unwrap().contains(&own) {
            self.connections.added.notified().await;
        }
        self.connections.ports.lock().unwrap().iter().filter(|port| **port != own).count()
    }
}
