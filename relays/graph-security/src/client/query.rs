//! The OData filter that finds the legacy alerts about one observable.
//!
//! Source: docs/relays/graph-security.md#legacy-lists.

use microsoft::odata::Filter;
use relay_core::{Observable, ObservableType};

/// Returns the filter for the alerts about an observable; none for types that the legacy list
/// cannot be filtered by, and for values that cannot be of their type.
pub(super) fn filter(observable: &Observable) -> Option<Filter> {
    let (collection, properties): (_, &[_]) = match observable.kind {
        ObservableType::Ip => ("networkConnections", &["sourceAddress", "destinationAddress"]),
        ObservableType::Domain => ("networkConnections", &["destinationDomain"]),
        ObservableType::Url => ("networkConnections", &["destinationUrl"]),
        ObservableType::Hostname => ("hostStates", &["netBiosName"]),
        ObservableType::FileName => ("fileStates", &["name"]),
        ObservableType::FilePath => ("fileStates", &["path"]),
        ObservableType::Sha256 => ("fileStates", &["fileHash/hashValue"]),
        _ => return None,
    };
    // Every request counts against a quota, so a value that cannot match needs no request.
    let normal = observable.normal_form()?;
    let other = Some(&normal).filter(|normal| **normal != observable.value);
    let spellings = [&observable.value].into_iter().chain(other);
    let terms = spellings.flat_map(|value| {
        properties.iter().map(move |property| Filter::equals(&format!("x/{property}"), value))
    });
    Some(Filter::any_element(collection, "x", &Filter::any_of(terms)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_has_the_filter_of_the_table() {
        let check = |kind, value: &str, expected: Option<&str>| {
            let filter = filter(&Observable::new(kind, value));
            assert_eq!(filter.as_ref().map(Filter::as_str), expected);
        };
        check(
            ObservableType::Ip,
            "203.0.113.80",
            Some(
                "networkConnections/any(x: x/sourceAddress eq '203.0.113.80' or x/destinationAddress eq '203.0.113.80')",
            ),
        );
        check(
            ObservableType::Domain,
            "Bad.example",
            Some(
                "networkConnections/any(x: x/destinationDomain eq 'Bad.example' or x/destinationDomain eq 'bad.example')",
            ),
        );
        check(
            ObservableType::Url,
            "https://bad.example/o'neil?a=b&c#d",
            Some(
                "networkConnections/any(x: x/destinationUrl eq 'https://bad.example/o''neil?a=b&c#d')",
            ),
        );
        check(
            ObservableType::Hostname,
            "ws-204",
            Some("hostStates/any(x: x/netBiosName eq 'ws-204')"),
        );
        check(ObservableType::FileName, "a'b", Some("fileStates/any(x: x/name eq 'a''b')"));
        check(ObservableType::FilePath, r"C:\a", Some(r"fileStates/any(x: x/path eq 'C:\a')"));
        let hash = "ab".repeat(32);
        let expected = format!("fileStates/any(x: x/fileHash/hashValue eq '{hash}')");
        check(ObservableType::Sha256, &hash, Some(&expected));
        check(ObservableType::Ipv6, "2001:db8::1", None);
        check(ObservableType::Sha1, &"ab".repeat(20), None);
        check(ObservableType::Md5, &"ab".repeat(16), None);
        check(ObservableType::Sha256, "ab", None);
        check(ObservableType::Ip, "everything", None);
        check(ObservableType::FileName, " ", None);
    }

    proptest! {
        #[test]
        fn i01_a_value_is_one_literal_of_the_filter(value in r#"(.|[\n'"\\&#+%‘’“”„«»「」＇＂])*"#) {
            for kind in [ObservableType::Url, ObservableType::FileName, ObservableType::FilePath] {
                let Some(filter) = filter(&Observable::new(kind, value.clone())) else { continue };
                let (form, literals) = literals(filter.as_str());
                prop_assert!(literals.contains(&value), "{literals:?}");
                let harmless = super::filter(&Observable::new(kind, "x")).unwrap();
                prop_assert_eq!(form, super::tests::literals(harmless.as_str()).0);
            }
        }
    }

    /// Returns a filter without its literals, equal clauses once, and the literals' texts.
    fn literals(mut rest: &str) -> (String, Vec<String>) {
        let (mut form, mut literals) = (String::new(), Vec::new());
        while let Some((before, mut tail)) = rest.split_once('\'') {
            form += before;
            let mut literal = String::new();
            rest = loop {
                let (text, after) = tail.split_once('\'').unwrap();
                literal += text;
                let Some(more) = after.strip_prefix('\'') else { break after };
                literal.push('\'');
                tail = more;
            };
            literals.push(literal);
        }
        form += rest;
        (form.replace("x/destinationUrl eq  or ", ""), literals)
    }
}
