//! The operator's tool: try the relays without any account, connect and operate deployed ones.

mod answer;
mod arguments;
mod ask;
mod call;
mod demo;
mod doctor;
mod explore;
mod failure;
mod investigation;
mod local_relay;
mod manual;
mod module;
mod observable;
mod region;
mod relays;
mod report;
mod rotate;
mod secret;
mod serve;
mod signals;
mod snapshot;
mod table;
mod terminal;
mod token;
mod web;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
