//! The state that a test and its function share: queued events and expected outcomes.

use std::{
    collections::HashMap,
    process::ExitStatus,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use super::{
    invocation::Invocation,
    reply::{Failure, Outcome},
};

/// The phase of a function.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    Starting,
    Ready,
    Broken(Failure),
    Ended,
}

#[derive(Debug)]
pub(super) struct Hub {
    phase: watch::Sender<Phase>,
    put: mpsc::UnboundedSender<Task>,
    take: tokio::sync::Mutex<mpsc::UnboundedReceiver<Task>>,
    waiting: Mutex<Waiting>,
    in_work: watch::Sender<usize>,
}

/// A queued event.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) request_id: String,
    pub(super) invocation: Invocation,
    taken: oneshot::Sender<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    outcomes: HashMap<String, oneshot::Sender<Outcome>>,
    requests: u64,
    ended: Option<ExitStatus>,
}

impl Default for Hub {
    fn default() -> Self {
        let (put, take) = mpsc::unbounded_channel();
        let phase = watch::Sender::new(Phase::Starting);
        let take = tokio::sync::Mutex::new(take);
        Self { phase, put, take, waiting: Mutex::default(), in_work: watch::Sender::new(0) }
    }
}

impl Hub {
    /// Waits until the function is ready, or cannot become ready.
    pub(super) async fn started(&self) -> Phase {
        let mut phase = self.phase.subscribe();
        let started = phase.wait_for(|phase| !matches!(phase, Phase::Starting)).await;
        started.map(|phase| phase.clone()).unwrap_or(Phase::Ended)
    }

    /// Queues an event at once; the future gives its outcome.
    pub(super) fn send(&self, invocation: Invocation) -> impl Future<Output = Outcome> + use<> {
        let time_left = invocation.time_left + invocation.patience;
        let (give, outcome) = oneshot::channel();
        let (taken, is_taken) = oneshot::channel();
        self.enqueue(invocation, taken, give);
        async move { given(outcome, is_taken, time_left).await.expect("every event has an outcome") }
    }

    fn enqueue(
        &self,
        invocation: Invocation,
        taken: oneshot::Sender<()>,
        give: oneshot::Sender<Outcome>,
    ) {
        let mut waiting = self.waiting();
        if let Some(status) = waiting.ended {
            // The test may have dropped the future.
            let _ = give.send(Outcome::Ended(status));
            return;
        }
        waiting.requests += 1;
        let number = waiting.requests;
        let numbered = || format!("00000000-0000-4000-8000-{number:012x}");
        let request_id = invocation.request_id.clone().unwrap_or_else(numbered);
        waiting.outcomes.insert(request_id.clone(), give);
        let task = Task { request_id, invocation, taken };
        self.put.send(task).expect("the hub holds both ends of its queue");
    }

    /// The next event, as soon as there is one; the first call says that the function is ready.
    pub(super) async fn next(&self) -> (String, Invocation) {
        self.advance(Phase::Ready);
        let task = self.take.lock().await.recv().await.expect("the hub holds both ends");
        // The test may have dropped the future.
        let _ = task.taken.send(());
        self.in_work.send_modify(|events| *events += 1);
        (task.request_id, task.invocation)
    }

    /// Waits until so many events are taken and not yet settled.
    pub(super) async fn busy_with(&self, events: usize) {
        // The hub holds the sender, so that the wait ends with that number only.
        let _ = self.in_work.subscribe().wait_for(|in_work| *in_work >= events).await;
    }

    /// Reports the outcome of a request; false for an unknown one, or a second outcome.
    pub(super) fn settle(&self, request_id: &str, outcome: Outcome) -> bool {
        let given = self.waiting().outcomes.remove(request_id);
        let is_known = given.is_some();
        self.in_work.send_modify(|events| *events = events.saturating_sub(is_known.into()));
        // The test may have dropped the future, for example after a timeout.
        let _ = given.and_then(|give| give.send(outcome).err());
        is_known
    }

    /// Records that the function reported an initialisation error.
    pub(super) fn break_start(&self, failure: Failure) {
        self.advance(Phase::Broken(failure));
    }

    /// Records the end of the process, which is the outcome of all pending events.
    pub(super) fn end(&self, status: ExitStatus) {
        let mut waiting = self.waiting();
        waiting.ended = Some(status);
        for (_, give) in waiting.outcomes.drain() {
            let _ = give.send(Outcome::Ended(status));
        }
        self.advance(Phase::Ended);
    }

    /// The start is decided once.
    fn advance(&self, next: Phase) {
        self.phase.send_if_modified(|phase| {
            let undecided = matches!(phase, Phase::Starting);
            if undecided {
                *phase = next;
            }
            undecided
        });
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome of an event, whose time runs out some time after it was taken.
async fn given(
    mut outcome: oneshot::Receiver<Outcome>,
    is_taken: oneshot::Receiver<()>,
    time_left: Duration,
) -> Result<Outcome, oneshot::error::RecvError> {
    tokio::select! {
        given = &mut outcome => return given,
        Ok(()) = is_taken => {}
    }
    timeout(time_left, outcome).await.unwrap_or(Ok(Outcome::TimedOut))
}
