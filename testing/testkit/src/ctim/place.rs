//! The place of a finding in a document, written like `$.data.sightings.docs[0].id`.

use std::fmt;

/// A path from the root of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(String);

impl Place {
    pub(super) fn root() -> Self {
        Self("$".to_owned())
    }

    pub(super) fn key(&self, key: &str) -> Self {
        let plain = !key.is_empty()
            && !key.starts_with(|first: char| first.is_ascii_digit())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        Self(if plain { format!("{}.{key}", self.0) } else { format!("{}['{key}']", self.0) })
    }

    pub(super) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn keys_that_are_no_identifiers_are_in_brackets() {
        let place = Place::root().key("data").index(2).key("query-params");
        assert_eq!(place.to_string(), "$.data[2]['query-params']");
    }
}
