//! A network between a connection and its server.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split},
    net::TcpStream,
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// More than any message of a handshake.
const BUFFER_BYTES: usize = 256 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;

/// Returns the server's end of a connection whose client is a round trip away. The system has
/// connected both at once, so the round trip of TCP's own handshake is added before the first byte.
pub(super) fn distant(stream: TcpStream, round_trip: Duration) -> DuplexStream {
    let (near, far) = duplex(BUFFER_BYTES);
    let (from_client, to_client) = stream.into_split();
    let (from_server, to_server) = split(near);
    let connected = Instant::now() + round_trip;
    carry(from_client, to_server, round_trip / 2, connected);
    carry(from_server, to_client, round_trip / 2, connected);
    far
}

/// Carries bytes one way, each for so long, and none before there is a connection.
fn carry(
    mut from: impl AsyncRead + Send + Unpin + 'static,
    mut to: impl AsyncWrite + Send + Unpin + 'static,
    one_way: Duration,
    connected: Instant,
) {
    let (under_way, mut arriving) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut chunk = vec![0; CHUNK_BYTES];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            let arrival = Instant::now().max(connected) + one_way;
            if under_way.send((arrival, chunk[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((arrival, bytes)) = arriving.recv().await {
            sleep_until(arrival).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    });
}
