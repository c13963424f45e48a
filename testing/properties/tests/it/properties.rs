//! One test for each property, named by the rows of the catalogue that it widens.

use std::{collections::BTreeSet, fs, path::Path};

use properties::PROPERTIES;

use crate::variation::{holds, seeds};

#[test]
fn f01_j21_one_bearer_token_or_none() {
    holds("f01_bearer", 20_000);
}

#[test]
fn f02_j01_j08_j11_j12_j14_j15_headers_are_read_strictly() {
    holds("f02_header", 10_000);
}

#[test]
fn f03_j02_j03_j22_variations_of_a_shared_secret_token_are_refused() {
    holds("f03_hs256", 3_000);
}

#[test]
fn f03_j05_j06_j22_variations_of_a_configuration_token_are_refused() {
    holds("f03_rs256", 3_000);
}

#[test]
fn f04_k10_k11_k12_k13_only_good_keys_are_kept() {
    holds("f04_key_set", 3_000);
}

#[test]
fn f05_i12_l02_every_question_has_a_sound_answer() {
    holds("f05_questions", 500);
}

#[test]
fn f06_n08_n09_whatever_microsoft_answers_defender() {
    holds("f06_defender_atp", 300);
}

#[test]
fn f06_n08_n09_whatever_threatinsight_answers() {
    holds("f06_gigamon_threatinsight", 300);
}

#[test]
fn f06_n08_n09_whatever_microsoft_graph_answers() {
    holds("f06_graph_security", 300);
}

#[test]
fn f06_n08_n09_whatever_misp_answers() {
    holds("f06_misp", 300);
}

#[test]
fn f06_n08_n09_whatever_qualys_answers() {
    holds("f06_qualys_ioc", 300);
}

#[test]
fn f07_i09_a_form_carries_exactly_its_fields() {
    holds("f07_form", 500);
}

#[test]
fn f07_i04_an_iql_value_is_one_literal() {
    holds("f07_iql", 10_000);
}

#[test]
fn f07_i02_a_kql_value_is_one_literal() {
    holds("f07_kql", 10_000);
}

#[test]
fn f07_i01_an_odata_value_is_one_literal() {
    holds("f07_odata", 10_000);
}

#[test]
fn f07_i05_a_path_carries_exactly_its_segments() {
    holds("f07_path", 500);
}

#[test]
fn f07_i03_a_qql_value_is_one_literal() {
    holds("f07_qql", 10_000);
}

#[test]
fn f08_n10_nobody_waits_beyond_the_deadline() {
    holds("f08_waits", 300);
}

#[test]
fn f09_l01_l02_a_stage_changes_no_route() {
    holds("f09_events", 3_000);
}

#[test]
fn f10_dates_are_read_as_they_are_meant() {
    holds("f10_dates", 10_000);
}

#[test]
fn every_property_has_a_target_and_seeds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let names = |folder: &str| -> BTreeSet<_> {
        let files = fs::read_dir(fuzz.join(folder)).expect("the folder of the targets");
        let name = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned());
        files.filter_map(|file| name(&file.expect("a file").path())).collect()
    };
    let known: BTreeSet<_> = PROPERTIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), known);
    assert_eq!(names("seeds"), known);
    assert!(known.iter().all(|name| seeds(name).len() >= 10));
}
