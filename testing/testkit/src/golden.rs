//! Golden files: whole answers under `tests/golden/<case>/`, reviewed as diffs.
//!
//! `UPDATE_GOLDEN=1` rewrites them instead of comparing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::environment::variable;

mod diff;

/// The case of this name in the calling crate.
///
/// ```no_run
/// # use serde_json::json;
/// let case = testkit::golden!("two-hashes");
/// let request = case.read("request.json");
/// let answer = json!({"data": {}}); // what the relay says to it
/// case.assert_answer(&answer);
/// ```
#[macro_export]
macro_rules! golden {
    ($name:expr) => {
        $crate::golden::Case::new(env!("CARGO_MANIFEST_DIR"), $name)
    };
}

/// A folder with what goes in and what has to come out.
#[derive(Clone, Debug)]
pub struct Case {
    folder: PathBuf,
}

impl Case {
    /// The case of this name in the crate whose manifest stands in that folder; see [`golden!`].
    pub fn new(manifest_dir: &str, name: &str) -> Self {
        Self { folder: [manifest_dir, "tests", "golden", name].iter().collect() }
    }

    /// One of the case's files.
    ///
    /// # Panics
    ///
    /// When there is no such file, or no JSON in it.
    #[track_caller]
    pub fn read(&self, file: &str) -> Value {
        match read(&self.folder.join(file)) {
            Ok(value) => value,
            Err(reason) => panic!("{reason}"),
        }
    }

    /// Compares with `answer.json`, or writes it.
    ///
    /// # Panics
    ///
    /// With a line diff, when they differ; when the file cannot be read or written.
    #[track_caller]
    pub fn assert_answer(&self, actual: &Value) {
        self.assert("answer.json", actual);
    }

    /// Compares with a file of this name, or writes it.
    ///
    /// # Panics
    ///
    /// As [`assert_answer`](Self::assert_answer).
    #[track_caller]
    pub fn assert(&self, file: &str, actual: &Value) {
        let path = self.folder.join(file);
        let update = variable("UPDATE_GOLDEN").as_deref() == Some("1");
        let outcome = if update { write(&path, actual) } else { compare(&path, actual) };
        if let Err(reason) = outcome {
            panic!("{reason}");
        }
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let at = path.display();
    let text = fs::read_to_string(path)
        .map_err(|reason| format!("{at}: {reason}; UPDATE_GOLDEN=1 writes expected answers"))?;
    serde_json::from_str(&text).map_err(|reason| format!("{at} is no JSON: {reason}"))
}

fn write(path: &Path, actual: &Value) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, pretty(actual)))
        .map_err(|reason| format!("{}: {reason}", path.display()))
}

fn compare(path: &Path, actual: &Value) -> Result<(), String> {
    let expected = read(path)?;
    if expected == *actual {
        return Ok(());
    }
    let diff = diff::lines(&pretty(&expected), &pretty(actual));
    Err(format!(
        "{} says otherwise (- expected, + actual); UPDATE_GOLDEN=1 rewrites it:\n{diff}",
        path.display()
    ))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Case, compare, pretty, read, write};

    #[test]
    fn what_was_written_compares_equal_whatever_the_order_of_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case/answer.json");
        write(&path, &json!({"b": [1], "a": null})).unwrap();
        assert_eq!(compare(&path, &json!({"a": null, "b": [1]})), Ok(()));
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("}\n"));
    }

    #[test]
    fn a_difference_is_shown_with_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.json");
        write(&path, &json!({"a": 1, "b": 2})).unwrap();
        let reason = compare(&path, &json!({"a": 1, "b": 3})).unwrap_err();
        assert!(reason.contains("\n-   \"b\": 2\n+   \"b\": 3\n"), "{reason}");
        assert!(reason.contains("UPDATE_GOLDEN=1"), "{reason}");
        assert_eq!(read(&path), Ok(json!({"a": 1, "b": 2})));
    }

    #[test]
    fn a_missing_or_broken_file_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.json");
        assert!(compare(&path, &json!(1)).unwrap_err().contains("UPDATE_GOLDEN=1"));
        std::fs::write(&path, "{").unwrap();
        assert!(compare(&path, &json!(1)).unwrap_err().contains("no JSON"));
    }

    #[test]
    fn a_case_lies_in_the_calling_crate() {
        let case: Case = crate::golden!("a-case");
        let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/a-case");
        assert_eq!(case.folder.to_str(), Some(expected));
        assert_eq!(pretty(&json!({})), "{}\n");
    }
}
