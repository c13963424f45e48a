//! What is typed on the page: observables, one on each line, and the relays to ask.

use serde::Deserialize;

use crate::observable::ObservableArgument;

/// A question as the page sends it.
#[derive(Deserialize)]
pub(super) struct Question {
    text: String,
    /// The folder names of the relays.
    pub(super) relays: Vec<String>,
}

impl Question {
    /// Returns the observables, each once, and a sentence for each text that is none.
    ///
    /// A line is one observable, or several with blanks between them.
    pub(super) fn observables(&self) -> (Vec<ObservableArgument>, Vec<String>) {
        let (mut observables, mut notes) = (Vec::new(), Vec::new());
        for line in self.text.lines().map(refanged) {
            let parts = match line.parse::<ObservableArgument>() {
                Ok(_) => vec![line.as_str()],
                Err(_) => line.split_whitespace().collect(),
            };
            for part in parts {
                match part.parse() {
                    Ok(one) if observables.contains(&one) => {}
                    Ok(one) => observables.push(one),
                    Err(reason) => notes.push(format!("{part} is left out: {reason}.")),
                }
            }
        }
        (observables, notes)
    }
}

/// Returns a line without what keeps addresses in mails and reports from being clicked.
fn refanged(line: &str) -> String {
    let line = line.trim().replace("[.]", ".").replace("(.)", ".").replace("[@]", "@");
    match line.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.replace("hxxp", "http")),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<const N: usize>(text: &str, expected: [&str; N], left_out: usize) {
        let question = Question { text: text.to_owned(), relays: Vec::new() };
        let (observables, notes) = question.observables();
        let read: Vec<_> =
            observables.iter().map(|one| format!("{}={}", one.kind, one.value)).collect();
        assert_eq!((read, notes.len()), (expected.map(str::to_owned).to_vec(), left_out), "{text}");
    }

    #[test]
    fn lines_are_observables() {
        check("203.0.113.7\r\n\n  bad.example ", ["ip=203.0.113.7", "domain=bad.example"], 0);
        check("203.0.113.7 bad.example", ["ip=203.0.113.7", "domain=bad.example"], 0);
        check("file_name=my file.exe", ["file_name=my file.exe"], 0);
        check(
            "bad.example\nBAD.example\nbad.example",
            ["domain=bad.example", "domain=BAD.example"],
            0,
        );
        check("what is 203.0.113.7", ["ip=203.0.113.7"], 2);
        check("", [], 0);
    }

    #[test]
    fn addresses_that_nobody_can_click_are_read_too() {
        check("hxxps://bad[.]example/x", ["url=https://bad.example/x"], 0);
        check("203[.]0[.]113[.]7", ["ip=203.0.113.7"], 0);
        check("mara[@]bad(.)example", ["email=mara@bad.example"], 0);
    }
}
