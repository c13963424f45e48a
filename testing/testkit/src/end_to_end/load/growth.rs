//! What a process holds, looked at again and again while it works.

use serde_json::json;

use super::{super::host::Deployed, Traffic, measured};
use crate::{conformance::Subject, runtime_api::Usage};

/// After so many requests the process is looked at.
const STEP: usize = 25;
/// What a relay may hold after its first thousand requests.
const MOST: u64 = 30 * 1024 * 1024;
/// The allocator's own coming and going. If each of nine thousand requests left 120 bytes behind,
/// it would not hide them.
const SWAY: u64 = 1024 * 1024;
/// A pool gets one more connection when more calls meet than ever before. What forgot its
/// connections would have hundreds.
const MORE_AT_ONCE: usize = 8;

/// A process, and what it has held so far.
pub(in crate::end_to_end) struct Growth<'a> {
    relay: &'a Deployed,
    requests: usize,
    seen: Vec<(usize, Usage)>,
}

impl<'a> Growth<'a> {
    pub(in crate::end_to_end) fn of(relay: &'a Deployed) -> Self {
        let mut growth = Self { relay, requests: 0, seen: Vec::new() };
        growth.look(0);
        growth
    }

    /// Looks at the process after so many further requests.
    pub(in crate::end_to_end) fn look(&mut self, requests: usize) {
        self.requests += requests;
        let usage = self.relay.function().usage().expect("a process that runs shows itself");
        self.seen.push((self.requests, usage));
    }

    /// Sends so many requests and looks at the process between them.
    pub(super) async fn watch(&mut self, traffic: &mut Traffic, requests: usize) {
        for _ in 0..requests / STEP {
            traffic.pass(STEP, self.relay).await;
            self.look(STEP);
        }
    }

    /// After the `first` requests no descriptor and no thread stays open that was not before.
    #[track_caller]
    pub(in crate::end_to_end) fn assert_nothing_opened(&self, first: usize) {
        let descriptors = self.until(first).map(|usage| usage.descriptors + MORE_AT_ONCE).max();
        let threads = self.until(first).map(|usage| usage.threads).max();
        let last = self.last();
        assert!(Some(last.descriptors) <= descriptors, "{last:?}, at most {descriptors:?}");
        assert!(Some(last.threads) <= threads, "{last:?}, at most {threads:?}");
    }

    /// Little memory after the `first` requests, and no more later, neither from there to the end
    /// nor within the later half.
    #[track_caller]
    pub(in crate::end_to_end) fn assert_little_memory(&self, first: usize) {
        let (early, middle, late) =
            (self.resident(first), self.resident(self.requests / 2), self.resident(self.requests));
        assert!(early <= MOST, "{early} bytes after {first} requests");
        assert!(late <= early + SWAY, "{early} bytes after {first} requests, {late} at the end");
        assert!(late <= middle + SWAY / 2, "{middle} bytes half-way, {late} at the end");
    }

    /// Leaves the figures for whoever quotes them.
    pub(in crate::end_to_end) fn write_down<S: Subject>(&self, name: &str, first: usize) {
        let (start, early, last) = (self.seen[0].1, self.until(first).last(), self.last());
        let figures = json!({
            "requests": self.requests,
            "resident_at_start": start.memory.resident,
            format!("resident_after_{first}"): self.resident(first),
            "resident_after_all": self.resident(self.requests),
            "peak": last.memory.peak,
            "descriptors_at_start": start.descriptors,
            format!("descriptors_after_{first}"): early.map(|usage| usage.descriptors),
            "descriptors_after_all": last.descriptors,
            "threads": last.threads,
        });
        measured::write_down::<S>(name, &figures);
    }

    fn last(&self) -> Usage {
        self.seen[self.seen.len() - 1].1
    }

    fn until(&self, requests: usize) -> impl Iterator<Item = Usage> {
        let until = move |(number, _): &&(usize, Usage)| *number <= requests;
        self.seen.iter().filter(until).map(|(_, usage)| *usage)
    }

    /// The least that was held within a tenth of all requests before this one: what is held at one
    /// moment depends on the answer that was just written.
    fn resident(&self, requests: usize) -> u64 {
        let since = requests.saturating_sub(self.requests / 10);
        let near = self.seen.iter().filter(|(number, _)| (since + 1..=requests).contains(number));
        near.map(|(_, usage)| usage.memory.resident).min().expect("the process was looked at")
    }
}
