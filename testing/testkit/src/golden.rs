//! Golden files: whole answers under `tests/golden/<case>/`, reviewed as diffs.
//!
//! `UPDATE_GOLDEN=1` rewrites them instead of comparing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::environment::variable;

/// The case of this name in the calling crate.
///
/// ```no_run
/// # use serde_json::json;
/// let case = testkit::golden!("two-hashes");
/// let request = case.read("request.json");
/// let answer = json!({"data": {}}); // of the relay
/// case.assert_answer(&answer);
/// ```
#[macro_export]
macro_rules! golden {
    ($name:expr) => {
        $crate::golden::Case::new(env!("CARGO_MANIFEST_DIR"), $name)
    };
}

/// A folder with a request and the expected answer.
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
    /// With the differences, when there are any; when the file cannot be read or written.
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
    let mut differences = String::new();
    compare_at("", &expected, actual, &mut differences);
    Err(format!(
        "{} differs (- expected, + actual); UPDATE_GOLDEN=1 rewrites it:{differences}",
        path.display()
    ))
}

/// Adds every difference with its JSON pointer.
fn compare_at(pointer: &str, expected: &Value, actual: &Value, differences: &mut String) {
    let mut compare_members = |keys: BTreeSet<String>| {
        for key in keys {
            let pointer = format!("{pointer}/{key}");
            let [expected, actual] =
                [expected, actual].map(|value| value.pointer(&format!("/{key}")));
            match (expected, actual) {
                (Some(expected), Some(actual)) => {
                    compare_at(&pointer, expected, actual, differences)
                }
                (Some(expected), None) => *differences += &format!("\n{pointer}\n- {expected}"),
                (None, Some(actual)) => *differences += &format!("\n{pointer}\n+ {actual}"),
                (None, None) => {}
            }
        }
    };
    match (expected, actual) {
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys());
            compare_members(keys.map(|key| key.replace('~', "~0").replace('/', "~1")).collect());
        }
        (Value::Array(one), Value::Array(other)) => {
            let indices = 0..one.len().max(other.len());
            compare_members(indices.map(|index| index.to_string()).collect());
        }
        _ if expected != actual => {
            *differences += &format!("\n{pointer}\n- {expected}\n+ {actual}");
        }
        _ => {}
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Case, compare, pretty, read, write};

    #[test]
    fn the_order_of_keys_makes_no_difference() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case/answer.json");
        write(&path, &json!({"b": [1], "a": null})).unwrap();
        assert_eq!(compare(&path, &json!({"a": null, "b": [1]})), Ok(()));
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("}\n"));
    }

    #[test]
    fn a_difference_is_shown_with_its_pointer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.json");
        write(&path, &json!({"a": 1, "b": [1, 2], "c": 4})).unwrap();
        let reason = compare(&path, &json!({"a": 1, "b": [1, 3]})).unwrap_err();
        assert!(reason.ends_with("\n/b/1\n- 2\n+ 3\n/c\n- 4"), "{reason}");
        assert!(reason.contains("UPDATE_GOLDEN=1"), "{reason}");
        assert_eq!(read(&path), Ok(json!({"a": 1, "b": [1, 2], "c": 4})));
    }

    #[test]
    fn a_missing_or_malformed_file_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.json");
        assert!(compare(&path, &json!(1)).unwrap_err().contains("UPDATE_GOLDEN=1"));
        std::fs::write(&path, "{").unwrap();
        assert!(compare(&path, &json!(1)).unwrap_err().contains("no JSON"));
    }

    #[test]
    fn a_case_is_in_the_calling_crate() {
        let case: Case = crate::golden!("a-case");
        let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/a-case");
        assert_eq!(case.folder.to_str(), Some(expected));
        assert_eq!(pretty(&json!({})), "{}\n");
    }
}
