//! A server with a self-signed certificate.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

const VERSION: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-length: 19\r\nconnection: close\r\n\r\n{\"version\":\"2.5.1\"}";

/// Answers every request with a version; lives as long as the test's process.
pub(crate) struct TlsServer {
    pub(crate) url: String,
    /// The certificate, as PEM.
    pub(crate) certificate: String,
    requests: Arc<AtomicUsize>,
}

impl TlsServer {
    pub(crate) fn start() -> Self {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let requests = Arc::<AtomicUsize>::default();
        let misp = Self { url, certificate: own.cert.pem(), requests: requests.clone() };
        let config = Arc::new(config);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serve(&config, stream, &requests);
            }
        });
        misp
    }

    /// Returns the number of requests after a completed handshake.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Returns none when the client broke off. Counts a request before its answer leaves, because the
/// test goes on as soon as it arrives.
fn serve(config: &Arc<ServerConfig>, stream: TcpStream, requests: &AtomicUsize) -> Option<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).ok()?, stream);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        request.extend(byte);
    }
    requests.fetch_add(1, Ordering::SeqCst);
    stream.write_all(VERSION).ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}
