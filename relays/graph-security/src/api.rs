//! The legacy alerts: one filtered list for each observable, all in one batch. Source: spec §5.3.

mod wire;

use microsoft_graph::{End, Permission, Row, Session, odata};
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

/// None for types that the legacy filters do not know.
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
    let value = odata::literal(&observable.value);
    let terms: Vec<_> = properties.iter().map(|name| format!("x/{name} eq {value}")).collect();
    Some(format!("{collection}/any(x: {})", terms.join(" or ")))
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
            Some("networkConnections/any(x: x/destinationDomain eq 'Bad.example')"),
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
        check(
            ObservableType::Sha256,
            "AB",
            Some("fileStates/any(x: x/fileHash/hashValue eq 'AB')"),
        );
        for kind in [ObservableType::Ipv6, ObservableType::Sha1, ObservableType::Md5] {
            check(kind, "x", None);
        }
    }

    proptest! {
        #[test]
        fn i01_a_value_is_one_literal_of_the_filter(value in r#"(.|[\n'"\\&#+%‘’“”„«»「」＇＂])*"#) {
            for kind in [ObservableType::Domain, ObservableType::FileName, ObservableType::Sha256] {
                let filter = predicate(&Observable::new(kind, value.clone())).unwrap();
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
