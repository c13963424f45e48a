//! `relayctl completions` and `relayctl man`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man as Page;

use crate::{arguments::Arguments, failure::Outcome};

/// Prints the completions for a shell.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl completions bash > ~/.local/share/bash-completion/completions/relayctl
  relayctl completions zsh > ~/.zfunc/_relayctl
  relayctl completions fish > ~/.config/fish/completions/relayctl.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Outcome {
        // The generator panics when a pipe is closed, so it writes to memory.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::definition(), "relayctl", &mut script);
        Ok(io::stdout().write_all(&script)?)
    }
}

/// Prints the manual page, or writes the pages of all commands.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl man | man -l -
  relayctl man --dir ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write the page of every command into this folder
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self) -> Outcome {
        match &self.dir {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                Ok(clap_mangen::generate_to(Arguments::definition(), folder)?)
            }
            None => Ok(Page::new(Arguments::definition()).render(&mut io::stdout())?),
        }
    }
}
