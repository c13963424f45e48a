//! What can be asked in the Insight Query Language: one value of one of five fields.
//!
//! IQL documents no escape, so the characters that a value may hold are the escape: nothing but
//! addresses, names and hashes ever enters a query. Source: spec §1.

use relay_core::{
    Observable,
    ObservableType::{Domain, Ip, Ipv6, Md5, Sha1, Sha256},
};

/// The longest name of a host, in characters.
const LONGEST_NAME: usize = 253;

/// An observable that can be asked about, with the form in which its spellings are equal.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub(crate) asked: &'a Observable,
    field: &'static str,
    value: String,
}

impl<'a> Wanted<'a> {
    /// None for a value that cannot be of its type.
    pub fn of(asked: &'a Observable) -> Option<Self> {
        let field = match asked.kind {
            Ip | Ipv6 => "ip",
            Domain => "domain",
            Md5 => "md5",
            Sha1 => "sha1",
            Sha256 => "sha256",
            _ => return None,
        };
        let is_plain = asked.kind != Domain || is_name(asked.value.trim());
        let value = asked.normal_form().filter(|value| is_plain && value.len() <= LONGEST_NAME)?;
        Some(Self { asked, field, value })
    }

    /// The form for queries and comparisons.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The query for events that hold the value anywhere.
    pub fn condition(&self) -> String {
        format!("{} = '{}'", self.field, self.value)
    }

    /// Whether a text of the product spells the same value.
    pub fn is(&self, text: &str) -> bool {
        // `ip` holds addresses of both versions.
        let kind = if self.field == "ip" { Ip } else { self.asked.kind };
        Observable::new(kind, text).normal_form().as_deref() == Some(&self.value)
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relay_core::ObservableType;

    use super::*;

    fn condition(kind: ObservableType, value: &str) -> Option<String> {
        Wanted::of(&Observable::new(kind, value)).map(|wanted| wanted.condition())
    }

    #[test]
    fn every_type_has_its_condition_in_normal_form() {
        let check = |kind, value: &str, expected: Option<&str>| {
            assert_eq!(condition(kind, value).as_deref(), expected, "{value}");
        };
        check(Ip, "203.0.113.77", Some("ip = '203.0.113.77'"));
        check(Ip, "2001:DB8:0::1", Some("ip = '2001:db8::1'"));
        check(Ipv6, "2001:DB8:0::1", Some("ip = '2001:db8::1'"));
        check(Domain, "C2.Bad_x-1.Example.", Some("domain = 'c2.bad_x-1.example'"));
        check(Md5, &"AB".repeat(16), Some(&format!("md5 = '{}'", "ab".repeat(16))));
        check(Sha1, &"AB".repeat(20), Some(&format!("sha1 = '{}'", "ab".repeat(20))));
        check(Sha256, &"AB".repeat(32), Some(&format!("sha256 = '{}'", "ab".repeat(32))));
        check(
            Domain,
            &format!("{}.example", "a".repeat(245)),
            Some(&format!("domain = '{}.example'", "a".repeat(245))),
        );
    }

    #[test]
    fn no01_i04_what_is_no_value_of_its_type_is_not_asked() {
        for (kind, value) in [
            (Ip, "203.0.113.300"),
            (Ip, "x' OR ip = '0.0.0.0/0"),
            (Ipv6, "203.0.113.7"),
            (Domain, "bad.example' OR domain != '"),
            (Domain, "bücher.example"),
            (Domain, "\u{212a}.example"),
            (Domain, "bad example"),
            (Domain, "..."),
            (Domain, " "),
            (Md5, "0f1e"),
            (Sha1, "'"),
            (Sha256, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
            (ObservableType::Url, "https://bad.example/"),
        ] {
            assert_eq!(condition(kind, value), None, "{kind} {value}");
        }
        assert_eq!(condition(Domain, &"a".repeat(254)), None);
    }

    #[test]
    fn no11_spellings_of_one_value_are_equal() {
        let is = |kind, asked: &str, text: &str| {
            let asked = Observable::new(kind, asked);
            Wanted::of(&asked).unwrap().is(text)
        };
        assert!(is(Ip, "2001:db8::77", "2001:0DB8:0000::0077"));
        assert!(is(Ipv6, "2001:db8::77", "2001:0DB8:0000::0077"));
        assert!(is(Domain, "c2.bad.example", "C2.BAD.example."));
        assert!(is(Md5, &"ab".repeat(16), &"AB".repeat(16)));
        assert!(!is(Domain, "c2.bad.example", "xc2.bad.example"));
        assert!(!is(Ip, "203.0.113.7", ""));
    }

    /// The value of a query of one condition: the text between its only two quotes.
    fn read(condition: &str) -> Option<(&str, &str)> {
        let (field, literal) = condition.split_once(" = ")?;
        let value = literal.strip_prefix('\'')?.strip_suffix('\'')?;
        (!value.contains(['\'', '"', '\\'])).then_some((field, value))
    }

    proptest! {
        #[test]
        fn f7_a_query_reads_back_to_exactly_its_value(
            value in prop_oneof![any::<String>(), r#"['a-z0-9. :=\\"()-]{0,40}"#, "[a-zA-Z0-9._-]{1,80}"],
            kind in prop::sample::select(vec![Ip, Ipv6, Domain, Md5, Sha1, Sha256]),
        ) {
            let asked = Observable::new(kind, value);
            if let Some(wanted) = Wanted::of(&asked) {
                let condition = wanted.condition();
                let (field, value) = read(&condition).unwrap();
                prop_assert_eq!(Some(value.to_owned()), asked.normal_form());
                prop_assert!(["ip", "domain", "md5", "sha1", "sha256"].contains(&field));
            }
        }
    }
}
