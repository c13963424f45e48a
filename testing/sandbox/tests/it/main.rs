//! The sandbox as its users see it: over HTTP.

mod client;
mod defender_atp;
mod fault;
mod gigamon_threatinsight;
mod graph_security;
mod misp;
mod qualys_ioc;
mod recording;
