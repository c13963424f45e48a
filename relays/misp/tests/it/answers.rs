//! Whole answers: `tests/golden/<case>/request.json` and `answer.json`.
//!
//! A request holds the route, the body, and where they matter claims and settings.

mod entities;
mod names;
mod relations;
mod routes;
mod tlp;
mod verdicts;

use relay_core::Route;
use sandbox::Sandbox;
use serde_json::Value;
use testkit::{Answer, golden, texts::assert_readable};

use crate::test_relay::{MispRelay, start_sandbox};

async fn check(name: &str) {
    let case = golden!(name);
    let request = case.read("request.json");
    let sandbox = start_sandbox().await;
    let settings: Vec<_> = members(&request["settings"]).collect();
    let mut relay = MispRelay::start().before(&sandbox).with(&settings).await;
    for (claim, value) in members(&request["claims"]) {
        relay = relay.with_claim(claim, value);
    }
    let route = route_of(request["route"].as_str().unwrap());
    let answer = relay.ask(route, &request["body"]).await;
    case.assert_answer(&at_public_url(&answer, &sandbox));
    assert_readable(&answer);
}

fn route_of(name: &str) -> Route {
    let routes = Route::ALL.iter().map(|(route, ..)| *route);
    routes.into_iter().find(|route| route.name() == name).unwrap()
}

/// Returns the answer with the simulator's URL, which differs on every run, replaced by a public one.
fn at_public_url(answer: &Answer, sandbox: &Sandbox) -> Value {
    let text = answer.text.replace(sandbox.url(), "https://misp.corp.example");
    serde_json::from_str(&text).unwrap()
}

fn members(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
}

macro_rules! cases {
    ($($test:ident)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $test() {
                check(&stringify!($test).replace('_', "-")).await;
            }
        )*

        #[test]
        fn every_folder_is_a_golden_case() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
            let folders = std::fs::read_dir(folder).unwrap();
            let mut found: Vec<_> = folders
                .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace('-', "_"))
                .collect();
            // Written by `faults.rs`.
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
