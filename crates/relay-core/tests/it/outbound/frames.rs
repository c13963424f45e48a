//! A product that speaks HTTP/2 behind TLS, frame by frame, so that it can end in every way.
//!
//! Source: RFC 9113, sections 4 to 6.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{ServerConfig, ServerConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use super::tls_server::Identity;

const PREFACE: usize = 24;
const HEAD: usize = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200`, the eighth entry of HPACK's static table.
const OK: [u8; 1] = [0x88];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data = 0,
    Headers = 1,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
}

/// How a request is treated.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// An empty object.
    Answer,
    /// An empty object; the connection takes no further request.
    LastAnswer,
    /// The connection takes no request any more, this one included.
    GoAway,
    /// The stream is reset with this code.
    Reset(u32),
    /// The connection ends.
    HangUp,
    /// Nothing; the connection is alive and answers pings.
    Silence,
    /// A head without an end; the connection is alive.
    Half,
    /// Nothing ever again, as if the network had forgotten the connection.
    Vanish,
}

/// The server, alive until this value is dropped; it answers unless it is told otherwise.
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Default)]
struct Shared {
    acts: Mutex<VecDeque<Act>>,
    requests: AtomicUsize,
    connections: AtomicUsize,
}

impl Server {
    pub(super) async fn start(identity: Identity) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let accepting = accept(listener, identity.serving(&[b"h2"]), Arc::clone(&shared));
        Self { address, shared, task: tokio::spawn(accepting).abort_handle() }
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Treats the next requests like this, one after the other.
    pub(super) fn next(&self, acts: &[Act]) {
        self.shared.acts.lock().unwrap().extend(acts);
    }

    pub(super) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, config: Arc<ServerConfig>, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let connection = Connection { stream, tls, plain: Vec::new() };
        tokio::spawn(connection.serve(Arc::clone(&shared)));
    }
}

struct Connection {
    stream: TcpStream,
    tls: ServerConnection,
    /// Decrypted, not yet looked at.
    plain: Vec<u8>,
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    fn is(&self, kind: Kind) -> bool {
        self.kind == kind as u8
    }
}

impl Connection {
    /// Serves until the caller, or an act, ends it.
    async fn serve(mut self, shared: Arc<Shared>) -> io::Result<()> {
        self.take(PREFACE).await?;
        self.send(Kind::Settings, 0, 0, &[]).await?;
        loop {
            let frame = self.frame().await?;
            let is_ack = frame.flags & ACK != 0;
            if frame.is(Kind::Headers) {
                shared.requests.fetch_add(1, Ordering::SeqCst);
                let act = shared.acts.lock().unwrap().pop_front().unwrap_or(Act::Answer);
                self.act(act, frame.stream).await?;
            } else if frame.is(Kind::Settings) && !is_ack {
                self.send(Kind::Settings, ACK, 0, &[]).await?;
            } else if frame.is(Kind::Ping) && !is_ack {
                self.send(Kind::Ping, ACK, 0, &frame.payload).await?;
            }
        }
    }

    async fn act(&mut self, act: Act, stream: u32) -> io::Result<()> {
        match act {
            Act::Answer => self.answer(stream).await,
            Act::LastAnswer => {
                self.go_away(stream).await?;
                self.answer(stream).await
            }
            Act::GoAway => self.go_away(0).await,
            Act::Reset(code) => self.send(Kind::Reset, 0, stream, &code.to_be_bytes()).await,
            Act::HangUp => Err(io::ErrorKind::ConnectionAborted.into()),
            Act::Silence => Ok(()),
            Act::Half => self.send(Kind::Headers, END_HEADERS, stream, &OK).await,
            Act::Vanish => std::future::pending().await,
        }
    }

    async fn answer(&mut self, stream: u32) -> io::Result<()> {
        self.send(Kind::Headers, END_HEADERS, stream, &OK).await?;
        self.send(Kind::Data, END_STREAM, stream, b"{}").await
    }

    /// No request behind this stream was looked at; there is no error.
    async fn go_away(&mut self, last: u32) -> io::Result<()> {
        self.send(Kind::GoAway, 0, 0, &[last.to_be_bytes(), [0; 4]].concat()).await
    }

    async fn frame(&mut self) -> io::Result<Frame> {
        let head = self.take(HEAD).await?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | u32::from(*byte));
        let payload = self.take(number(&head[..3]) as usize).await?;
        Ok(Frame { kind: head[3], flags: head[4], stream: number(&head[5..]), payload })
    }

    async fn send(&mut self, kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind as u8, flags], &stream.to_be_bytes()].concat();
        self.tls.writer().write_all(&[&head, payload].concat())?;
        self.flush().await
    }

    /// So many decrypted bytes.
    async fn take(&mut self, bytes: usize) -> io::Result<Vec<u8>> {
        while self.plain.len() < bytes {
            self.flush().await?;
            let mut sealed = [0; 4096];
            let read = self.stream.read(&mut sealed).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.unseal(&sealed[..read])?;
        }
        Ok(self.plain.drain(..bytes).collect())
    }

    fn unseal(&mut self, mut sealed: &[u8]) -> io::Result<()> {
        while !sealed.is_empty() {
            self.tls.read_tls(&mut sealed)?;
            let state = self.tls.process_new_packets().map_err(io::Error::other)?;
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            self.tls.reader().read_exact(&mut plain)?;
            self.plain.append(&mut plain);
        }
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        let mut sealed = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut sealed)?;
        }
        self.stream.write_all(&sealed).await
    }
}
