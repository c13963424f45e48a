//! Servers far away: TLS and HTTP in front of a simulator on this machine, behind a network with a
//! round trip.
//!
//! A round trip is made of waits on tokio's clock, so that a test with a paused clock counts round
//! trips instead of measuring time.

mod issuer;
mod network;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

pub use issuer::Issuer;

/// How a distant server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2 over TLS.
    Http2,
    /// HTTP/1.1 over TLS.
    Http1,
    /// HTTP/1.1 without TLS.
    Plain,
}

/// What is in front of a simulator.
#[derive(Clone, Debug)]
pub struct Distance {
    /// How the server speaks.
    pub protocol: Protocol,
    /// The time that a byte and the answer to it take on their way.
    pub round_trip: Duration,
    /// The number of connections, from the first on, that break before the handshake.
    pub broken_connections: usize,
}

impl Distance {
    /// A sound server that speaks HTTP/2, so far away.
    pub fn of(round_trip: Duration) -> Self {
        Self { protocol: Protocol::Http2, round_trip, broken_connections: 0 }
    }
}

/// A distant server, alive until this value is dropped.
#[derive(Debug)]
pub struct DistantServer {
    address: SocketAddr,
    protocol: Protocol,
    counts: Arc<Counts>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    handshakes: AtomicUsize,
    requests: AtomicUsize,
}

fn add_one(counter: &AtomicUsize) -> usize {
    counter.fetch_add(1, Ordering::SeqCst)
}

impl DistantServer {
    /// Serves what the simulator at `origin` (`http://127.0.0.1:<port>`) answers.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn start(distance: Distance, issuer: &Issuer, origin: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an open port has a number");
        let (protocol, counts) = (distance.protocol, Arc::<Counts>::default());
        let host = origin.trim_start_matches("http://").to_owned();
        let server = Server {
            distance,
            tls: TlsAcceptor::from(issuer.server_config(protocol == Protocol::Http2)),
            host: host.into(),
            counts: Arc::clone(&counts),
        };
        let task = tokio::spawn(server.accept(listener)).abort_handle();
        Self { address, protocol, counts, task }
    }

    /// `https://127.0.0.1:<port>`, or `http` without TLS.
    pub fn url(&self) -> String {
        let scheme = if self.protocol == Protocol::Plain { "http" } else { "https" };
        format!("{scheme}://{}", self.address)
    }

    /// The connections so far.
    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// The completed TLS handshakes so far.
    pub fn handshakes(&self) -> usize {
        self.counts.handshakes.load(Ordering::SeqCst)
    }

    /// The requests that have arrived so far.
    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }
}

impl Drop for DistantServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Server {
    distance: Distance,
    tls: TlsAcceptor,
    /// The simulator's `127.0.0.1:<port>`.
    host: Arc<str>,
    counts: Arc<Counts>,
}

impl Server {
    /// Takes connections until it is aborted; the connections end with it.
    async fn accept(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let number = add_one(&self.counts.connections);
            if number >= self.distance.broken_connections {
                connections.spawn(self.clone().serve(stream));
            }
            while connections.try_join_next().is_some() {}
        }
    }

    async fn serve(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let stream = network::distant(stream, self.distance.round_trip);
        if self.distance.protocol == Protocol::Plain {
            return self.answer(stream).await;
        }
        // A client may refuse the certificate.
        if let Ok(stream) = self.tls.accept(stream).await {
            add_one(&self.counts.handshakes);
            self.answer(stream).await;
        }
    }

    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let service = service_fn(move |request| {
            add_one(&self.counts.requests);
            forward(request, Arc::clone(&self.host))
        });
        let builder = auto::Builder::new(TokioExecutor::new());
        // The connection ends as the client likes.
        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
    }
}

/// Asks the simulator, on a connection of its own.
async fn forward(mut request: Request<Incoming>, host: Arc<str>) -> io::Result<Response<Incoming>> {
    let stream = TcpStream::connect(&*host).await?;
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(connection);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    *request.uri_mut() = path.parse().map_err(io::Error::other)?;
    *request.version_mut() = http::Version::HTTP_11;
    request.headers_mut().insert(header::HOST, host.parse().map_err(io::Error::other)?);
    let mut response = sender.send_request(request).await.map_err(io::Error::other)?;
    *response.version_mut() = http::Version::default();
    response.headers_mut().remove(header::CONNECTION);
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    Ok(response)
}
