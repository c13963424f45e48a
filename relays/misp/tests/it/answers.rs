//! Whole answers: `tests/golden/<case>/request.json` in, `answer.json` out.
//!
//! A request says the route, the body, and where they matter claims and settings. The answer of
//! `worked-example` is the one of the specification, letter by letter.

pub(crate) mod entities;
mod relations;
mod routes;
mod tlp;

use serde_json::Value;
use testkit::golden;

use crate::test_relay::{Relay, sandbox};

async fn check(name: &str) {
    let case = golden!(name);
    let request = case.read("request.json");
    let sandbox = sandbox().await;
    let settings: Vec<_> = members(&request["settings"]).collect();
    let mut relay = Relay::with(&sandbox, &settings).await;
    for (claim, value) in members(&request["claims"]) {
        relay = relay.claiming(claim, value);
    }
    let route = request["route"].as_str().unwrap().parse().unwrap();
    let answer = relay.ask(route, &request["body"]).await;
    case.assert_answer(&answer.at_public_host(&sandbox));
}

fn members(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
}

macro_rules! cases {
    ($($test:ident)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                check(&stringify!($test).replace('_', "-")).await;
            }
        )*

        #[test]
        fn every_folder_is_a_case() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
            let folders = std::fs::read_dir(folder).unwrap();
            let mut found: Vec<_> = folders
                .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace('-', "_"))
                .collect();
            // Kept by `faults.rs`.
            found.retain(|folder| folder != "faults");
            found.sort();
            let mut cases = vec![$(stringify!($test)),*];
            cases.sort_unstable();
            assert_eq!(found, cases);
        }
    };
}

cases! {
    worked_example
    ip ipv6 domain hostname url md5 sha1 sha256
    email file_name user_agent mutex registry_key
    several_observables_on_one_event
    composites objects special_pair_replaces_related
    numbers_and_texts
    saturated_search
    unicode
    long_title_without_creator
    odd_level_without_dates
    swapped_dates
    nothing_found
    deliberate refer respond
}
