//! `relayctl serve`, and `relayctl call` as its caller.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::tool::{Run, relayctl, run};

/// A running server, and what it printed when it began.
pub(crate) struct Served {
    child: Child,
    said: Value,
}

impl Served {
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_relayctl"))
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = String::new();
        for line in lines {
            said += &line;
            if line == "}" {
                break;
            }
        }
        Self { child, said: serde_json::from_str(&said).expect("what is served") }
    }

    fn relay(&self, name: &str) -> &Value {
        let relays = self.said["relays"].as_array().unwrap();
        relays.iter().find(|relay| relay["name"] == name).unwrap()
    }

    /// The URL of a relay, and a token that it accepts.
    pub(crate) fn place(&self, name: &str) -> (&str, &str) {
        let relay = self.relay(name);
        (relay["url"].as_str().unwrap(), relay["token"].as_str().unwrap())
    }

    pub(crate) fn call(&self, name: &str, arguments: &[&str]) -> Run {
        let relay = self.relay(name);
        let arguments = [&["call", relay["url"].as_str().unwrap()], arguments].concat();
        let token = relay["token"].as_str().unwrap_or_default();
        run(relayctl(&arguments).env("RELAY_TOKEN", token))
    }

    pub(crate) fn doctor(&self, name: &str, arguments: &[&str]) -> Run {
        let relay = self.relay(name);
        let url = relay["url"].as_str().unwrap();
        let arguments = [&["doctor", "--relay", name, "--url", url], arguments].concat();
        run(relayctl(&arguments).env("RELAY_TOKEN", relay["token"].as_str().unwrap()))
    }

    /// The bare text of an answer.
    fn get(&self, path: &str) -> String {
        let authority = self.said["url"].as_str().unwrap().trim_start_matches("http://");
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks the server to end, as Ctrl-C does, and returns what it had written to standard error.
    fn interrupt(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_relay_stands_under_its_name_and_ctrl_c_ends_them() {
    let served = Served::start(&["--sandbox"], &[]);
    let url = served.said["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    for relay in served.said["relays"].as_array().unwrap() {
        let name = relay["name"].as_str().unwrap();
        let health = served.call(name, &["health", "--json"]).done().json();
        assert_eq!(health["data"]["status"], "ok", "{name}");
    }
    let index = served.get("/");
    assert!(index.contains(&format!("{url}/misp")), "{index}");
    assert!(served.get("/nothing/health").starts_with("HTTP/1.1 404"));
    let other_method = served.get("/misp/health");
    assert!(other_method.starts_with("HTTP/1.1 405") && other_method.contains("allow: POST"));
    let log = served.interrupt();
    assert!(log.contains("POST /misp/health 200") && log.contains("Ended."), "{log}");
    assert!(!log.contains("Bearer") && !log.contains("eyJ"), "{log}");
}

#[test]
fn what_a_person_sees_can_be_pasted_into_a_shell() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_relayctl"))
        .args(["serve", "--sandbox", "--relay", "misp", "--listen", "127.0.0.1:0"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let export = lines.find(|line| line.contains("export ")).unwrap();
    let curls: Vec<_> = lines.by_ref().take_while(|line| line.contains("curl")).collect();
    assert!(export.trim().starts_with("export MISP_TOKEN=eyJ"), "{export}");
    assert_eq!(curls.len(), 7, "every route but the one that acts: {curls:?}");
    for curl in curls {
        let arguments = format!("{export}\n{} --silent --fail", curl.trim());
        let answered = Command::new("sh").args(["-c", &arguments]).output().unwrap();
        assert!(answered.status.success(), "{curl}: {answered:?}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn real_settings_come_from_the_environment_and_may_be_for_one_relay() {
    let token = testkit::token::Token::new()
        .claim("AuthKey", "key")
        .hs256(testkit::token::SECRET.as_bytes());
    let set = [
        ("SECRET_KEY", "too short, and for the other relays"),
        ("MISP__SECRET_KEY", testkit::token::SECRET),
        ("MISP__API_URL", "http://127.0.0.1:1"),
        ("RELAY_TOKEN", &token),
    ];
    let served = Served::start(&["--relay", "misp"], &set);
    assert!(served.relay("misp").get("token").is_none());
    let url = served.relay("misp")["url"].as_str().unwrap();
    let refers =
        run(relayctl(&["call", url, "refer", "ip=203.0.113.7", "--json"])
            .env("RELAY_TOKEN", &token));
    let links = refers.done().json();
    assert!(
        links["data"][0]["url"].as_str().unwrap().starts_with("http://127.0.0.1:1/"),
        "{links}"
    );
}

#[test]
fn a_relay_with_bad_settings_says_so_in_every_answer() {
    let served = Served::start(&["--relay", "misp"], &[("SECRET_KEY", "short")]);
    let problem = served.relay("misp")["problem"].as_str().unwrap();
    assert!(problem.contains("SECRET_KEY must be at least 32 bytes"), "{problem}");
    let run = served.call("misp", &["health"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("its operator finds the reason in its log"), "{run:?}");
}

#[test]
fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    run(&mut relayctl(&["serve", "--sandbox", "--listen", &address]))
        .failed(2, &format!("{address} cannot be used"));
}
