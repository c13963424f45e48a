//! `--snapshot`: the form of the snapshots that Cisco publishes.

use std::{fs, path::Path};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{
    ask::Simulated,
    serve::Served,
    tool::{relayctl, run},
};

/// Checks the form, and returns the snapshot with its steps read.
#[track_caller]
fn checked(file: &Path) -> Value {
    let schema: Value = serde_json::from_str(include_str!("../schemas/snapshot.json")).unwrap();
    let mut step = schema["$defs"]["step"].clone();
    step["$defs"] = schema["$defs"].clone();
    let valid = |schema: &Value, value: &Value| {
        let validator: Validator = jsonschema::validator_for(schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {value}");
    };
    let mut snapshot: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    valid(&schema, &snapshot);
    let steps: Value = serde_json::from_str(snapshot["actions"].as_str().unwrap()).unwrap();
    steps.as_array().unwrap().iter().for_each(|one| valid(&step, one));
    snapshot["actions"] = steps;
    snapshot
}

/// A step's answers by module.
fn answer<'a>(step: &'a Value, module: &str) -> &'a Value {
    let modules = step["result"]["data"].as_array().unwrap();
    &modules.iter().find(|one| one["module"] == module).unwrap()["data"]
}

#[test]
fn an_investigation_of_all_relays_is_one_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("incident.json");
    let told = run(&mut relayctl(&["demo", "--snapshot", file.to_str().unwrap()])).done();
    assert!(told.err.contains("The snapshot is in"), "{told:?}");
    let snapshot = checked(&file);
    let steps = snapshot["actions"].as_array().unwrap();
    assert_eq!(steps.len(), 6, "one collects, five investigate");
    assert_eq!(steps[0]["result"].as_array().unwrap().len(), 5);
    assert!(
        snapshot["search-txt"]
            .as_str()
            .unwrap()
            .starts_with("domain:\"sync.ledger-cdn.example\"\nip:")
    );
    assert_eq!(steps[1]["arg"], json!({"type": "domain", "value": "sync.ledger-cdn.example"}));
    let sightings = &answer(&steps[1], "Gigamon ThreatINSIGHT")["sightings"];
    assert_eq!(sightings["count"], sightings["docs"].as_array().unwrap().len());
    let misp = answer(&steps[1], "MISP");
    assert_eq!(misp["verdicts"]["docs"][0]["disposition_name"], "Malicious");
    let indicator = &misp["indicators"]["docs"][0]["id"];
    let relations = misp["relationships"]["docs"].as_array().unwrap();
    assert!(relations.iter().any(|one| one["target_ref"] == *indicator), "{misp}");
}

#[test]
fn an_own_product_and_a_deployed_relay_have_snapshots_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.json");
    let path = file.to_str().unwrap();
    let misp = Simulated::start();
    misp.ask(&["bad.example", "--snapshot", path], &[]).done();
    assert_eq!(answer(&checked(&file)["actions"][1], "MISP")["sightings"]["count"], 1);
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    served.call("misp", &["observe", "bad.example", "--snapshot", path]).done();
    assert_eq!(answer(&checked(&file)["actions"][1], "MISP")["sightings"]["count"], 1);
    served.call("misp", &["refer", "bad.example", "--snapshot", path]).failed(2, "only observe");
    misp.ask(&["bad.example", "--snapshot", "/nowhere/x.json"], &[]).failed(2, "cannot be written");
}
