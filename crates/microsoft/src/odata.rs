//! OData: values that stay values inside a filter, and filters that stay filters inside a URL.

use relay_core::http::escaped;

/// A string literal of OData: in single quotes, each quote inside doubled. A backslash is an
/// ordinary character. Source: OData 4.01 URL conventions, §5.1.1.
pub fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A list's URL as it stands inside a batch: relative to the version, the filter escaped whole.
///
/// `path` is fixed text such as `/security/alerts_v2`.
pub fn list(path: &'static str, filter: &str, top: usize) -> String {
    format!("{path}?$filter={}&$top={top}", escaped(filter))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::hostile;

    #[test]
    fn quotes_are_doubled_and_the_filter_is_escaped_whole() {
        assert_eq!(literal(r"o'neil\"), r"'o''neil\'");
        assert_eq!(
            list("/security/alerts_v2", "a eq 'x &#+%'", 100),
            "/security/alerts_v2?$filter=a%20eq%20%27x%20%26%23%2B%25%27&$top=100"
        );
    }

    proptest! {
        #[test]
        fn i01_a_value_arrives_as_one_literal(value in hostile::value()) {
            let url = list("/x", &format!("a eq {} or b", literal(&value)), 7);
            let filter = url.strip_prefix("/x?$filter=").and_then(|rest| rest.strip_suffix("&$top=7"));
            let filter = filter.expect("nothing of the value leaves its place");
            prop_assert!(filter.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._~%".contains(&it)));
            let decoded = percent_decode_str(filter).decode_utf8().unwrap();
            prop_assert_eq!(hostile::odata(&decoded), ("a eq ? or b".to_owned(), vec![value]));
        }
    }
}
