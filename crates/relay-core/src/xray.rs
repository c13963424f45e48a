//! Sends a subsegment to AWS X-Ray for each request, where the function's tracing is on.
//!
//! It names method, host and status only: path, query and body say what is investigated, and headers
//! hold credentials. Source: AWS X-Ray developer guide, "X-Ray segment documents" and "Tracing header".

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use aws_lc_rs::rand;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{clock::Clock, settings::Environment};

/// What stands before each document that the daemon receives.
const DAEMON_HEADER: &str = r#"{"format": "json", "version": 1}"#;
/// The longest name of a subsegment, in characters.
const MAX_NAME: usize = 200;

/// Lambda's X-Ray daemon, which takes a document as a datagram; one that is lost costs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    address: SocketAddr,
    clock: Clock,
}

impl Daemon {
    /// Reads `AWS_XRAY_DAEMON_ADDRESS`, which Lambda sets.
    pub(crate) fn new(environment: &Environment, clock: &Clock) -> Option<Self> {
        let address = environment.text("AWS_XRAY_DAEMON_ADDRESS")?.parse().ok()?;
        Some(Self { address, clock: clock.clone() })
    }

    /// Returns the trace of an invocation by its header `X-Amzn-Trace-Id`, if Lambda samples it.
    pub(crate) fn trace(&self, header: &str) -> Option<Trace> {
        let (root, parent) = sampled(header)?;
        Some(Trace {
            socket: self.connect().ok()?,
            clock: self.clock.clone(),
            root: root.to_owned(),
            parent: parent.to_owned(),
        })
    }

    fn connect(&self) -> std::io::Result<UdpSocket> {
        let socket = match self.address {
            SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)),
        }?;
        socket.connect(self.address)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

/// Returns the ids of the trace and of the function's segment in it.
fn sampled(header: &str) -> Option<(&str, &str)> {
    let field = |name: &str| {
        let mut fields = header.split(';').filter_map(|field| field.split_once('='));
        fields.find(|(known, _)| *known == name).map(|(_, value)| value)
    };
    (field("Sampled")? == "1").then_some((field("Root")?, field("Parent")?))
}

/// A sampled trace of one invocation.
#[derive(Debug)]
pub(crate) struct Trace {
    socket: UdpSocket,
    clock: Clock,
    root: String,
    parent: String,
}

impl Trace {
    /// Begins the subsegment of a request.
    pub(crate) fn begin(&self) -> Subsegment<'_> {
        Subsegment { trace: self, began: self.clock.now() }
    }
}

/// The subsegment of a request that is on its way.
pub(crate) struct Subsegment<'a> {
    trace: &'a Trace,
    began: Timestamp,
}

impl Subsegment<'_> {
    /// Ends the subsegment. `origin` has a scheme; `status` is `None` when no whole response came.
    pub(crate) fn end(self, method: &Method, origin: &str, status: Option<u16>) {
        let mut id = [0; 8];
        if rand::fill(&mut id).is_err() {
            return;
        }
        let document = self.document(u64::from_ne_bytes(id), method, origin, status);
        // The answer does not wait for the daemon.
        let _ = self.trace.socket.send(format!("{DAEMON_HEADER}\n{document}").as_bytes());
    }

    fn document(&self, id: u64, method: &Method, origin: &str, status: Option<u16>) -> Value {
        let Trace { clock, root, parent, .. } = self.trace;
        json!({
            "name": name(origin),
            "id": format!("{id:016x}"),
            "trace_id": root,
            "parent_id": parent,
            "type": "subsegment",
            "namespace": "remote",
            "start_time": seconds(self.began),
            "end_time": seconds(clock.now()),
            "http": {
                "request": {"method": method.as_str(), "url": origin},
                "response": status.map(|status| json!({"status": status})).unwrap_or(json!({})),
            },
            "error": status.is_some_and(|status| (400..500).contains(&status)),
            "throttle": status == Some(429),
            "fault": status.is_none_or(|status| status >= 500),
        })
    }
}

