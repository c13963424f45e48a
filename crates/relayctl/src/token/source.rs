//! The source of a token: never an argument, since a list of processes shows those.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use http::header;
use relay_core::{Environment, Request, Secret};

use crate::{
    failure::{Failure, Outcome},
    terminal::prompt,
};

/// Reads a token, which holds credentials, from a file or from the environment.
#[derive(Args)]
pub(crate) struct TokenSource {
    /// A file with the relay's token, - for standard input; else the variable RELAY_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl TokenSource {
    /// Returns a source that reads another file, where one is given.
    pub(crate) fn or_else(&self, file: Option<PathBuf>) -> Self {
        Self { token_file: file.or_else(|| self.token_file.clone()) }
    }

    /// Returns the token, if the file or the environment has one.
    pub(crate) fn given(&self, environment: &Environment) -> Outcome<Option<Secret>> {
        let text = match &self.token_file {
            Some(file) => Some(read(file)?),
            None => environment.text("RELAY_TOKEN").map(str::to_owned),
        };
        Ok(text.and_then(|text| Secret::new(trimmed(&text))))
    }

    /// Returns a request with the token, if there is one.
    pub(crate) fn authorize(
        &self,
        request: Request,
        environment: &Environment,
    ) -> Outcome<Request> {
        let Some(token) = self.given(environment)? else { return Ok(request) };
        let invalid =
            |_| Failure::Usage("the token holds characters that no token has.".to_owned());
        Ok(request.header(header::AUTHORIZATION, token.header("Bearer ").map_err(invalid)?))
    }

    /// Returns the token; asks for it where neither the file nor the environment has one.
    pub(crate) fn required(&self, environment: &Environment) -> Outcome<Secret> {
        if let Some(token) = self.given(environment)? {
            return Ok(token);
        }
        let text =
            if prompt::can_ask() { prompt::hidden("Token")? } else { Some(read(Path::new("-"))?) };
        let token = text.and_then(|text| Secret::new(trimmed(&text)));
        token.ok_or_else(|| {
            Failure::Usage("there is no token: set RELAY_TOKEN or give --token-file.".to_owned())
        })
    }
}

/// Returns a file's text; `-` is standard input.
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

/// Removes what is easily copied along with a token.
fn trimmed(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("Bearer ").unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_and_blanks_are_removed() {
        assert_eq!(trimmed(" Bearer  a.b.c\n"), "a.b.c");
        assert_eq!(trimmed("a.b.c\n"), "a.b.c");
    }
}
