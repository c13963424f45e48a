//! The legacy alerts: one filtered list for each observable, all in one batch. Source: spec §5.3.

mod wire;

use microsoft::{End, Permission, Row, Session, odata};
use relay_core::{Observable, ObservableType, Partial};

pub(crate) use wire::{Alert, Connection, FileState, HostState};

use crate::Credentials;

const ALERTS: &str = "/security/alerts";

/// The alerts about each observable that the legacy filters know, no more than `limit` of each,
/// in the order of the question.
pub(crate) async fn alerts<'w>(
    session: &Session<'_, Credentials>,
    wanted: &'w [Observable],
    limit: usize,
) -> Partial<Vec<(&'w Observable, Vec<Alert>)>> {
    let (asked, urls): (Vec<_>, Vec<_>) = wanted
        .iter()
        .filter_map(|observable| {
            let predicate = predicate(observable)?;
            Some((observable, odata::list(ALERTS, &predicate, limit)))
        })
        .unzip();
    let lists = session.lists(urls, limit, Permission::ReadEvents, |_, _: &Alert| Row::Kept).await;
    let mut found = Partial::<Vec<_>>::default();
    for (observable, list) in asked.into_iter().zip(lists) {
        found.data.push((observable, list.rows));
        match list.end {
            End::Reached | End::Unfiltered => {}
            End::Refused(_, error) | End::Broken(error) => found.errors.push(error),
        }
    }
    found
}

/// None for types that the legacy filters do not know, and for values that cannot be of their
/// type: each question counts against a quota.
fn predicate(observable: &Observable) -> Option<String> {
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
    let terms: Vec<_> = spellings(observable)?
        .iter()
        .flat_map(|value| properties.iter().map(move |name| format!("x/{name} eq {value}")))
        .collect();
    Some(format!("{collection}/any(x: {})", terms.join(" or ")))
}

/// The value as it was asked and, where it differs, in its normal form: what case means to `eq`
/// is each provider's own business.
fn spellings(observable: &Observable) -> Option<Vec<String>> {
    let normal = observable.normal_form()?;
    let mut values = vec![odata::literal(&observable.value)];
    if normal != observable.value {
        values.push(odata::literal(&normal));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_has_the_predicate_of_the_table() {
        let check = |kind, value: &str, expected: Option<&str>| {
            assert_eq!(predicate(&Observable::new(kind, value)).as_deref(), expected);
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
                let Some(filter) = predicate(&Observable::new(kind, value.clone())) else { continue };
                let (head, rest) = filter.split_once(" eq '").unwrap();
                let literal = rest.strip_suffix("')").unwrap();
                prop_assert!(!literal.replace("''", "").contains('\''), "{literal} ends early");
                prop_assert_eq!(literal.replace("''", "'"), value.clone());
                let harmless = predicate(&Observable::new(kind, "x")).unwrap();
                prop_assert_eq!(format!("{head} eq 'x')"), harmless);
            }
        }
    }
}
