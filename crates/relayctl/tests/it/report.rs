//! `--html`: one page with all that was found.

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};

use crate::tool::{Run, Server, relayctl, run};

/// The page that a command wrote, and what else came of the command.
struct Written {
    html: String,
    run: Run,
}

fn written(arguments: &[&str]) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let run = run(relayctl(arguments).arg("--html").arg(&file).env("RELAY_TOKEN", "token"));
    Written { html: std::fs::read_to_string(file).unwrap(), run }
}

impl Written {
    fn data(&self) -> Value {
        let (_, data) = self.html.split_once(r#"id="report">"#).unwrap();
        serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
    }
}

#[test]
fn the_demo_is_written_with_the_answers_of_all_relays() {
    let page = written(&["demo"]);
    assert!(page.run.out.contains("What happened"), "{:?}", page.run);
    assert!(page.run.err.contains("The page is in "), "{:?}", page.run);
    let data = page.data();
    assert_eq!(data["command"], "relayctl demo");
    let products = data["products"].as_array().unwrap();
    assert_eq!(products.len(), 5);
    for product in products {
        for route in ["observe", "refer", "respond"] {
            assert!(product["answers"][route].is_object(), "{route} of {}", product["name"]);
        }
    }
    assert!(
        data["observables"]
            .as_array()
            .unwrap()
            .contains(&json!({"type": "ip", "value": "192.0.2.144"}))
    );
}

/// What a relay says stands in the file as data, in the form of the relay's own answer.
#[test]
fn p14_an_answer_never_becomes_markup() {
    let answer = json!({
        "data": {"sightings": {"count": 1, "docs": [{"title": "</script><img src=x onerror=alert(1)>"}]}},
        "errors": [{"type": "warning", "code": "<b>", "message": "</title><script>alert(2)</script>"}],
    });
    let sent = answer.clone();
    let relay =
        Server::start(Router::new().route("/observe/observables", post(async move || Json(sent))));
    let page = written(&["call", &relay.url, "observe", "ip=203.0.113.7"]);
    assert_eq!(page.run.code, 0, "{:?}", page.run);
    assert_eq!(page.data()["products"][0]["answers"]["observe"], answer);
    assert_eq!(page.html.matches("</script").count(), 3);
    for markup in ["<img", "<b>", "</title><"] {
        assert!(!page.html.contains(markup), "{markup}");
    }
}

#[test]
fn a_file_that_exists_is_kept_and_nobody_is_asked() {
    let file = crate::tool::file("mine");
    let path = file.path().to_str().unwrap();
    run(&mut relayctl(&["demo", "--html", path])).failed(2, "the file exists already");
    let nobody = ["call", "http://127.0.0.1:1", "observe", "ip=203.0.113.7", "--html", path];
    run(&mut relayctl(&nobody)).failed(2, "the file exists already");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
}

#[test]
fn only_its_owner_may_read_the_page() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    run(relayctl(&["demo", "--relay", "misp", "--html"]).arg(&file)).done();
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}
