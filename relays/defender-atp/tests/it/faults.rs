//! Every fault of the product, and what is left of the answer.

use sandbox::defender_atp::sample::LAPTOP;
use testkit::fault_matrix::{Deed, Exposed};

use crate::conformance::Own;

impl Exposed for Own {
    const NO_DATA: &'static [&'static str] = &["404"];
    const DEEDS: &'static [Deed] = &[
        Deed {
            name: "isolation of a device",
            id: "microsoft-defender-FullIsolation",
            kind: "ms_machine_id",
            value: LAPTOP,
            path: "/api/machines/",
        },
        Deed {
            name: "new indicator",
            id: "microsoft-defender-add-indicator-alert",
            kind: "domain",
            value: "new.example",
            path: "/api/indicators",
        },
    ];
}

testkit::fault_matrix!(Own:
    no_fault_costs_what_it_did_not_hit
    no_fault_makes_an_action_happen_twice
);