/// Host and port, in the characters that X-Ray allows; an IPv6 address loses its brackets.
fn name(origin: &str) -> String {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    host.chars().filter(|letter| !matches!(letter, '[' | ']')).take(MAX_NAME).collect()
}

/// Seconds since 1970 with microseconds.
fn seconds(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SAMPLED: &str =
        "Root=1-6b0ec4a0-000000000000000000000001;Parent=53995c3f42cd8ad8;Sampled=1";

    fn daemon(clock: &Clock) -> (UdpSocket, Daemon) {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let environment = Environment::of([("AWS_XRAY_DAEMON_ADDRESS", address.as_str())]);
        (listener, Daemon::new(&environment, clock).unwrap())
    }

    fn received(listener: &UdpSocket) -> (String, Value) {
        let mut datagram = [0; 2048];
        let length = listener.recv(&mut datagram).unwrap();
        let text = std::str::from_utf8(&datagram[..length]).unwrap();
        let (header, document) = text.split_once('\n').unwrap();
        (header.to_owned(), serde_json::from_str(document).unwrap())
    }

    #[test]
    fn a_request_is_a_subsegment_of_the_function() {
        let clock = Clock::fixed("2026-11-30T12:00:00.25Z".parse().unwrap());
        let (listener, daemon) = daemon(&clock);
        let trace = daemon.trace(SAMPLED).unwrap();
        let subsegment = trace.begin();
        clock.advance(Duration::from_millis(125));
        subsegment.end(&Method::POST, "https://graph.microsoft.com", Some(200));
        let (header, mut document) = received(&listener);
        assert_eq!(header, r#"{"format": "json", "version": 1}"#);
        let id = document["id"].take();
        let id = id.as_str().unwrap();
        assert!(id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        let expected = json!({
            "name": "graph.microsoft.com",
            "id": null,
            "trace_id": "1-6b0ec4a0-000000000000000000000001",
            "parent_id": "53995c3f42cd8ad8",
            "type": "subsegment",
            "namespace": "remote",
            "start_time": 1_796_040_000.25,
            "end_time": 1_796_040_000.375,
            "http": {
                "request": {"method": "POST", "url": "https://graph.microsoft.com"},
                "response": {"status": 200},
            },
            "error": false, "throttle": false, "fault": false,
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn a_status_is_an_error_a_throttle_or_a_fault() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let (listener, daemon) = daemon(&clock);
        let trace = daemon.trace(SAMPLED).unwrap();
        let cases = [
            (Some(204), [false, false, false]),
            (Some(404), [true, false, false]),
            (Some(429), [true, true, false]),
            (Some(503), [false, false, true]),
            (None, [false, false, true]),
        ];
        for (status, expected) in cases {
            trace.begin().end(&Method::GET, "http://[2001:db8::7]:8443", status);
            let (_, document) = received(&listener);
            assert_eq!(document["name"], "2001:db8::7:8443");
            assert_eq!(document["http"]["response"]["status"], json!(status));
            let flags = ["error", "throttle", "fault"].map(|flag| document[flag] == true);
            assert_eq!(flags, expected, "{status:?}");
        }
    }

    #[test]
    fn nothing_is_sent_without_a_sample_or_a_daemon() {
        let clock = Clock::system();
        let (_, daemon) = daemon(&clock);
        for header in
            ["", "Root=1-2-3", "Root=1-2-3;Parent=4;Sampled=0", "Root=1-2-3;Sampled=1", "x"]
        {
            assert!(daemon.trace(header).is_none(), "{header}");
        }
        for address in ["", "localhost", "tcp:127.0.0.1:2000"] {
            let environment = Environment::of([("AWS_XRAY_DAEMON_ADDRESS", address)]);
            assert!(Daemon::new(&environment, &clock).is_none(), "{address}");
        }
    }
}
