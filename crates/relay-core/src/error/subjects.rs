//! Which observables an error is about.

use std::collections::HashSet;

use super::{Error, ErrorKind};

/// The most observables that a message names, and the most characters of each.
const MAX_NAMES: usize = 5;
const MAX_NAME_CHARS: usize = 80;

impl Error {
    /// Says which observables it is about, by their values. The message names them where others of
    /// the same call are not concerned.
    pub fn about(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
        let named =
            |value: String| value.chars().take(MAX_NAME_CHARS).map(plain).collect::<String>();
        self.0.subjects.extend(values.into_iter().map(|value| named(value.into())));
        self
    }

    fn is_equal(&self, other: &Self) -> bool {
        self.0.level == other.0.level
            && self.code() == other.code()
            && self.0.sentence == other.0.sentence
            && self.0.preface == other.0.preface
            && self.0.advice == other.0.advice
    }
}

/// Joins equal errors, and has each name its observables unless it is about all that were asked.
pub(crate) fn joined(errors: Vec<Error>, asked: usize) -> Vec<Error> {
    let mut all: Vec<Error> = Vec::new();
    for error in errors {
        match all.iter_mut().find(|other| other.is_equal(&error)) {
            Some(other) => other.0.subjects.extend(error.0.subjects),
            None => all.push(error),
        }
    }
    drop_what_one_error_says(&mut all, asked);
    for error in &mut all {
        let mut seen = HashSet::new();
        error.0.subjects.retain(|value| seen.insert(value.clone()));
        error.0.has_names = (1..asked).contains(&error.0.subjects.len());
    }
    all
}

/// Where one error stopped all requests, it is about all observables, and nothing more need be said of
/// those that were not asked about.
fn drop_what_one_error_says(errors: &mut Vec<Error>, asked: usize) {
    let is_not_asked = |error: &Error| error.kind() == ErrorKind::NotAsked;
    let named: HashSet<_> = errors.iter().flat_map(|error| &error.0.subjects).collect();
    let is_about_all = named.len() == asked;
    if errors.iter().filter(|error| !is_not_asked(error)).count() != 1 || !is_about_all {
        return;
    }
    let not_asked: Vec<_> = errors.extract_if(.., |error| is_not_asked(error)).collect();
    let skipped = not_asked.into_iter().flat_map(|error| error.0.subjects);
    errors[0].0.subjects.extend(skipped);
}

/// `This concerns a, b and 3 more observables.`
pub(super) fn names(values: &[String]) -> String {
    let (named, more) = values.split_at(values.len().min(MAX_NAMES));
    let named = named.join(", ");
    match more.len() {
        0 => format!("This concerns {named}."),
        1 => format!("This concerns {named} and 1 more observable."),
        more => format!("This concerns {named} and {more} more observables."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn messages(about: &[(&str, &str)], asked: usize) -> Vec<String> {
        let error =
            |(text, value): &(&str, &str)| Error::new(ErrorKind::Internal, *text).about([*value]);
        let errors = joined(about.iter().map(error).collect(), asked);
        errors.iter().map(|error| error.message().into_owned()).collect()
    }

    #[test]
    fn equal_errors_are_joined_and_name_what_they_are_about() {
        let two = [("It failed.", "a"), ("It is gone.", "b"), ("It failed.", "c")];
        let expected = ["It failed. This concerns a, c.", "It is gone. This concerns b."];
        assert_eq!(messages(&two, 3), expected);
        assert_eq!(messages(&two[..1], 1), ["It failed."]);
        let many: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(|value| ("No.", value)).into();
        assert_eq!(messages(&many, 9), ["No. This concerns a, b, c, d, e and 2 more observables."]);
        assert_eq!(messages(&many, 7), ["No."]);
    }

    #[test]
    fn an_error_that_stopped_all_requests_is_about_all() {
        let refused = || Error::new(ErrorKind::Unauthorized, "Refused.").about(["a"]);
        let not_asked = || Error::new(ErrorKind::NotAsked, "Not asked.").about(["b"]);
        let texts = |errors, asked| {
            let errors = joined(errors, asked);
            errors.iter().map(|error| error.message().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(texts(vec![refused(), not_asked()], 2), ["Refused."]);
        // A third one was asked about, with success.
        let both = ["Refused. This concerns a.", "Not asked. This concerns b."];
        assert_eq!(texts(vec![refused(), not_asked()], 3), both);
        let other = Error::new(ErrorKind::Internal, "Failed.").about(["c"]);
        assert_eq!(texts(vec![refused(), not_asked(), other], 3).len(), 3);
    }

    #[test]
    fn a_long_value_is_named_by_its_beginning() {
        let message = &messages(&[("No.", &"ä".repeat(9000))], 2)[0];
        assert_eq!(message.chars().count(), "No. This concerns .".len() + MAX_NAME_CHARS);
    }
}
