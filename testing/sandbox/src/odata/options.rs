//! The query options of a list, and the query of its next page.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

/// Everything but the unreserved characters of a URL.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) filter: Option<String>,
    pub(crate) expand: Option<String>,
    pub(crate) top: Option<usize>,
    pub(crate) skip: usize,
    /// Where a next page begins.
    pub(crate) skip_token: usize,
    pub(crate) count: bool,
}

impl Options {
    /// Reads a query. Names without `$` are not options.
    ///
    /// Errors: a sentence about an option that the list does not take, or about its value.
    pub(crate) fn read(query: &str, allowed: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let is_option = name.starts_with('$');
            match name.as_ref() {
                _ if !is_option => {}
                other if !allowed.contains(&other) => {
                    return Err(format!("The query option '{other}' is not allowed."));
                }
                "$filter" => options.filter = Some(value.into_owned()),
                "$expand" => options.expand = Some(value.into_owned()),
                "$top" => options.top = Some(whole_number("$top", &value)?),
                "$skip" => options.skip = whole_number("$skip", &value)?,
                "$skiptoken" => options.skip_token = position(&value)?,
                _ => options.count = truth(&value)?,
            }
        }
        Ok(options)
    }

    /// The same query from another position on.
    pub(crate) fn next_page(&self, position: (&str, String)) -> String {
        let text = |name: &str, value: &Option<String>| {
            let encoded = |value: &String| utf8_percent_encode(value, RESERVED).to_string();
            value.as_ref().map(|value| format!("{name}={}", encoded(value)))
        };
        let parts = [
            text("$filter", &self.filter),
            text("$expand", &self.expand),
            self.top.map(|top| format!("$top={top}")),
            self.count.then(|| "$count=true".to_owned()),
            Some(format!("{}={}", position.0, position.1)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("&")
    }
}

/// A skip token: opaque for callers, a position here.
pub(crate) fn skip_token(position: usize) -> String {
    format!("page-{position:08x}")
}

fn position(token: &str) -> Result<usize, String> {
    let digits = token.strip_prefix("page-");
    digits
        .and_then(|digits| usize::from_str_radix(digits, 16).ok())
        .ok_or_else(|| "The $skiptoken is not one of this service.".to_owned())
}

fn whole_number(name: &str, value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| {
        format!(
            "Invalid value '{value}' for {name} query option found. The {name} query option requires a non-negative integer value."
        )
    })
}

fn truth(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("Invalid value '{value}' for $count query option found."))
}
