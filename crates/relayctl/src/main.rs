//! The operator's tool: try the relays without any account, connect and operate deployed ones.

mod answer;
mod arguments;
mod ask;
mod aws;
mod call;
mod compare;
mod demo;
mod doctor;
mod explore;
mod failure;
mod investigation;
mod local_relay;
mod manual;
mod module;
mod observable;
mod observable_list;
mod pages;
mod private_file;
mod region;
mod relays;
mod report;
mod rotate;
mod secret;
mod serve;
mod shell;
mod signals;
mod snapshot;
mod table;
mod terminal;
mod token;
mod web;

use std::process::ExitCode;

use arguments::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::read() {
        Ok(arguments) => arguments.run().await,
        Err(unreadable) => failure::of_arguments(&unreadable),
    }
}
