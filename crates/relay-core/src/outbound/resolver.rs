//! Resolves the names of all hosts that are called.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names; tests replace it, so that they ask no name server.
pub trait Resolver: Send + Sync {
    /// Returns the addresses of a host.
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The names of hosts that the operator chose, which may have any address.
pub(super) struct OperatorsHosts(pub(super) Arc<dyn Resolver>);

impl Resolve for OperatorsHosts {
    fn resolve(&self, name: Name) -> Resolving {
        let found = addresses(&*self.0, &name);
        Box::pin(async { Ok(with_port_of_url(found.await?)) })
    }
}

/// Returns the addresses of a host, at least one.
pub(super) fn addresses(
    resolver: &dyn Resolver,
    name: &Name,
) -> impl Future<Output = io::Result<Vec<IpAddr>>> + use<> {
    let found = resolver.addresses(name.as_str().to_owned());
    async {
        let found = found.await?;
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }
}

/// Port 0 stands for the one of the URL.
pub(super) fn with_port_of_url(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)))
}
