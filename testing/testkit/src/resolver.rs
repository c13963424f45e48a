//! A resolver whose answers a test decides.

use std::{
    io,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use futures::future::BoxFuture;
use relay_core::Resolver;

/// Answers every look-up with the next of some lists of addresses, and records the names.
#[derive(Debug)]
pub struct TestResolver {
    answers: Vec<Vec<IpAddr>>,
    names: Mutex<Vec<String>>,
}

impl TestResolver {
    /// Knows no name.
    pub fn unknown() -> Self {
        Self::cycle([[]; 1])
    }

    /// Resolves every name to this machine, where no token may lead.
    pub fn loopback() -> Self {
        Self::cycle([["127.0.0.1"]])
    }

    /// Resolves names to these lists of addresses, one look-up after the other, over and over.
    ///
    /// # Panics
    ///
    /// When a text is no address.
    pub fn cycle<'a>(answers: impl IntoIterator<Item = impl AsRef<[&'a str]>>) -> Self {
        let parse = |address: &&str| address.parse().expect("an address");
        let answers = answers.into_iter().map(|all| all.as_ref().iter().map(parse).collect());
        Self { answers: answers.collect(), names: Mutex::default() }
    }

    /// The names that were looked up, in order.
    pub fn names(&self) -> Vec<String> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Resolver for TestResolver {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.answers[names.len() % self.answers.len()].clone();
        names.push(host);
        Box::pin(async {
            let unknown = || io::Error::other("no such host is known");
            (!answer.is_empty()).then_some(answer).ok_or_else(unknown)
        })
    }
}
