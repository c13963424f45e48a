//! The sandbox over HTTP, as its users have it.

#![expect(clippy::expect_used, reason = "a test fails by a panic")]

mod client;
mod defender_atp;
mod fault;
mod gigamon_threatinsight;
mod graph_security;
mod misp;
mod qualys_ioc;
mod recording;
mod session;
