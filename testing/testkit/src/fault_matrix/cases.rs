//! The faults, by their names in docs/reliability.md.

use std::time::Duration;

use sandbox::Fault;
use serde_json::json;

use super::unreachable::Unreachable;
use crate::invalid_tls::CertificateDefect;

/// A named way in which a product fails.
#[derive(Clone)]
pub(super) struct FaultCase {
    pub(super) name: &'static str,
    pub(super) effect: Effect,
}

/// How it shows.
#[derive(Clone)]
pub(super) enum Effect {
    /// Not at all.
    None,
    /// Every request that it hits is answered like this.
    Always(Fault),
    /// Only the next request.
    Once(Fault),
    /// No request reaches the product.
    Unreachable(fn() -> Unreachable),
    /// All requests but those about one observable get no response.
    OthersSilent,
}

impl FaultCase {
    /// Whether its responses are larger than a relay's budget: then it is chance which of them is
    /// cut for its own size, and which for the size of all.
    pub(super) fn exhausts_budget(&self) -> bool {
        let Effect::Always(fault) = &self.effect else { return false };
        matches!(fault, Fault::Huge { .. } | Fault::GzipBomb { .. })
    }
}

/// No fault.
pub(super) const NONE: FaultCase = FaultCase { name: "none", effect: Effect::None };

/// Far more than a relay reads.
const ENDLESS_BYTES: u64 = u64::MAX;
/// Eight times what a relay reads.
const BOMB_BYTES: u64 = 1 << 26;

/// All faults, in the order of the documentation.
pub(super) fn all() -> Vec<FaultCase> {
    [quotas(), rejections(), unexpected_bodies(), broken_connections(), no_connections()].concat()
}

fn quotas() -> Vec<FaultCase> {
    let wait = |seconds: &str| Fault::TooManyRequests { retry_after: Some(seconds.to_owned()) };
    vec![
        once("429, Retry-After 1 s, once", wait("1")),
        always("429, Retry-After 1 s", wait("1")),
        always("429, Retry-After 60 s", wait("60")),
        always("429 without Retry-After", Fault::TooManyRequests { retry_after: None }),
    ]
}

fn rejections() -> Vec<FaultCase> {
    let login = "https://login.example/".to_owned();
    vec![
        once("401, once", Fault::status(401)),
        always("401", Fault::status(401)),
        always("403", Fault::Forbidden),
        always("404", Fault::status(404)),
        always("500", Fault::status(500)),
        once("503, once", Fault::status(503)),
        always("503", Fault::status(503)),
        always("redirect", Fault::Redirect { to: login, code: 302 }),
    ]
}

fn unexpected_bodies() -> Vec<FaultCase> {
    let broken = Fault::Status {
        code: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: r#"{"value": [NaN, "#.to_owned(),
    };
    vec![
        always("no JSON", broken),
        always("JSON of another shape", Fault::json(200, &json!("text"))),
        always("HTML login page", Fault::Html),
        always("truncated body", Fault::Malformed),
        always("endless body", Fault::Huge { bytes: ENDLESS_BYTES }),
        always("gzip bomb", Fault::GzipBomb { bytes: BOMB_BYTES }),
    ]
}

fn broken_connections() -> Vec<FaultCase> {
    vec![
        once("reset before the answer, once", Fault::ResetBeforeAnswer),
        always("reset before the answer", Fault::ResetBeforeAnswer),
        always("reset in the body", Fault::ResetInBody),
        always("slow body", Fault::Trickle { pause: Duration::from_millis(100) }),
        always("body that stalls", Fault::Stall),
        always("silence", Fault::SlowHeaders),
        FaultCase { name: "deadline half-way", effect: Effect::OthersSilent },
    ]
}

fn no_connections() -> Vec<FaultCase> {
    vec![
        unreachable("connection refused", Unreachable::refused),
        unreachable("name not known", Unreachable::unknown_name),
        unreachable("certificate of an unknown issuer", || {
            Unreachable::invalid_tls(CertificateDefect::UnknownIssuer)
        }),
        unreachable("certificate expired", || Unreachable::invalid_tls(CertificateDefect::Expired)),
        unreachable("certificate for another name", || {
            Unreachable::invalid_tls(CertificateDefect::OtherName)
        }),
    ]
}

fn always(name: &'static str, fault: Fault) -> FaultCase {
    FaultCase { name, effect: Effect::Always(fault) }
}

fn once(name: &'static str, fault: Fault) -> FaultCase {
    FaultCase { name, effect: Effect::Once(fault) }
}

fn unreachable(name: &'static str, place: fn() -> Unreachable) -> FaultCase {
    FaultCase { name, effect: Effect::Unreachable(place) }
}
