//! The operator's tool: try the relays without any account, call a deployed one.

mod answer;
mod bench;
mod call;
mod catalog;
mod demo;
mod local;
mod observable;
mod output;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Failure;

/// Tries and operates the Threat Response relays.
#[derive(Parser)]
#[command(name = "relayctl", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Call(call::Call),
    Bench(bench::Bench),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(demo) => demo.run().await,
        Command::Call(call) => call.run().await,
        Command::Bench(bench) => bench.run().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// How a command ends.
type Outcome = Result<(), Failure>;
