//! OData: filters in which values stay values, and URLs in which filters stay filters.

use relay_core::url::escaped;

/// A boolean expression of `$filter`. A value enters it as a literal only; property names are
/// fixed text of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    text: String,
    shape: Shape,
}

/// How an expression is built, which decides whether it needs parentheses inside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Single,
    AnyOf,
    AllOf,
}

impl Filter {
    /// `property eq 'value'`.
    #[must_use]
    pub fn equals(property: &str, value: &str) -> Self {
        Self::single(format!("{property} eq {}", literal(value)))
    }

    /// `contains(property, 'value')`.
    #[must_use]
    pub fn contains(property: &str, value: &str) -> Self {
        Self::single(format!("contains({property}, {})", literal(value)))
    }

    /// `startswith(property, 'value')`.
    #[must_use]
    pub fn starts_with(property: &str, value: &str) -> Self {
        Self::single(format!("startswith({property}, {})", literal(value)))
    }

    /// `collection/any(x: filter)`: one element of a collection fulfils the filter, which calls
    /// the element `variable`.
    #[must_use]
    pub fn any_element(collection: &str, variable: &str, filter: &Self) -> Self {
        Self::single(format!("{collection}/any({variable}: {})", filter.text))
    }

    /// One of the filters, joined by `or`; `false` without any.
    pub fn any_of(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(filters, Shape::AnyOf, " or ").unwrap_or_else(|| Self::single("false".into()))
    }

    /// All of the filters, joined by `and`; `true` without any.
    pub fn all_of(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(filters, Shape::AllOf, " and ").unwrap_or_else(|| Self::single("true".into()))
    }

    /// The expression as text, not yet escaped for a URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn single(text: String) -> Self {
        Self { text, shape: Shape::Single }
    }

    fn joined(
        filters: impl IntoIterator<Item = Self>,
        shape: Shape,
        operator: &str,
    ) -> Option<Self> {
        let mut filters: Vec<_> = filters.into_iter().collect();
        if filters.len() < 2 {
            return filters.pop();
        }
        let parts: Vec<_> = filters.iter().map(|filter| filter.inside(shape)).collect();
        Some(Self { text: parts.join(operator), shape })
    }

    /// The text as an operand: in parentheses where the other operator joins its parts.
    fn inside(&self, shape: Shape) -> String {
        match self.shape {
            own if own == shape || own == Shape::Single => self.text.clone(),
            _ => format!("({})", self.text),
        }
    }
}

/// Writes a string literal: in single quotes, each quote inside doubled; a backslash is an ordinary
/// character. Source: OData 4.01 URL conventions, section 5.1.1.
#[must_use]
pub fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Writes the URL of a filtered list as it stands inside a batch: relative to the version, the
/// filter escaped whole. `path` is fixed text such as `/security/alerts_v2`.
#[must_use]
pub fn list_url(path: &'static str, filter: &Filter, top: usize) -> String {
    format!("{path}?$filter={}&$top={top}", escaped(filter.as_str()))
}

/// Returns the URL of a list's page with a smaller page of the same list; none for a page of one
/// record, and for one that names no size.
pub(crate) fn with_fewer_records(url: &str) -> Option<String> {
    let (before, after) = url.split_once("$top=").or_else(|| url.split_once("%24top="))?;
    let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    let (top, after) = after.split_at(digits);
    let top: usize = top.parse().ok().filter(|top| *top > 1)?;
    Some(format!("{before}$top={}{after}", (top / 8).max(1)))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::malicious;

    #[test]
    fn quotes_are_doubled_and_the_filter_is_escaped_whole() {
        assert_eq!(literal(r"o'neil\"), r"'o''neil\'");
        assert_eq!(
            list_url("/security/alerts_v2", &Filter::equals("a", "x &#+%"), 100),
            "/security/alerts_v2?$filter=a%20eq%20%27x%20%26%23%2B%25%27&$top=100"
        );
    }

    #[test]
    fn l08_a_page_shrinks_to_one_record() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(with_fewer_records(url).as_deref(), expected, "{url}");
        };
        check("/a?$filter=x&$top=100", Some("/a?$filter=x&$top=12"));
        check("/a?%24top=12&$skip=3", Some("/a?$top=1&$skip=3"));
        for url in ["/a?$top=1", "/a?$top=x", "/a?$filter=x", "/a"] {
            check(url, None);
        }
    }

    #[test]
    fn filters_are_joined_with_parentheses_where_the_operators_differ() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Filter::equals(name, "1"));
        let either = Filter::any_of([a.clone(), b.clone()]);
        assert_eq!(either.as_str(), "a eq '1' or b eq '1'");
        let both = Filter::all_of([either, c.clone()]);
        assert_eq!(both.as_str(), "(a eq '1' or b eq '1') and c eq '1'");
        let nested = Filter::any_of([a.clone(), both]);
        assert_eq!(nested.as_str(), "a eq '1' or ((a eq '1' or b eq '1') and c eq '1')");
        let flat = Filter::any_of([Filter::any_of([a.clone(), b]), c]);
        assert_eq!(flat.as_str(), "a eq '1' or b eq '1' or c eq '1'");
        let element = Filter::all_of([Filter::any_element("xs", "x", &flat), a]);
        assert_eq!(element.as_str(), "xs/any(x: a eq '1' or b eq '1' or c eq '1') and a eq '1'");
        assert_eq!(Filter::any_of([]).as_str(), "false");
        assert_eq!(Filter::all_of([]).as_str(), "true");
    }

    proptest! {
        #[test]
        fn i01_a_value_arrives_as_one_literal(value in malicious::value()) {
            let filter = Filter::any_of([
                Filter::equals("a", &value),
                Filter::contains("b", &value),
                Filter::starts_with("c", &value),
            ]);
            let url = list_url("/x", &filter, 7);
            let filter = url.strip_prefix("/x?$filter=").and_then(|rest| rest.strip_suffix("&$top=7"));
            let filter = filter.expect("the value stays inside the filter");
            prop_assert!(filter.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._~%".contains(&it)));
            let decoded = percent_decode_str(filter).decode_utf8().unwrap();
            let skeleton = "a eq ? or contains(b, ?) or startswith(c, ?)".to_owned();
            prop_assert_eq!(malicious::odata(&decoded), (skeleton, vec![value; 3]));
        }
    }
}
