//! What one invocation did, counted while it happens, and what must not show in its answer.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use crate::{http::escaped, relay::Secret};

/// Counts of one invocation, and the secrets that it met.
#[derive(Debug, Default)]
pub struct Tally {
    calls: AtomicU32,
    retries: AtomicU32,
    throttled: AtomicU32,
    failures: AtomicU32,
    secrets: Mutex<Vec<Secret>>,
}

impl Tally {
    pub(crate) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// `status` is none when no whole answer came.
    pub(crate) fn count_outcome(&self, status: Option<u16>) {
        match status {
            Some(429) => self.throttled.fetch_add(1, Ordering::Relaxed),
            None | Some(500..) => self.failures.fetch_add(1, Ordering::Relaxed),
            Some(_) => 0,
        };
    }

    /// Requests sent to the product, repetitions included.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Requests that were repetitions.
    pub fn retries(&self) -> u32 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Answers with 429.
    pub fn throttled(&self) -> u32 {
        self.throttled.load(Ordering::Relaxed)
    }

    /// Requests without a whole answer, or with one of 500 and above.
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn keep_secret(&self, secret: Secret) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).push(secret);
    }

    /// The text with every secret this invocation met blotted out, plain or percent-encoded.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.iter().fold(text.to_owned(), |text, secret| {
            let plain = text.replace(secret.expose(), "[…]");
            plain.replace(&escaped(secret.expose()), "[…]")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n17_secrets_are_blotted_out_in_both_spellings() {
        let tally = Tally::default();
        tally.keep_secret(Secret::new("p@ss&word").unwrap());
        assert_eq!(tally.redacted("bad p@ss&word, bad p%40ss%26word"), "bad […], bad […]");
    }
}
