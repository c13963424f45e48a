//! Where a token comes from: never from an argument, which every process list shows.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use relay_core::{Environment, Secret};

use crate::{
    failure::{Failure, Outcome},
    terminal::prompt,
};

/// A token holds credentials; it is read from a file or from the environment.
#[derive(Args)]
pub(crate) struct TokenSource {
    /// A file with the relay's token, - for standard input; else the variable RELAY_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl TokenSource {
    /// The token, if a file or the environment has one.
    pub(crate) fn given(&self, environment: &Environment) -> Outcome<Option<Secret>> {
        let text = match &self.token_file {
            Some(file) => Some(read(file)?),
            None => environment.text("RELAY_TOKEN").map(str::to_owned),
        };
        Ok(text.and_then(|text| Secret::new(bare(&text))))
    }

    /// The token, asked for where neither file nor environment has one.
    pub(crate) fn demanded(&self, environment: &Environment) -> Outcome<Secret> {
        if let Some(token) = self.given(environment)? {
            return Ok(token);
        }
        let text =
            if prompt::can_ask() { prompt::hidden("Token")? } else { Some(read(Path::new("-"))?) };
        let token = text.and_then(|text| Secret::new(bare(&text)));
        token.ok_or_else(|| {
            Failure::Usage("there is no token: set RELAY_TOKEN or give --token-file.".to_owned())
        })
    }
}

/// A file's text; `-` is standard input.
pub(crate) fn read(file: &Path) -> Outcome<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::Usage(format!("{} cannot be read: {error}.", file.display()))),
    }
}

/// The token without what people copy along with it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("Bearer ").unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_along_does_not_count() {
        assert_eq!(bare(" Bearer  a.b.c\n"), "a.b.c");
        assert_eq!(bare("a.b.c\n"), "a.b.c");
    }
}
