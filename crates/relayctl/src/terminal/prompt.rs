//! Questions to the person at the terminal.

use std::io::{self, IsTerminal, Write};

use crate::failure::{Failure, Outcome};

/// Whether somebody is there to answer.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks without echo. An empty answer is none.
pub(crate) fn hidden(question: &str) -> Outcome<Option<String>> {
    let answer = rpassword::prompt_password(format!("{question}: ")).map_err(|_| no_answer())?;
    Ok(Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty()))
}

/// Asks with echo. An empty answer is none.
pub(crate) fn open(question: &str) -> Outcome<Option<String>> {
    write!(io::stderr(), "{question}: ")?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        return Err(no_answer());
    }
    Ok(Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty()))
}

/// Asks for a yes; everything else is a no.
pub(crate) fn agrees(question: &str) -> Outcome<bool> {
    let answer = open(&format!("{question} [y/N]"))?;
    Ok(answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")))
}

fn no_answer() -> Failure {
    Failure::Usage("a question was not answered.".to_owned())
}
