//! A product behind TLS, in a thread of its own.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};

/// A certificate authority that no system trusts by itself.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, ready to be shown.
pub(super) struct Identity(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Identity {
    /// A server with this certificate that speaks these protocols; without any, whichever.
    pub(super) fn serving(self, protocols: &[&[u8]]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.0, self.1)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name, good from the first year to the second.
    pub(super) fn certifies(&self, name: &str, years: [i32; 2]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, years).signed_by(&key, &self.0).unwrap();
        Identity(vec![certificate.into()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }
}

/// A certificate that vouches for itself.
pub(super) fn self_signed(name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, [2020, 2100]).self_signed(&key).unwrap();
    Identity(vec![certificate.into()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
}

fn params(name: &str, [from, until]: [i32; 2]) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}

/// The server. Its thread ends with the process.
pub(super) struct TlsServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
}

impl TlsServer {
    /// Answers every request with an empty object.
    pub(super) fn start(identity: Identity) -> Self {
        let config = identity.serving(&[]);
        Self::serving(move |stream, answered| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            answer(StreamOwned::new(connection, stream), answered);
        })
    }

    /// Says this to everybody, whatever they say.
    pub(super) fn with_message(bytes: &'static [u8]) -> Self {
        Self::serving(move |mut stream, _| {
            // Who does not like the message may hang up before its end.
            let _ = stream.write_all(bytes);
        })
    }

    fn serving(serve: impl Fn(TcpStream, &AtomicUsize) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, answered) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let counts = (Arc::clone(&connections), Arc::clone(&answered));
        thread::spawn(move || {
            for stream in listener.incoming() {
                counts.0.fetch_add(1, Ordering::SeqCst);
                serve(stream.unwrap(), &counts.1);
            }
        });
        Self { address, connections, answered }
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many requests came through.
    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

/// Reads one request and answers it. Counts it before its answer leaves, because the test goes on as soon as it arrives.
fn answer(stream: StreamOwned<ServerConnection, TcpStream>, answered: &AtomicUsize) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
        line.clear();
    }
    if line == "\r\n" {
        answered.fetch_add(1, Ordering::SeqCst);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        stream.get_mut().write_all(answer).unwrap();
    }
}
