//! The faults, by the names under which a reader looks for them.

use std::time::Duration;

use sandbox::Fault;
use serde_json::json;

use super::{DEADLINE, SHORT_DEADLINE, elsewhere::Elsewhere};
use crate::impostor::Flaw;

/// A named way in which a product fails.
#[derive(Clone)]
pub(super) struct Disorder {
    pub(super) name: &'static str,
    pub(super) harm: Harm,
}

/// What it does.
#[derive(Clone)]
pub(super) enum Harm {
    /// Nothing.
    None,
    /// All calls that it hits are answered like this.
    Lasting(Fault),
    /// Only the next of them.
    Once(Fault),
    /// No call gets there.
    Elsewhere(fn() -> Elsewhere),
    /// Nothing is heard but about one observable.
    HalfWay,
}

impl Disorder {
    /// Whether nothing but the deadline ends it.
    pub(super) fn waits(&self) -> bool {
        match &self.harm {
            Harm::Lasting(fault) => {
                matches!(fault, Fault::Trickle { .. } | Fault::Stall | Fault::SlowHeaders)
            }
            Harm::HalfWay => true,
            Harm::None | Harm::Once(_) | Harm::Elsewhere(_) => false,
        }
    }

    /// Whether several of its answers are more than a relay holds: then chance decides which of
    /// them is cut for its own size, and which for that of all.
    pub(super) fn is_bulky(&self) -> bool {
        let Harm::Lasting(fault) = &self.harm else { return false };
        matches!(fault, Fault::Huge { .. } | Fault::GzipBomb { .. })
    }

    /// How long the request may take.
    pub(super) fn deadline(&self) -> Duration {
        if self.waits() { SHORT_DEADLINE } else { DEADLINE }
    }
}

/// The product as it should be.
pub(super) const NONE: Disorder = Disorder { name: "none", harm: Harm::None };

/// Of what a relay reads, far more.
const HUGE: u64 = u64::MAX;
/// Eight times what a relay reads.
const BOMB: u64 = 1 << 26;

/// All of them, in the order of the documentation.
pub(super) fn all() -> Vec<Disorder> {
    [quotas(), refusals(), strange_answers(), broken_connections(), no_connections()].concat()
}

fn quotas() -> Vec<Disorder> {
    let wait = |seconds: &str| Fault::TooManyRequests { retry_after: Some(seconds.to_owned()) };
    vec![
        once("429, Retry-After 1 s, once", wait("1")),
        lasting("429, Retry-After 1 s", wait("1")),
        lasting("429, Retry-After 60 s", wait("60")),
        lasting("429 without Retry-After", Fault::TooManyRequests { retry_after: None }),
    ]
}

fn refusals() -> Vec<Disorder> {
    let elsewhere = "https://login.example/".to_owned();
    vec![
        once("401, once", Fault::status(401)),
        lasting("401", Fault::status(401)),
        lasting("403", Fault::Forbidden),
        lasting("404", Fault::status(404)),
        lasting("500", Fault::status(500)),
        once("503, once", Fault::status(503)),
        lasting("503", Fault::status(503)),
        lasting("redirect", Fault::Redirect { to: elsewhere, code: 302 }),
    ]
}

fn strange_answers() -> Vec<Disorder> {
    let broken = Fault::Status {
        code: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: r#"{"value": [NaN, "#.to_owned(),
    };
    vec![
        lasting("no JSON", broken),
        lasting("JSON of another shape", Fault::json(200, &json!("text"))),
        lasting("HTML login page", Fault::Html),
        lasting("truncated body", Fault::Malformed),
        lasting("endless body", Fault::Huge { bytes: HUGE }),
        lasting("gzip bomb", Fault::GzipBomb { bytes: BOMB }),
    ]
}

fn broken_connections() -> Vec<Disorder> {
    vec![
        once("reset before the answer, once", Fault::ResetBeforeAnswer),
        lasting("reset before the answer", Fault::ResetBeforeAnswer),
        lasting("reset in the body", Fault::ResetInBody),
        lasting("slow body", Fault::Trickle { pause: Duration::from_millis(100) }),
        lasting("body that stalls", Fault::Stall),
        lasting("silence", Fault::SlowHeaders),
        Disorder { name: "deadline half-way", harm: Harm::HalfWay },
    ]
}

fn no_connections() -> Vec<Disorder> {
    vec![
        elsewhere("connection refused", Elsewhere::refused),
        elsewhere("name not known", Elsewhere::unknown_name),
        elsewhere("certificate of an unknown issuer", || Elsewhere::impostor(Flaw::UnknownIssuer)),
        elsewhere("certificate expired", || Elsewhere::impostor(Flaw::Expired)),
        elsewhere("certificate for another name", || Elsewhere::impostor(Flaw::OtherName)),
    ]
}

fn lasting(name: &'static str, fault: Fault) -> Disorder {
    Disorder { name, harm: Harm::Lasting(fault) }
}

fn once(name: &'static str, fault: Fault) -> Disorder {
    Disorder { name, harm: Harm::Once(fault) }
}

fn elsewhere(name: &'static str, place: fn() -> Elsewhere) -> Disorder {
    Disorder { name, harm: Harm::Elsewhere(place) }
}
