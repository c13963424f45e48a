//! The sandbox over HTTP, as its users have it.

mod client;
mod defender_atp;
mod fault;
mod gigamon_threatinsight;
mod graph_security;
mod misp;
mod qualys_ioc;
mod recording;
mod session;
