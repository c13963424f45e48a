//! The tables of docs/reliability.md, from the results that the tests of every relay keep in
//! relays/*/tests/golden/faults/.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sandbox::Product;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    GeneratedFile,
    table::{Align, fill, markdown},
};
use crate::Outcome;

mod actions;
mod beside;
mod observing;

const PAGE: &str = "docs/reliability.md";

/// What is below half a second is the test machine's own time.
const AT_ONCE_MS: u64 = 500;

/// What a case of either table has.
trait Case {
    /// The errors of the answer, in its order.
    fn errors(&self) -> &[ErrorEntry];
    fn milliseconds(&self) -> u64;
}

#[derive(Deserialize)]
struct ErrorEntry {
    #[serde(rename = "type")]
    kind: String,
    code: String,
}

/// Returns the page with its tables.
pub(super) fn page(root: &Path) -> Outcome<GeneratedFile> {
    let observing = observing::Results::read(root)?;
    let page = fs::read_to_string(root.join(PAGE))?;
    let content = fill(&page, |name| {
        Ok(match name {
            "faultless" => observing.without_faults(),
            "every call" => observing.every_call(),
            "one observable" => observing.one_observable(),
            "reputations" => beside::by_fault(root, "reputations")?,
            "actions" => actions::by_fault(root)?,
            _ => return Err(format!("{PAGE}: there is no table {name}").into()),
        })
    })?;
    Ok(GeneratedFile { path: PAGE.into(), content })
}

/// Reads what the tests of each relay keep under this name; relays without it are left out.
fn results<T: DeserializeOwned>(root: &Path, name: &str) -> Outcome<Vec<(&'static str, T)>> {
    let mut results = Vec::new();
    for slug in Product::ALL.map(Product::slug) {
        let folder: PathBuf = [root, Path::new("relays"), Path::new(slug)].iter().collect();
        let file = folder.join("tests/golden/faults").join(name).with_extension("json");
        if file.exists() {
            results.push((slug, serde_json::from_str(&fs::read_to_string(file)?)?));
        }
    }
    Ok(results)
}

/// The codes of an answer's errors, each once, in its order; those of warnings in brackets.
fn codes(case: &impl Case) -> String {
    let is_fatal =
        |code: &str| case.errors().iter().any(|error| error.code == code && error.kind == "fatal");
    let codes = distinct(case.errors().iter().map(|error| error.code.as_str()));
    if codes.is_empty() {
        return "no error".to_owned();
    }
    let shown = codes
        .into_iter()
        .map(|code| if is_fatal(code) { code.to_owned() } else { format!("({code})") });
    shown.collect::<Vec<_>>().join(", ")
}

/// The longest time of some cases, in words.
fn duration<'a, C: Case + 'a>(cases: impl IntoIterator<Item = &'a C>) -> String {
    let longest = cases.into_iter().map(Case::milliseconds).max().unwrap_or_default();
    if longest < AT_ONCE_MS {
        return "at once".to_owned();
    }
    format!("{:.1} s", longest as f64 / 1000.0)
}

/// The most frequent text; of equally frequent ones the first.
fn most_common(texts: &[String]) -> &str {
    let count = |text: &String| texts.iter().filter(|other| *other == text).count();
    let mut best = "";
    let mut most = 0;
    for text in texts {
        if count(text) > most {
            (best, most) = (text, count(text));
        }
    }
    best
}

/// A row whose cells name their answer only where it is not the most common one.
fn row<'a, C: Case + 'a>(
    fault: &str,
    cases: &[Option<&'a C>],
    answer: impl Fn(&C) -> String,
    figures: impl Fn(usize, &C) -> String,
) -> Vec<String> {
    let answers: Vec<_> = cases.iter().flatten().map(|case| answer(case)).collect();
    let common = most_common(&answers);
    let cells = cases.iter().enumerate().map(|(column, case)| {
        let Some(case) = case else { return "-".to_owned() };
        let own = answer(case);
        let prefix = if own == common { String::new() } else { format!("{own}: ") };
        prefix + &figures(column, case)
    });
    let start = [fault.to_owned(), common.to_owned()];
    let end = duration(cases.iter().flatten().copied());
    start.into_iter().chain(cells).chain([end]).collect()
}

/// The texts in their order, each once.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

fn table(columns: &[&str], rows: Vec<Vec<String>>) -> String {
    let header = [&["fault", "answer"], columns, &["time"]].concat();
    markdown(&header, Align::Left, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample(Vec<ErrorEntry>, u64);

    impl Case for Sample {
        fn errors(&self) -> &[ErrorEntry] {
            &self.0
        }

        fn milliseconds(&self) -> u64 {
            self.1
        }
    }

    fn sample(errors: &[(&str, &str)], milliseconds: u64) -> Sample {
        let entry = |(kind, code): &(&str, &str)| ErrorEntry {
            kind: (*kind).to_owned(),
            code: (*code).to_owned(),
        };
        Sample(errors.iter().map(entry).collect(), milliseconds)
    }

    #[test]
    fn codes_are_named_once_and_warnings_stand_in_brackets() {
        assert_eq!(codes(&sample(&[], 0)), "no error");
        let errors = [("warning", "a"), ("fatal", "b"), ("fatal", "a"), ("warning", "c")];
        assert_eq!(codes(&sample(&errors, 0)), "a, b, (c)");
    }

    #[test]
    fn a_row_names_what_differs() {
        let (usual, other) = (sample(&[("fatal", "a")], 499), sample(&[("fatal", "b")], 1049));
        let cases = [Some(&usual), Some(&other), Some(&usual), None];
        let row = row("fault", &cases, codes, |column, _| column.to_string());
        assert_eq!(row, ["fault", "a", "0", "b: 1", "2", "-", "1.0 s"]);
        assert_eq!(duration([&usual]), "at once");
    }
}
