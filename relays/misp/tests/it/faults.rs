//! Every fault of MISP and of urlscan.io, and what is left of the answer.

use sandbox::misp::{
    URLSCAN_API_KEY,
    sample::{LOADER_DOMAIN, SCANNABLE_URL},
};
use serde_json::{Map, Value};
use testkit::fault_matrix::{Deed, Exposed};

use crate::conformance::Conforming;

impl Exposed for Conforming {
    const DEEDS: &'static [Deed] = &[
        Deed {
            name: "sighting in MISP",
            id: "respond-misp-sighting-domain-x",
            kind: "domain",
            value: LOADER_DOMAIN,
            path: "/sightings/add",
        },
        Deed {
            name: "scan by urlscan.io",
            id: "respond-urlscan-action-url-x",
            kind: "url",
            value: SCANNABLE_URL,
            path: "/urlscan/api/v1/scan/",
        },
    ];

    fn further_settings(url: &str) -> Vec<(&'static str, String)> {
        vec![("URLSCAN_API_URL", format!("{url}/urlscan/api/v1"))]
    }

    fn further_claims() -> Map<String, Value> {
        Map::from_iter([("URLSCAN_API_KEY".to_owned(), URLSCAN_API_KEY.into())])
    }
}

testkit::fault_matrix!(Conforming:
    no_fault_costs_what_it_did_not_hit
    no_fault_makes_an_action_happen_twice
);
