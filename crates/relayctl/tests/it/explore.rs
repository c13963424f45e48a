//! `relayctl explore`: who gets an answer, and which.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::tool::{relayctl, run};

/// A running explorer.
struct Explorer {
    child: Child,
    authority: String,
    path: String,
}

impl Explorer {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_relayctl"))
            .args(["explore", "--json"])
            .args(arguments)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said: String = lines.take(3).collect();
        let said: Value = serde_json::from_str(&said).expect("an address");
        let url = said["url"].as_str().unwrap().strip_prefix("http://").unwrap();
        let (authority, path) = url.split_once('/').unwrap();
        Self { child, authority: authority.to_owned(), path: format!("/{path}") }
    }

    /// Sends a request as it stands and returns the whole answer.
    fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.authority).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str, host: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    /// Asks as the page does, with other headers where they are given.
    fn ask(&self, question: &Value, host: &str, origin: &str) -> String {
        let body = question.to_string();
        self.send(&format!(
            "POST {}ask HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.path,
            body.len()
        ))
    }

    fn origin(&self) -> String {
        format!("http://{}", self.authority)
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the lines of JSON in an answer.
fn lines(answer: &str) -> Vec<Value> {
    answer
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_chosen_relay_answers_on_a_line_of_its_own() {
    let explorer = Explorer::start(&["--sandbox"]);
    let question = json!({"text": "203.0.113.77\nhxxp://bad[.]example\nwhat?", "relays": ["misp", "qualys-ioc", "nothing"]});
    let answer = explorer.ask(&question, &explorer.authority, &explorer.origin());
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("application/x-ndjson"),
        "{answer}"
    );
    let lines = lines(&answer);
    assert_eq!(lines.len(), 3, "{answer}");
    assert_eq!(
        lines[0]["observables"],
        json!([{"type": "ip", "value": "203.0.113.77"}, {"type": "url", "value": "http://bad.example"}])
    );
    assert!(lines[0]["notes"][0].as_str().unwrap().starts_with("what? is left out: "), "{answer}");
    let mut slugs: Vec<_> = lines[1..].iter().map(|line| line["slug"].as_str().unwrap()).collect();
    slugs.sort_unstable();
    assert_eq!(slugs, ["misp", "qualys-ioc"]);
    for line in &lines[1..] {
        assert!(
            line["answers"]["observe"]["data"]["sightings"]["count"].as_u64().unwrap() > 0,
            "{line}"
        );
        assert!(line["answers"]["refer"]["data"].is_array() && line["milliseconds"].is_u64());
    }
}

#[test]
fn the_page_may_ask_its_own_server_and_nothing_else() {
    let explorer = Explorer::start(&["--sandbox", "--relay", "misp"]);
    let page = explorer.get(&explorer.path, &explorer.authority);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let header = page.split("\r\n\r\n").next().unwrap().to_lowercase();
    for part in [
        "content-security-policy: default-src 'none'; script-src 'sha256-",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "cache-control: no-store",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(header.contains(part), "{part}: {header}");
    }
    assert!(!header.contains("access-control"), "{header}");
    assert!(page.contains(r#"{"relays":[{"name":"MISP","slug":"misp"}]}"#));
}

#[test]
fn p15_nobody_gets_an_answer_without_the_secret_the_host_and_the_origin() {
    let explorer = Explorer::start(&["--sandbox", "--relay", "misp"]);
    let (own, question) =
        (explorer.authority.clone(), json!({"text": "203.0.113.77", "relays": ["misp"]}));
    let port = own.split_once(':').unwrap().1;
    for (path, host) in [
        ("/", own.as_str()),
        ("/guess/", &own),
        (&explorer.path, "bad.example"),
        (&explorer.path, &format!("localhost:{port}")),
        (&explorer.path, &format!("bad.example:{port}")),
    ] {
        let answer = explorer.get(path, host);
        assert!(
            answer.starts_with("HTTP/1.1 404") && !answer.contains("<html"),
            "{path} {host}: {answer}"
        );
    }
    let other = explorer.ask(&question, "bad.example", &explorer.origin());
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
    for origin in ["http://bad.example", "null", "", &format!("http://localhost:{port}")] {
        let answer = explorer.ask(&question, &own, origin);
        assert!(
            answer.starts_with("HTTP/1.1 403") && lines(&answer).len() == 1,
            "{origin}: {answer}"
        );
    }
    let preflight = explorer.send(&format!(
        "OPTIONS {}ask HTTP/1.1\r\nHost: {own}\r\nOrigin: http://bad.example\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n",
        explorer.path
    ));
    assert!(!preflight.to_lowercase().contains("access-control-allow"), "{preflight}");
}

#[test]
fn real_products_are_asked_with_the_settings_of_the_environment() {
    let misp = crate::ask::Simulated::start();
    run(&mut relayctl(&["explore"])).failed(2, "--relay");
    run(relayctl(&["explore", "--relay", "misp"]).env("API_URL", misp.sandbox.url()))
        .failed(2, "AuthKey is missing");
    let file = crate::tool::file("{}");
    let several = ["explore", "--relay", "misp", "--relay", "qualys-ioc", "--credentials"];
    run(relayctl(&several).arg(file.path())).failed(2, "is for one relay");
}

#[test]
fn ctrl_c_ends_it() {
    let mut explorer = Explorer::start(&["--sandbox", "--relay", "misp"]);
    let pid = explorer.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(explorer.child.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    explorer.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("Ended."), "{said}");
}
