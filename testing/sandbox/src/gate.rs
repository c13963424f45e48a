//! Holds calls until the sandbox's user releases them.

use tokio::sync::watch;

/// Open until it is closed; counts the calls that wait.
#[derive(Debug)]
pub(crate) struct Gate {
    is_closed: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { is_closed: watch::Sender::new(false), waiting: watch::Sender::new(0) }
    }
}

impl Gate {
    pub(crate) fn set_closed(&self, is_closed: bool) {
        self.is_closed.send_replace(is_closed);
    }

    /// Returns as soon as the gate is open.
    pub(crate) async fn pass(&self) {
        let _waiting = Waiting::new(self);
        // The gate holds the sender, so that the wait ends with an opening only.
        let _ = self.is_closed.subscribe().wait_for(|is_closed| !is_closed).await;
    }

    /// Returns as soon as so many calls wait.
    pub(crate) async fn holds(&self, calls: usize) {
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting >= calls).await;
    }
}

/// Counts a call that waits, also when its caller goes away.
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.waiting.send_modify(|waiting| *waiting += 1);
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::Gate;

    #[test]
    fn calls_at_a_closed_gate_wait_and_are_counted() {
        let gate = Gate::default();
        assert!(gate.pass().now_or_never().is_some());
        gate.set_closed(true);
        let mut waiting = Box::pin(gate.pass());
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(gate.holds(1).now_or_never().is_some());
        assert!(gate.holds(2).now_or_never().is_none());
        gate.set_closed(false);
        assert!(waiting.now_or_never().is_some());
        assert!(gate.holds(1).now_or_never().is_none());
    }
}
