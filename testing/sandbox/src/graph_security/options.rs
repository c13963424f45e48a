//! The query options of a list, and the link to its next page.
//!
//! Source: page "Use query parameters to customize Microsoft Graph responses".

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

use super::{answer::Problem, question::Question};

/// Everything but the unreserved characters of a URL.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The options that both lists of alerts take.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) filter: Option<String>,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    /// Where a next page begins.
    pub(super) skip_token: usize,
    pub(super) count: bool,
}

impl Options {
    /// Refuses options that the lists do not have; names without `$` are not options.
    pub(super) fn read(query: &str) -> Result<Self, Problem> {
        let mut options = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "$filter" => options.filter = Some(value.into_owned()),
                "$top" => options.top = Some(whole_number("$top", &value)?),
                "$skip" => options.skip = whole_number("$skip", &value)?,
                "$skiptoken" => options.skip_token = position(&value)?,
                "$count" => options.count = truth(&value)?,
                other if other.starts_with('$') => {
                    return Err(Problem::bad_request(format!(
                        "The query option '{other}' is not allowed."
                    )));
                }
                _ => {}
            }
        }
        Ok(options)
    }

    /// The URL of the same list from another position on.
    pub(super) fn next_link(&self, question: &Question, position: (&str, String)) -> String {
        let encoded = |value: &str| utf8_percent_encode(value, RESERVED).to_string();
        let mut parts = Vec::new();
        parts.extend(self.filter.as_deref().map(|filter| format!("$filter={}", encoded(filter))));
        parts.extend(self.top.map(|top| format!("$top={top}")));
        parts.extend(self.count.then(|| "$count=true".to_owned()));
        parts.push(format!("{}={}", position.0, encoded(&position.1)));
        question.link(&parts.join("&"))
    }
}

/// A skip token: opaque for callers, a position for us.
pub(super) fn token(position: usize) -> String {
    format!("page-{position:08x}")
}

fn position(token: &str) -> Result<usize, Problem> {
    let position = token.strip_prefix("page-").map(|digits| usize::from_str_radix(digits, 16));
    match position {
        Some(Ok(position)) => Ok(position),
        _ => Err(Problem::bad_request("The $skiptoken is not one of this service.")),
    }
}

fn whole_number(name: &str, value: &str) -> Result<usize, Problem> {
    value.parse().map_err(|_| {
        Problem::bad_request(format!(
            "Invalid value '{value}' for {name} query option found. The {name} query option requires a non-negative integer value."
        ))
    })
}

fn truth(value: &str) -> Result<bool, Problem> {
    value.parse().map_err(|_| {
        Problem::bad_request(format!("Invalid value '{value}' for $count query option found."))
    })
}
