//! `relayctl module`: the module type, and module instances against a stub of the documented API.

mod module_type;
mod stub;

use serde_json::{Value, json};

use crate::tool::{Run, file, relayctl, run};
use stub::{CLIENT, PASSWORD, ThreatResponse};

const CUSTOM: &str = "a14ae422-01b6-5013-9876-695ff1b0ebe0";
const URL: &str = "https://misp-relay.example";

impl ThreatResponse {
    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, &[("TR_API_CLIENT_PASSWORD", PASSWORD)])
    }

    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        let arguments = [&["module"], arguments].concat();
        let mut command = relayctl(&arguments);
        command.env("TR_API_URL", &self.server.url).env("TR_API_CLIENT_ID", CLIENT);
        command.env("RELAY_TOKEN", "aaa.bbb.ccc").envs(environment.iter().copied());
        let run = run(&mut command);
        for secret in [PASSWORD, "aaa.bbb.ccc"] {
            assert!(!run.out.contains(secret) && !run.err.contains(secret), "{run:?}");
        }
        run
    }
}

fn settings(url: &str, token: &str) -> Value {
    json!({
        "url": url,
        "auth-type": "authorization-header",
        "authorization-header": format!("Bearer {token}"),
        "supported-apis": [
            "health",
            "deliberate/observables",
            "observe/observables",
            "refer/observables",
            "respond/observables",
            "respond/trigger",
        ],
    })
}

#[test]
fn a_module_is_added_once() {
    let api = ThreatResponse::start();
    let add = ["add", "--relay", "misp", "--url", URL];
    let would = api.run(&[&add[..], &["--dry-run", "--json"]].concat()).done().json();
    assert_eq!(would["would_create"]["settings"]["authorization-header"], "[hidden]");
    assert_eq!(api.writes(), 0);
    let created = api.run(&[&add[..], &["--json"]].concat()).done().json();
    assert_eq!(created["created"]["id"], "instance-1");
    let [instance] = &api.instances()[..] else { panic!("one instance") };
    assert_eq!(instance["name"], "MISP");
    assert_eq!(instance["module_type_id"], CUSTOM);
    assert_eq!(instance["settings"], settings(URL, "aaa.bbb.ccc"));
    api.run(&add).failed(1, "there is a module \"MISP\" already");
    api.run(&[&add[..], &["--name", "MISP 2"]].concat()).done();
    assert_eq!(api.instances().len(), 2);
}

#[test]
fn an_edit_sends_what_differs_and_nothing_else() {
    let api = ThreatResponse::start();
    api.has("i-1", "MISP", CUSTOM, settings("https://old.example", "aaa.bbb.ccc"));
    let edit = ["edit", "--relay", "misp", "--url", URL];
    let would = api.run(&[&edit[..], &["--dry-run", "--json"]].concat()).done().json();
    assert_eq!(would["would_change"]["settings"], json!({"url": URL}));
    assert_eq!(api.writes(), 0);
    api.run(&[&edit[..], &["--new-name", "MISP, Vienna"]].concat()).done();
    let [instance] = &api.instances()[..] else { panic!("one instance") };
    assert_eq!(instance["name"], "MISP, Vienna");
    assert_eq!(instance["settings"], settings(URL, "aaa.bbb.ccc"));
    let again = api.run(&[&edit[..], &["--name", "MISP, Vienna"]].concat()).done();
    assert!(again.out.contains("is as it should be"), "{again:?}");
    assert_eq!(api.writes(), 1);
    api.run(&edit).failed(1, "there is no module \"MISP\"");
}

#[test]
fn a_module_of_the_products_own_type_is_found_and_its_url_alone_changes() {
    let api = ThreatResponse::start();
    let graph = catalog::find("graph-security").unwrap().about;
    let own = graph.module_types.unwrap()[0];
    api.has("i-1", graph.name, own, settings("https://old.example", "x.y.z"));
    let edit = ["edit", "--relay", "graph-security", "--url", URL, "--json"];
    let none = [("TR_API_CLIENT_PASSWORD", PASSWORD), ("RELAY_TOKEN", "")];
    let changed = api.run_with(&edit, &none).done().json();
    assert_eq!(changed["changed"]["id"], "i-1");
    let [instance] = &api.instances()[..] else { panic!("one instance") };
    assert_eq!(instance["settings"]["url"], URL);
    assert_eq!(instance["settings"]["authorization-header"], "Bearer x.y.z");
    let nothing = ["edit", "--relay", "graph-security"];
    api.run_with(&nothing, &none).failed(2, "say what to change");
    api.run(&["remove", "--relay", "graph-security", "--yes"]).done();
    assert!(api.instances().is_empty());
}

