//! Questions at the terminal.

use std::io::{self, IsTerminal, Write};

use crate::failure::{Failure, Outcome};

/// Whether standard input is a terminal.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks without echo; `None` for an empty answer.
pub(crate) fn hidden(question: &str) -> Outcome<Option<String>> {
    let answer = rpassword::prompt_password(format!("{question}: ")).map_err(|_| no_answer())?;
    Ok(Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty()))
}

/// Asks with echo; `None` for an empty answer.
pub(crate) fn open(question: &str) -> Outcome<Option<String>> {
    write!(io::stderr(), "{question}: ")?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        return Err(no_answer());
    }
    Ok(Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty()))
}

/// Asks for a yes; everything else counts as no.
pub(crate) fn confirms(question: &str) -> Outcome<bool> {
    let answer = open(&format!("{question} [y/N]"))?;
    Ok(answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")))
}

fn no_answer() -> Failure {
    Failure::Usage("a question was not answered.".to_owned())
}
