//! The settings of the process, read once. No other module reads the environment.

use std::{collections::HashMap, ops::RangeInclusive};

use crate::url::BaseUrl;

/// A setting that cannot be used. Names the variable and what it must be, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {reason}")]
pub struct BadSetting {
    name: String,
    reason: String,
}

impl BadSetting {
    /// Creates the error; `name` is the variable, `reason` continues the sentence: "must be …".
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: name.into(), reason: reason.into() }
    }
}

/// The variables of the environment, or a set that a test or the operator's tool makes.
#[derive(Clone, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// Returns the variables of this process. Values that are not Unicode are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let readable = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(readable.collect())
    }

    /// Returns these variables and no others.
    pub fn of<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// Adds or replaces a variable.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Lets each variable that begins with `prefix` replace the one without it: one process can hold
    /// the settings of several relays.
    #[must_use]
    pub fn scoped(mut self, prefix: &str) -> Self {
        let own = self.0.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix(prefix)?.to_owned(), value.clone()))
        });
        let own: Vec<_> = own.collect();
        self.0.extend(own);
        self
    }

    /// Returns a variable's text without outer spaces; an empty one counts as missing.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns whether a variable is there at all, empty or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Reads a comma-separated list; missing means empty.
    ///
    /// # Errors
    ///
    /// A text without any item, such as a comma alone: it can mean nobody, or everybody.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, BadSetting> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let items: Vec<_> = items.collect();
        if items.is_empty() {
            return Err(BadSetting::new(
                name,
                "must list something between its commas, or be empty",
            ));
        }
        Ok(items)
    }

    /// Returns whether a URL in it leads to this machine: the relay then runs in a test or on a
    /// developer's computer, since no deployed function has a product beside it.
    pub(crate) fn is_local(&self) -> bool {
        // Lambda's own variables may name addresses of the sandbox that it runs functions in.
        let own = self.0.iter().filter(|(name, _)| !name.starts_with("AWS_"));
        own.filter(|(_, value)| value.starts_with("http://"))
            .any(|(_, value)| BaseUrl::from_environment(value).is_some())
    }

    /// Reads a switch: `true`, `1`, `yes`, `on` or `false`, `0`, `no`, `off`, in any case.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, BadSetting> {
        let Some(text) = self.text(name) else { return Ok(default) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(BadSetting::new(name, "must be true or false")),
        }
    }

    /// Reads a whole number within bounds.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn number(
        &self,
        name: &str,
        bounds: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, BadSetting> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
            let reason =
                format!("must be a whole number from {} to {}", bounds.start(), bounds.end());
            BadSetting::new(name, reason)
        })
    }

    /// Reads one of a few words, in any case; `words` pairs each with its meaning.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn word<T: Clone>(
        &self,
        name: &str,
        words: &[(&str, T)],
        default: T,
    ) -> Result<T, BadSetting> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        known.map(|(_, meaning)| meaning.clone()).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            BadSetting::new(name, format!("must be one of: {}", words.join(", ")))
        })
    }

    /// Reads a product's base URL: https, or plain http on loopback.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn url(&self, name: &str) -> Result<Option<BaseUrl>, BadSetting> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match BaseUrl::from_environment(text) {
            Some(url) => Ok(Some(url)),
            None => {
                Err(BadSetting::new(name, "must be an https URL without user, query or fragment"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l09_a_bad_setting_is_named_and_its_value_is_not_shown() {
        let environment = Environment::of([
            ("LIMIT", "s3cret"),
            ("SWITCH", "s3cret"),
            ("BASE", "s3cret"),
            ("WORD", "s3cret"),
        ]);
        let complaints = [
            environment.number("LIMIT", 0..=200, 50).unwrap_err().to_string(),
            environment.flag("SWITCH", true).unwrap_err().to_string(),
            environment.url("BASE").unwrap_err().to_string(),
            environment.word("WORD", &[("public", 1), ("private", 2)], 1).unwrap_err().to_string(),
        ];
        assert_eq!(
            complaints,
            [
                "LIMIT must be a whole number from 0 to 200",
                "SWITCH must be true or false",
                "BASE must be an https URL without user, query or fragment",
                "WORD must be one of: public, private",
            ]
        );
    }

    #[test]
    fn a_prefix_gives_a_relay_its_own_value() {
        let all = Environment::of([("API_URL", "all"), ("MISP__API_URL", "own"), ("LIMIT", "1")]);
        let misp = all.clone().scoped("MISP__");
        assert_eq!((misp.text("API_URL"), misp.text("LIMIT")), (Some("own"), Some("1")));
        assert_eq!(all.scoped("QUALYS_IOC__").text("API_URL"), Some("all"));
    }

    #[test]
    fn missing_and_blank_settings_take_the_default() {
        let environment = Environment::of([("BLANK", "  "), ("LIST", " a, ,b ")]);
        assert_eq!(environment.text("BLANK"), None);
        assert_eq!(environment.number("BLANK", 0..=9, 7), Ok(7));
        assert_eq!(environment.flag("MISSING", true), Ok(true));
        assert_eq!(environment.list("LIST"), Ok(vec!["a", "b"]));
        assert_eq!(environment.list("BLANK"), Ok(Vec::new()));
    }

    #[test]
    fn l09_a_list_of_commas_is_refused() {
        for text in [",", " , ,", ",,"] {
            let bad = Environment::of([("LIST", text)]).list("LIST").unwrap_err().to_string();
            assert_eq!(bad, "LIST must list something between its commas, or be empty", "{text}");
        }
    }

    #[test]
    fn a_product_on_this_machine_makes_a_relay_local() {
        let check = |name: &str, value: &str, expected: bool| {
            assert_eq!(Environment::of([(name, value)]).is_local(), expected, "{name} {value}");
        };
        check("API_URL", "http://127.0.0.1:9104", true);
        check("API_URL", "http://localhost:9104/x", true);
        check("API_URL", "https://127.0.0.1:9104", false);
        check("API_URL", "http://misp.example", false);
        check("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9001/x", false);
    }
}
