//! `relayctl token`: the tokens that modules send to relays.

mod claims;
mod inspect;
mod make;
mod source;
mod verify;

use clap::Subcommand;

use crate::{failure::Outcome, terminal::Screen};

pub(crate) use claims::gathered as gathered_claims;
pub(crate) use source::{TokenSource, read};

/// Makes, shows and checks the tokens that modules send to relays.
#[derive(Subcommand)]
pub(crate) enum Token {
    Make(make::Make),
    Inspect(inspect::Inspect),
    Verify(verify::Verify),
}

impl Token {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        match self {
            Self::Make(make) => make.run(screen).await,
            Self::Inspect(inspect) => inspect.run(screen),
            Self::Verify(verify) => verify.run(screen).await,
        }
    }
}
