//! `cargo xtask lifecycle`: the announced ends of the products' APIs, `docs/lifecycle.json`.

use std::{fs, path::Path};

use jiff::{civil::Date, tz::TimeZone};
use relay_core::Clock;
use serde::Deserialize;

use crate::{Outcome, tracked_files};

/// The data of all ends.
pub(crate) const DATA: &str = "docs/lifecycle.json";
/// An end so near must have been rehearsed.
const REHEARSED_DAYS: i32 = 60;

/// The end of one API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retirement {
    /// The folder name of the relay that uses the API.
    pub(crate) relay: String,
    /// The product's name.
    pub(crate) product: String,
    /// What ends.
    pub(crate) api: String,
    /// The announced day; `None` where the product has announced none.
    pub(crate) ends: Option<Date>,
    /// Who says so.
    pub(crate) source: String,
    /// What the relay uses then.
    pub(crate) successor: String,
    /// The simulator's profile of the day after.
    pub(crate) profile: String,
    /// The test that plays the day after on every route of the relay.
    pub(crate) test: Option<String>,
}

/// Reads the data.
///
/// # Errors
///
/// A file that is missing or has another form.
pub(crate) fn retirements(root: &Path) -> Outcome<Vec<Retirement>> {
    Ok(serde_json::from_str(&fs::read_to_string(root.join(DATA))?)?)
}

/// Checks that every end within 60 days is rehearsed by a test. That the test passes is what the test
/// run says.
///
/// # Errors
///
/// The ends that are not, and tests that do not exist.
pub(crate) fn check(root: &Path) -> Outcome {
    let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
    let tests = test_names(root)?;
    let mut faults = Vec::new();
    for one in retirements(root)? {
        let days =
            one.ends.map(|ends| today.until(ends).map(|span| span.get_days())).transpose()?;
        if let Some(days) = days {
            println!("{} days: {}, {}", days, one.product, one.api);
        }
        faults.extend(fault(&one, days, &tests));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn fault(one: &Retirement, days: Option<i32>, tests: &str) -> Option<String> {
    match (&one.test, days) {
        (Some(test), _) if !tests.contains(&format!("fn {test}(")) => {
            Some(format!("{DATA}: {}, {}: there is no test {test}", one.product, one.api))
        }
        (None, Some(days)) if days < REHEARSED_DAYS => Some(format!(
            "{DATA}: {}, {} ends in {days} days, and no test plays the day after",
            one.product, one.api
        )),
        _ => None,
    }
}

/// Returns the text of all tests of the relays.
fn test_names(root: &Path) -> Outcome<String> {
    let mut all = String::new();
    for path in tracked_files(root)? {
        if path.starts_with("relays/") && path.contains("/tests/") && path.ends_with(".rs") {
            all += &fs::read_to_string(root.join(path))?;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retirement(test: Option<&str>) -> Retirement {
        Retirement {
            relay: "misp".to_owned(),
            product: "MISP".to_owned(),
            api: "the search".to_owned(),
            ends: None,
            source: String::new(),
            successor: String::new(),
            profile: String::new(),
            test: test.map(str::to_owned),
        }
    }

    #[test]
    fn a_near_end_needs_a_test_that_exists() {
        let tests = "async fn the_day_after() {";
        for (test, days, is_fault) in [
            (Some("the_day_after"), Some(3), false),
            (Some("the_day_after"), None, false),
            (Some("another_day"), None, true),
            (None, Some(59), true),
            (None, Some(-1), true),
            (None, Some(60), false),
            (None, None, false),
        ] {
            let fault = fault(&retirement(test), days, tests);
            assert_eq!(fault.is_some(), is_fault, "{test:?} {days:?}");
        }
    }

    #[test]
    fn the_data_names_relays_that_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for one in retirements(root).unwrap() {
            assert!(root.join("relays").join(&one.relay).is_dir(), "{}", one.relay);
        }
    }
}
