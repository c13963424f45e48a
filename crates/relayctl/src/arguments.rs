//! The command line: one subcommand for each task of an operator.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    ask::Ask,
    call::Call,
    compare::Compare,
    demo::Demo,
    doctor::Doctor,
    explore::Explore,
    failure::Outcome,
    manual::{Completions, Man},
    module::Module,
    pages,
    rotate::Rotate,
    serve::Serve,
    terminal::Screen,
    token::Token,
};

/// Tries, connects and operates the relays of Cisco XDR (Threat Response).
#[derive(Parser)]
#[command(
    name = "relayctl",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  relayctl demo                                      what the relays find, without any account
  relayctl ask --relay misp 203.0.113.77             your own product, without deploying anything
  relayctl explore --sandbox                         a page to ask on and to look at the answers
  relayctl serve --sandbox                           all relays on one local port
  relayctl token make --relay misp                   a token, and the secret for the function
  relayctl call URL observe ip=203.0.113.77          a smoke test of a deployed relay
  relayctl doctor --relay misp --url URL             what works of it, what is missing, what ends
  relayctl compare OLD_URL NEW_URL --file FILE       what a new relay says otherwise than the old
  relayctl module add --relay misp --url URL         connects a relay to Cisco XDR
  relayctl rotate --secret-arn ARN                   a new secret; tokens in use go on working

Exit codes:
  0  done
  1  a relay, Cisco XDR or AWS said no; the reason is printed
  2  an argument, a file or the environment is not usable
  3  nobody answered

Secrets are never arguments: they come from files, from the environment, or are asked for without
echo. Colours appear on a terminal only; --no-color and NO_COLOR switch them off. With --json a failure
is one JSON object on standard error: kind, message, hint, exit_code. Cisco XDR is what Threat Response
is called today; pages and addresses of it still bear the older name."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    screen: Screen,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(Demo),
    Ask(Ask),
    Doctor(Doctor),
    Explore(Explore),
    Serve(Serve),
    #[command(subcommand)]
    Token(Token),
    Call(Call),
    Compare(Compare),
    #[command(subcommand)]
    Module(Module),
    Rotate(Rotate),
    Completions(Completions),
    Man(Man),
}

impl Arguments {
    /// Returns the command line's definition, in which every command names its page.
    pub(crate) fn definition() -> clap::Command {
        pages::named(Self::command())
    }

    /// Reads the arguments of the process.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        Self::from_arg_matches(&Self::definition().try_get_matches()?)
    }

    /// Runs the command and returns the exit code.
    pub(crate) async fn run(self) -> ExitCode {
        let as_json = self.screen.json;
        match self.outcome().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(as_json),
        }
    }

    async fn outcome(self) -> Outcome {
        let screen = &self.screen;
        screen.options.choose();
        match self.command {
            Command::Demo(demo) => demo.run(screen).await,
            Command::Ask(ask) => ask.run(screen).await,
            Command::Doctor(doctor) => doctor.run(screen).await,
            Command::Explore(explore) => explore.run(screen).await,
            Command::Serve(serve) => serve.run(screen).await,
            Command::Token(token) => token.run(screen).await,
            Command::Call(call) => call.run(screen).await,
            Command::Compare(compare) => compare.run(screen).await,
            Command::Module(module) => module.run(screen).await,
            Command::Rotate(rotate) => rotate.run(screen).await,
            Command::Completions(completions) => completions.run(),
            Command::Man(man) => man.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Arguments::definition().debug_assert();
    }

    /// Every subcommand and option has a help text, and no option takes a secret.
    #[test]
    fn every_argument_is_explained_and_none_takes_a_secret() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                assert!(argument.get_help().is_some(), "{name} {id}");
                let takes_secret = ["password", "secret", "token", "key", "claim"].contains(&id);
                assert!(!takes_secret, "{name} {id}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::definition());
    }
}
