//! `relayctl ask` in front of a simulator, which stands for the real product.

use sandbox::{Fault, Product, Sandbox, Times, misp::API_KEY};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::tool::{Run, file, relayctl, run};

/// A simulator of MISP, in threads of its own.
pub(crate) struct Simulated {
    pub(crate) sandbox: Sandbox,
    _runtime: Runtime,
}

impl Simulated {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let sandbox = runtime.block_on(Sandbox::start(Product::Misp)).unwrap();
        Self { sandbox, _runtime: runtime }
    }

    pub(crate) fn ask(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        let arguments = [&["ask", "--relay", "misp"], arguments].concat();
        let mut command = relayctl(&arguments);
        command.env("API_URL", self.sandbox.url()).env("CLAIM_AUTHKEY", API_KEY);
        run(command.envs(environment.iter().copied()))
    }
}

#[test]
fn a_product_is_asked_without_deploying_anything() {
    let misp = Simulated::start();
    let found = misp.ask(&["bad.example", "203.0.113.77", "harmless.example"], &[]).done();
    for part in ["MISP accepts the credentials.", "Malicious", "203.0.113.77", "/events/view/"] {
        assert!(found.out.contains(part), "{part:?}: {found:?}");
    }
    let json = misp.ask(&["bad.example", "--json"], &[]).done().json();
    assert_eq!(json["health"], json!({"data": {"status": "ok"}}));
    assert_eq!(json["observe"]["data"]["verdicts"]["docs"][0]["disposition_name"], "Malicious");
    assert!(json["refer"]["data"][0]["url"].as_str().unwrap().contains("searchall"));
}

#[test]
fn observables_come_from_a_file_too_and_unsupported_ones_are_named() {
    let misp = Simulated::start();
    let observables = file("bad.example\n\n  mutex=Global\\X \n");
    let arguments = ["--file", observables.path().to_str().unwrap()];
    let found = misp.ask(&arguments, &[]).done();
    assert!(found.err.contains("mutex=Global\\X is left out"), "{found:?}");
    assert!(!found.out.contains("Global"), "{found:?}");
    let more = misp.ask(&arguments, &[("MISP_MORE_TYPES", "true")]).done();
    assert!(more.out.contains("Global") && more.err.is_empty(), "{more:?}");
    misp.ask(&[], &[]).failed(2, "name the observables");
    let bad = file("bad.example\nwhat is this\n");
    misp.ask(&["--file", bad.path().to_str().unwrap()], &[]).failed(2, "\"what is this\"");
}

#[test]
fn a_failure_is_told_once_and_ends_with_code_1() {
    let misp = Simulated::start();
    let wrong = misp.ask(&["bad.example"], &[("CLAIM_AUTHKEY", "wrong")]);
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert_eq!(wrong.out.matches("authorization error").count(), 1, "{wrong:?}");
    misp.sandbox.fault("/attributes", Fault::Html, Times::Always);
    let broken = misp.ask(&["bad.example"], &[]);
    assert_eq!(broken.code, 1, "{broken:?}");
    assert!(!broken.out.contains("Malicious"), "{broken:?}");
    misp.ask(&["bad.example"], &[("CLAIM_AUTHKEY", "")]).failed(2, "AuthKey is missing");
}

#[test]
fn a_file_of_credentials_may_have_the_former_name_of_a_claim() {
    let misp = Simulated::start();
    let credentials = file(&json!({"key": API_KEY}).to_string());
    let arguments = ["bad.example", "--credentials", credentials.path().to_str().unwrap()];
    let mut command = relayctl(&[&["ask", "--relay", "misp"], &arguments[..]].concat());
    let found = run(command.env("API_URL", misp.sandbox.url())).done();
    assert!(found.out.contains("Malicious"), "{found:?}");
}
