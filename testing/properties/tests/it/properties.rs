//! One test for each property, named by the rows of the catalogue that it widens.

use std::{collections::BTreeSet, fs, path::Path};

use properties::f06_responses;
use sandbox::Product;

use crate::variation::{assert_holds, seeds};

#[test]
fn f01_j21_one_bearer_token_or_none() {
    assert_holds("f01_bearer", properties::f01_bearer, 20_000);
}

#[test]
fn f02_j01_j08_j11_j12_j14_j15_headers_are_parsed_strictly() {
    assert_holds("f02_header", properties::f02_header, 10_000);
}

#[test]
fn f03_j02_j03_j22_variations_of_a_shared_secret_token_are_rejected() {
    assert_holds("f03_hs256", properties::f03_hs256, 3_000);
}

#[test]
fn f03_j05_j06_j22_variations_of_a_configuration_token_are_rejected() {
    assert_holds("f03_rs256", properties::f03_rs256, 3_000);
}

#[test]
fn f04_k10_k11_k12_k13_only_valid_keys_are_kept() {
    assert_holds("f04_key_set", properties::f04_key_set, 3_000);
}

#[test]
fn f05_i12_l02_every_body_gets_a_valid_answer() {
    assert_holds("f05_requests", properties::f05_requests, 500);
}

#[test]
fn f06_n08_n09_any_response_gets_a_valid_answer() {
    std::thread::scope(|scope| {
        for product in Product::ALL {
            let target = format!("f06_{}", product.slug().replace('-', "_"));
            let property = move |data: &[u8]| f06_responses(product, data);
            scope.spawn(move || assert_holds(&target, property, 300));
        }
    });
}

#[test]
fn f07_i09_a_form_carries_exactly_its_fields() {
    assert_holds("f07_form", properties::f07_form, 500);
}

#[test]
fn f07_i04_an_iql_value_is_one_literal() {
    assert_holds("f07_iql", properties::f07_iql, 10_000);
}

#[test]
fn f07_i02_a_kql_value_is_one_literal() {
    assert_holds("f07_kql", properties::f07_kql, 10_000);
}

#[test]
fn f07_i01_an_odata_value_is_one_literal() {
    assert_holds("f07_odata", properties::f07_odata, 10_000);
}

#[test]
fn f07_i05_a_path_carries_exactly_its_segments() {
    assert_holds("f07_path", properties::f07_path, 500);
}

#[test]
fn f07_i03_a_qql_value_is_one_literal() {
    assert_holds("f07_qql", properties::f07_qql, 10_000);
}

#[test]
fn f08_n10_no_relay_waits_beyond_the_deadline() {
    assert_holds("f08_waits", properties::f08_waits, 300);
}

#[test]
fn f09_l01_l02_a_stage_changes_no_route() {
    assert_holds("f09_events", properties::f09_events, 3_000);
}

#[test]
fn f10_dates_are_parsed_as_rfc_3339() {
    assert_holds("f10_dates", properties::f10_dates, 10_000);
}

#[test]
fn every_target_has_seeds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let names = |folder: &str| -> BTreeSet<_> {
        let files = fs::read_dir(fuzz.join(folder)).expect("the folder of the targets");
        let name = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned());
        files.filter_map(|file| name(&file.expect("a file").path())).collect()
    };
    let targets = names("fuzz_targets");
    assert_eq!(names("seeds"), targets);
    assert!(targets.iter().all(|name| seeds(name).len() >= 10));
    let tests = include_str!("properties.rs");
    let is_tested = |name: &String| tests.contains(&**name) || name.starts_with("f06_");
    assert!(targets.iter().all(is_tested), "a target without a test");
}