#[test]
fn several_modules_of_one_name_are_listed_and_an_id_chooses() {
    let api = ThreatResponse::start();
    let own = catalog::find("qualys-ioc").unwrap().about.module_types.unwrap()[1];
    api.has("i-1", "Qualys IOC", CUSTOM, settings(URL, "x.y.z"));
    api.has("i-2", "Qualys IOC", own, settings(URL, "x.y.z"));
    api.has("i-3", "Qualys IOC", "another-type", settings(URL, "x.y.z"));
    let remove = ["remove", "--relay", "qualys-ioc", "--yes"];
    let refused = api.run(&remove).failed(1, "there are 2 modules \"Qualys IOC\"");
    assert!(
        refused.err.contains("--id i-2, of type ") && !refused.err.contains("i-3"),
        "{refused:?}"
    );
    assert_eq!(api.writes(), 0);
    api.run(&[&remove[..], &["--id", "i-2"]].concat()).done();
    api.run(&remove).done();
    api.run(&remove).failed(1, "if it is meant, give --module-type-id another-type");
    api.run(&["remove", "--id", "i-9", "--yes"]).failed(1, "no module with the id i-9");
    api.run(&["remove", "--yes"]).failed(2, "give --relay, --name or --id");
}

#[test]
fn a_module_is_removed_only_when_that_is_meant() {
    let api = ThreatResponse::start();
    api.has("i-1", "MISP", CUSTOM, json!({}));
    api.has("i-2", "MISP", "another-type", json!({}));
    let remove = ["remove", "--relay", "misp"];
    api.run(&[&remove[..], &["--dry-run"]].concat()).done();
    api.run(&remove).failed(2, "say --yes");
    assert_eq!(api.instances().len(), 2);
    api.run(&[&remove[..], &["--yes"]].concat()).done();
    let [left] = &api.instances()[..] else { panic!("one instance") };
    assert_eq!(left["id"], "i-2");
    api.run(&[&remove[..], &["--yes"]].concat()).failed(1, "is of another type");
}

#[test]
fn all_modules_are_listed_page_by_page_without_their_settings() {
    let api = ThreatResponse::start();
    for number in 0..230 {
        api.has(
            &format!("i-{number}"),
            &format!("Module {number}"),
            CUSTOM,
            settings(URL, "x.y.z"),
        );
    }
    let listed = api.run(&["list", "--json"]).done();
    assert_eq!(listed.json().as_array().unwrap().len(), 230);
    assert!(!listed.out.contains("x.y.z"));
    assert_eq!(api.reads(), 3);
    assert!(api.run(&["list"]).done().out.contains("Module 229"));
}

#[test]
fn a_settings_file_may_name_variables() {
    let api = ThreatResponse::start();
    let text = json!({
        "name": "${NAME}",
        "module_type_id": CUSTOM,
        "visibility": "org",
        "settings": {"url": "$URL", "authorization-header": "Bearer ${JWT}", "supported-apis": ["health"]},
    });
    let settings = file(&text.to_string());
    let add = ["add", "--settings", settings.path().to_str().unwrap()];
    let set =
        [("TR_API_CLIENT_PASSWORD", PASSWORD), ("NAME", "Mine"), ("URL", URL), ("JWT", "d.e.f")];
    api.run_with(&add, &set[..3]).failed(2, "names JWT, which is not set");
    api.run_with(&add, &set).done();
    let [instance] = &api.instances()[..] else { panic!("one instance") };
    assert_eq!(instance["settings"]["authorization-header"], "Bearer d.e.f");
    assert_eq!(instance["name"], "Mine");
    let broken = file("{\"name\": 7}");
    api.run(&["add", "--settings", broken.path().to_str().unwrap()])
        .failed(2, "must be a JSON object");
}

#[test]
fn who_may_not_is_told_what_to_change() {
    let api = ThreatResponse::start();
    let wrong = [("TR_API_CLIENT_PASSWORD", "wrong")];
    api.run_with(&["list"], &wrong).failed(1, "does not know this API client");
    api.run_with(&["list"], &[]).failed(2, "TR_API_CLIENT_PASSWORD is missing");
    let nowhere = [("TR_API_CLIENT_PASSWORD", PASSWORD), ("TR_API_URL", "http://127.0.0.1:1")];
    api.run_with(&["list"], &nowhere).failed(3, "Threat Response cannot be reached");
    let plain = [("TR_API_CLIENT_PASSWORD", PASSWORD), ("TR_API_URL", "http://tr.example")];
    api.run_with(&["list"], &plain).failed(2, "TR_API_URL must be an https URL");
    api.run(&["add", "--relay", "misp", "--url", "http://x.example"]).failed(2, "must be https");
    api.run(&["add", "--url", URL]).failed(2, "--relay");
}
