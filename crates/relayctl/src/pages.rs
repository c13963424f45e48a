//! The page of the documentation for each command, which its help names.

use clap::{Arg, ArgAction, Command};

/// Commands and their pages.
const PAGES: [(&str, &str); 10] = [
    ("demo", "README.md"),
    ("ask", "README.md"),
    ("explore", "docs/picture.md"),
    ("doctor", "docs/alive.md"),
    ("serve", "docs/settings.md"),
    ("token", "docs/security.md"),
    ("call", "docs/operate.md"),
    ("compare", "docs/migrate.md"),
    ("module", "docs/deploy.md"),
    ("rotate", "docs/operate.md"),
];
/// Commands whose output `--json` does not change.
const TEXT_ONLY: [&str; 2] = ["completions", "man"];

/// Adds its page to the help of every command, and takes away what a command does not have.
pub(crate) fn named(tool: Command) -> Command {
    let tool = TEXT_ONLY.into_iter().fold(tool, |tool, name| {
        tool.mut_subcommand(name, |command| command.arg(without_effect()))
    });
    let tool = PAGES.into_iter().fold(tool, |tool, (name, page)| {
        tool.mut_subcommand(name, |command| with_page(command, page))
    });
    with_page_only(tool, "README.md")
}

/// Returns the option that stands in place of the one of all commands, so that help does not offer it.
fn without_effect() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).hide(true).help("No effect here")
}

fn with_page(command: Command, page: &str) -> Command {
    with_page_only(command, page).mut_subcommands(|command| with_page(command, page))
}

fn with_page_only(command: Command, page: &str) -> Command {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let help = format!("{help}\n\nDocumentation: {}", address(page));
    command.after_help(help.trim_start().to_owned())
}

/// Returns the address of a page, or where it stands in the repository.
fn address(page: &str) -> String {
    match env!("CARGO_PKG_REPOSITORY").trim_end_matches('/') {
        "" => page.to_owned(),
        repository => format!("{repository}/blob/main/{page}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_page_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (name, page) in PAGES {
            assert!(root.join(page).is_file(), "{name} {page}");
        }
    }
}
