//! A server of raw bytes on 127.0.0.1: it answers as its script says, well or badly, counts who
//! asks, and notices who gives up. Where nobody may ask it is a canary.

mod received;
mod scripted;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
};

pub(crate) use received::ReceivedRequest;
pub(crate) use scripted::{ScriptedResponse, gzip};

type Stream = BufReader<TcpStream>;
type Script = Arc<dyn Fn(&ReceivedRequest) -> ScriptedResponse + Send + Sync>;

/// The server, alive until this value is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    rules: Mutex<Vec<Rule>>,
    asked: watch::Sender<Vec<ReceivedRequest>>,
    open: watch::Sender<bool>,
    given_up: watch::Sender<usize>,
    connections: AtomicUsize,
    sent: AtomicUsize,
}

struct Rule {
    path: &'static str,
    /// How often it still holds; for ever without a number.
    left: Option<usize>,
    script: Script,
}

impl Server {
    /// A server that answers 404 to everything.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            rules: Mutex::default(),
            asked: watch::Sender::default(),
            open: watch::Sender::new(true),
            given_up: watch::Sender::default(),
            connections: AtomicUsize::default(),
            sent: AtomicUsize::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Self { address, shared, task }
    }

    /// `127.0.0.1:<port>`.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on answers this path by looking at the question.
    pub(crate) fn answers(
        &self,
        path: &'static str,
        script: impl Fn(&ReceivedRequest) -> ScriptedResponse + Send + Sync + 'static,
    ) {
        self.rule(path, None, Arc::new(script));
    }

    /// From now on answers this path like this.
    pub(crate) fn always(&self, path: &'static str, reply: ScriptedResponse) {
        self.answers(path, move |_| reply.clone());
    }

    /// Answers the next question to this path like this; several queue up.
    pub(crate) fn once(&self, path: &'static str, reply: ScriptedResponse) {
        self.rule(path, Some(1), Arc::new(move |_| reply.clone()));
    }

    fn rule(&self, path: &'static str, left: Option<usize>, script: Script) {
        let mut rules = self.shared.rules();
        if left.is_none() {
            rules.retain(|rule| rule.path != path);
        }
        rules.push(Rule { path, left, script });
        // Those that hold for a while go before those that hold for ever.
        rules.sort_by_key(|rule| rule.left.is_none());
    }

    /// Lets questions wait from now until [`release`](Self::release); they are counted at once.
    pub(crate) fn hold(&self) {
        self.shared.open.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.shared.open.send_replace(true);
    }

    /// Everything that was asked.
    pub(crate) fn asked(&self) -> Vec<ReceivedRequest> {
        self.shared.asked.borrow().clone()
    }

    /// How often this path was asked.
    pub(crate) fn calls(&self, path: &str) -> usize {
        count(&self.shared.asked.borrow(), path)
    }

    /// Waits until this path was asked so often.
    pub(crate) async fn reached(&self, path: &str, calls: usize) {
        let mut asked = self.shared.asked.subscribe();
        asked.wait_for(|asked| count(asked, path) >= calls).await.unwrap();
    }

    /// How many connections were opened, also those without a question.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many callers have hung up in the middle of an answer.
    pub(crate) async fn given_up(&self, callers: usize) {
        let mut given_up = self.shared.given_up.subscribe();
        given_up.wait_for(|count| *count >= callers).await.unwrap();
    }

    /// How many bytes callers have taken.
    pub(crate) fn sent(&self) -> usize {
        self.shared.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self, asked: &ReceivedRequest) -> ScriptedResponse {
        let fits = |rule: &&mut Rule| asked.path() == rule.path && rule.left != Some(0);
        let script = self.rules().iter_mut().find(fits).map(|rule| {
            rule.left = rule.left.map(|left| left - 1);
            Arc::clone(&rule.script)
        });
        script.map_or_else(|| ScriptedResponse::status(404), |script| script(asked))
    }
}

fn count(asked: &[ReceivedRequest], path: &str) -> usize {
    asked.iter().filter(|asked| asked.path() == path).count()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        shared.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(serve(BufReader::new(stream), Arc::clone(&shared)));
    }
}

async fn serve(mut stream: Stream, shared: Arc<Shared>) {
    while let Some(asked) = ReceivedRequest::read(&mut stream).await {
        let reply = shared.reply(&asked);
        shared.asked.send_modify(|all| all.push(asked));
        if shared.open.subscribe().wait_for(|open| *open).await.is_err() {
            return;
        }
        let (sent, outcome) = reply.give(&mut stream).await;
        shared.sent.fetch_add(sent, Ordering::SeqCst);
        match outcome {
            scripted::Outcome::Done => {}
            scripted::Outcome::Ended => return,
            scripted::Outcome::GivenUp => return shared.given_up.send_modify(|count| *count += 1),
        }
    }
}

/// Waits until the caller hangs up.
async fn hung_up(stream: &mut Stream) {
    while stream.fill_buf().await.is_ok_and(|bytes| !bytes.is_empty()) {
        let read = stream.buffer().len();
        stream.consume(read);
    }
}
