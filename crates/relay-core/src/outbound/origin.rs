//! What is known of the servers that requests go to: which protocol each speaks, a connection that
//! nobody has used yet, and why none could be opened.

use std::{
    any::Any,
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use url::Url;

/// The most origins that are remembered; callers choose some of them.
const MAX_ORIGINS: usize = 1000;

/// Why there is no connection. Everybody who waited for it gets it.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub(super) struct ConnectFailure(Arc<reqwest::Error>);

impl ConnectFailure {
    pub(super) fn new(error: reqwest::Error) -> Self {
        Self(Arc::new(error.without_url()))
    }

    pub(super) fn is_timeout(&self) -> bool {
        self.0.is_timeout()
    }

    pub(super) fn is_unknown_host(&self) -> bool {
        self.0.is_dns()
    }
}

/// The origins of one client, at most 1,000. What is forgotten is learnt again.
#[derive(Default)]
pub(super) struct Origins(Mutex<HashMap<String, Arc<Origin>>>);

impl Origins {
    pub(super) fn of(&self, url: &Url) -> Arc<Origin> {
        let name = url.origin().ascii_serialization();
        let mut known = locked(&self.0);
        if known.len() >= MAX_ORIGINS && !known.contains_key(&name) {
            known.clear();
        }
        Arc::clone(known.entry(name).or_insert_with(|| Arc::new(Origin::new(url.scheme()))))
    }
}

/// One server.
#[derive(Default)]
pub(super) struct Origin {
    /// Whether it is to be spoken to in HTTP/1.1, because it wanted no HTTP/2.
    speaks_http1: AtomicBool,
    requests: AtomicUsize,
    last_request: Mutex<Option<Instant>>,
    unused: Mutex<Option<Unused>>,
    failure: Mutex<Option<ConnectFailure>>,
}

/// A connection that was opened to learn the protocol, or before it was needed.
struct Unused {
    connection: Box<dyn Any + Send>,
    since: Instant,
}

impl Origin {
    fn new(scheme: &str) -> Self {
        // Only TLS tells the protocol.
        Self { speaks_http1: AtomicBool::new(scheme != "https"), ..Self::default() }
    }

    pub(super) fn speaks_http1(&self) -> bool {
        self.speaks_http1.load(Ordering::Relaxed)
    }

    pub(super) fn set_speaks_http1(&self, is_so: bool) {
        self.speaks_http1.store(is_so, Ordering::Relaxed);
    }

    /// Keeps a connection for the next request.
    pub(super) fn keep<T: Send + 'static>(&self, connection: T) {
        let connection = Box::new(connection);
        *locked(&self.unused) = Some(Unused { connection, since: Instant::now() });
    }

    /// Takes the connection that was kept, unless it was kept for longer than this.
    pub(super) fn take_kept<T: 'static>(&self, within: Duration) -> Option<T> {
        let kept = locked(&self.unused).take()?;
        let connection = kept.connection.downcast().ok()?;
        (kept.since.elapsed() < within).then_some(*connection)
    }

    /// Remembers why the last attempt to connect failed; nothing when a new one begins.
    pub(super) fn set_failure(&self, failure: Option<ConnectFailure>) {
        *locked(&self.failure) = failure;
    }

    pub(super) fn failure(&self) -> Option<ConnectFailure> {
        locked(&self.failure).clone()
    }

    /// Whether the last attempt to connect failed for want of time.
    pub(super) fn was_late(&self) -> bool {
        self.failure().is_some_and(|failure| failure.0.is_timeout())
    }

    /// Counts a request as long as the value lives.
    pub(super) fn request(self: &Arc<Self>) -> InUse {
        self.requests.fetch_add(1, Ordering::Relaxed);
        InUse(Arc::clone(self))
    }

    /// Whether a request is on its way or ended within this time, so that there is a connection, or
    /// one is being opened.
    pub(super) fn is_in_use(&self, within: Duration) -> bool {
        let last = *locked(&self.last_request);
        self.requests.load(Ordering::Relaxed) > 0
            || last.is_some_and(|last| last.elapsed() < within)
    }
}

pub(super) struct InUse(Arc<Origin>);

impl Drop for InUse {
    fn drop(&mut self) {
        *locked(&self.0.last_request) = Some(Instant::now());
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_kept_for_one_request_and_not_for_long() {
        const LIMIT: Duration = Duration::from_secs(25);
        let origin = Origin::default();
        origin.keep(7);
        assert_eq!(origin.take_kept::<i32>(LIMIT), Some(7));
        assert_eq!(origin.take_kept::<i32>(LIMIT), None);
        origin.keep(7);
        tokio::time::advance(LIMIT).await;
        assert_eq!(origin.take_kept::<i32>(LIMIT), None);
    }

    #[test]
    fn s07_origins_are_bounded() {
        let origins = Origins::default();
        let url = |number: usize| Url::parse(&format!("https://host-{number}.example/")).unwrap();
        let first = origins.of(&url(0));
        assert!(Arc::ptr_eq(&first, &origins.of(&url(0))));
        for number in 1..=MAX_ORIGINS {
            origins.of(&url(number));
        }
        assert!(locked(&origins.0).len() <= MAX_ORIGINS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_counts_until_its_connection_is_too_old() {
        const LIMIT: Duration = Duration::from_secs(25);
        let origin = Arc::new(Origin::default());
        assert!(!origin.is_in_use(LIMIT));
        let [one, other] = [origin.request(), origin.request()];
        drop(one);
        tokio::time::advance(2 * LIMIT).await;
        assert!(origin.is_in_use(LIMIT));
        drop(other);
        assert!(origin.is_in_use(LIMIT));
        tokio::time::advance(LIMIT).await;
        assert!(!origin.is_in_use(LIMIT));
    }
}
