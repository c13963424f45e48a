//! `relayctl doctor`, for a relay in its own process and for a served one.

use sandbox::misp::{API_KEY, QUOTA_KEY};

use crate::{
    ask::Simulated,
    serve::Served,
    tool::{relayctl, run},
};

#[test]
fn every_route_is_tried_and_nothing_is_written() {
    let misp = Simulated::start();
    let doctor = |key: &str, more: &[&str]| {
        let mut command = relayctl(&[&["doctor", "--relay", "misp"], more].concat());
        run(command.env("API_URL", misp.sandbox.url()).env("CLAIM_AUTHKEY", key))
    };
    let told = doctor(API_KEY, &["--json"]).done().json();
    let routes = told["routes"].as_array().unwrap();
    let names: Vec<_> = routes.iter().map(|tried| tried["route"].as_str().unwrap()).collect();
    assert_eq!(names, ["version", "health", "observe", "deliberate", "refer", "respond"]);
    assert!(routes.iter().all(|tried| tried["state"] == "works"), "{told}");
    assert!(misp.sandbox.calls().iter().all(|call| !call.path.contains("sightings")));
    let limited = doctor(QUOTA_KEY, &[]).out;
    assert!(limited.contains("in 15 minutes: 1 of 2 used."), "{limited}");
    let wrong = doctor("wrong", &["bad.example"]);
    assert_eq!((wrong.code, wrong.out.matches("authorization error").count()), (1, 3), "{wrong:?}");
}

#[test]
fn a_deployed_relay_is_told_by_its_url_and_token() {
    let served = Served::start(&["--sandbox", "--relay", "defender-atp"], &[]);
    let told = served.doctor("defender-atp", &["--json"]).done().json();
    assert_eq!(told["relay"], "defender-atp");
    assert_eq!(told["ends"][0]["ends"], "2027-02-01");
    let text = served.doctor("defender-atp", &["203.0.113.80"]).done().out;
    assert!(text.contains("observe") && text.contains("2027-02-01"), "{text}");
    let nowhere = ["doctor", "--relay", "misp", "--url", "http://127.0.0.1:1"];
    run(&mut relayctl(&nowhere)).failed(3, "cannot be reached");
}

#[test]
fn a_route_that_the_product_has_nothing_for_is_not_offered() {
    let served = Served::start(&["--sandbox", "--relay", "gigamon-threatinsight"], &[]);
    let told = served.doctor("gigamon-threatinsight", &["--json"]).done().json();
    let state = |route: &str| {
        let routes = told["routes"].as_array().unwrap();
        routes.iter().find(|tried| tried["route"] == route).unwrap()["state"].clone()
    };
    assert_eq!((state("respond"), state("observe")), ("not_offered".into(), "works".into()));
}
