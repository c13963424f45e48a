//! What a process holds, measured again and again while it works.

use serde_json::json;

use super::{super::Deployed, Traffic, measured};
use crate::runtime_api::Usage;

/// The number of requests between two measurements.
const STEP: usize = 25;
/// The memory that a relay may hold after its first thousand requests.
const MAX_BYTES: u64 = 30 * 1024 * 1024;
/// How much the allocator's own memory varies. A leak of 120 bytes in each of nine thousand
/// requests is more.
const TOLERANCE_BYTES: u64 = 1024 * 1024;
/// A pool opens another connection when more requests are concurrent than ever before. A leak of
/// connections would be hundreds.
const FURTHER_CONNECTIONS: usize = 8;

/// A process, and the measurements so far.
pub(in crate::end_to_end) struct Growth<'a> {
    relay: &'a Deployed,
    requests: usize,
    measured: Vec<(usize, Usage)>,
}

impl<'a> Growth<'a> {
    pub(in crate::end_to_end) fn of(relay: &'a Deployed) -> Self {
        let mut growth = Self { relay, requests: 0, measured: Vec::new() };
        growth.measure(0);
        growth
    }

    /// Measures the process after so many further requests.
    pub(in crate::end_to_end) fn measure(&mut self, requests: usize) {
        self.requests += requests;
        let usage = self.relay.function().usage().expect("a process that runs shows itself");
        self.measured.push((self.requests, usage));
    }

    /// Sends so many requests and measures the process between them.
    pub(super) async fn watch(&mut self, traffic: &mut Traffic, requests: usize) {
        for _ in 0..requests / STEP {
            traffic.send(STEP, self.relay).await;
            self.measure(STEP);
        }
    }

    /// Fails if a descriptor or a thread that was opened after the `first` requests stays open.
    #[track_caller]
    pub(in crate::end_to_end) fn assert_nothing_opened(&self, first: usize) {
        let descriptors =
            self.until(first).map(|usage| usage.descriptors + FURTHER_CONNECTIONS).max();
        let threads = self.until(first).map(|usage| usage.threads).max();
        let last = self.last();
        assert!(Some(last.descriptors) <= descriptors, "{last:?}, at most {descriptors:?}");
        assert!(Some(last.threads) <= threads, "{last:?}, at most {threads:?}");
    }

    /// Fails unless the process holds little memory after the `first` requests and no more at the
    /// end, also compared with the middle.
    #[track_caller]
    pub(in crate::end_to_end) fn assert_little_memory(&self, first: usize) {
        let (early, middle, late) =
            (self.resident(first), self.resident(self.requests / 2), self.resident(self.requests));
        assert!(early <= MAX_BYTES, "{early} bytes after {first} requests");
        assert!(
            late <= early + TOLERANCE_BYTES,
            "{early} bytes after {first} requests, {late} at the end"
        );
        assert!(late <= middle + TOLERANCE_BYTES / 2, "{middle} bytes half-way, {late} at the end");
    }

    /// Leaves the figures for the performance page.
    pub(in crate::end_to_end) fn write_down(&self, slug: &str, name: &str, first: usize) {
        let (start, early, last) = (self.measured[0].1, self.until(first).last(), self.last());
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
        measured::write_down(slug, name, &figures);
    }

    fn last(&self) -> Usage {
        self.measured[self.measured.len() - 1].1
    }

    fn until(&self, requests: usize) -> impl Iterator<Item = Usage> {
        let until = move |(number, _): &&(usize, Usage)| *number <= requests;
        self.measured.iter().filter(until).map(|(_, usage)| *usage)
    }

    /// The least memory that was held within a tenth of all requests before this one, because a
    /// single measurement depends on the last answer.
    fn resident(&self, requests: usize) -> u64 {
        let since = requests.saturating_sub(self.requests / 10);
        let near =
            self.measured.iter().filter(|(number, _)| (since + 1..=requests).contains(number));
        near.map(|(_, usage)| usage.memory.resident).min().expect("the process was measured")
    }
}
