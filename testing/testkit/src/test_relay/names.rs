//! A resolver that a test holds.

use std::{
    io,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use futures::future::BoxFuture;
use relay_core::Resolver;

/// Gives every name the same address, or none, and remembers the names.
#[derive(Debug)]
pub struct Names {
    address: Option<IpAddr>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    /// No name is known.
    pub fn unknown() -> Self {
        Self { address: None, asked: Mutex::default() }
    }

    /// Every name is this machine, which no token may lead to.
    pub fn loopback() -> Self {
        Self { address: Some([127, 0, 0, 1].into()), asked: Mutex::default() }
    }

    /// The names that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Resolver for Names {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(host);
        let unknown = || io::Error::other("no such host is known");
        let found = self.address.map(|address| vec![address]).ok_or_else(unknown);
        Box::pin(async { found })
    }
}
