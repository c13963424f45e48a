//! F6: whatever a product answers, the relay's answer is valid, within its limit and its size.

use relay_core::route::Route;
use sandbox::{Fault, Product, Times};
use serde_json::{Value, json};
use testkit::ctim::Asked;

use crate::{
    change,
    stage::{Stage, assert_sound},
    subject::Subject,
};

/// The limit of the callers here.
const LIMIT: usize = 5;

/// Answers of Microsoft to the Defender relay. The first three bytes choose the route (`o`, `h`,
/// `r`, `a` or `t`), what is answered (`d` data or `l` login with the rest of the bytes, else true
/// answers with changes that the rest steers), and the relay's way to work.
///
/// # Panics
///
/// When the relay's answer is not sound.
pub fn f06_defender_atp(data: &[u8]) {
    check(Product::DefenderAtp, data);
}

/// Answers of ThreatINSIGHT; the bytes mean what they mean for [`f06_defender_atp`].
///
/// # Panics
///
/// When the relay's answer is not sound.
pub fn f06_gigamon_threatinsight(data: &[u8]) {
    check(Product::GigamonThreatinsight, data);
}

/// Answers of Microsoft Graph; the bytes mean what they mean for [`f06_defender_atp`].
///
/// # Panics
///
/// When the relay's answer is not sound.
pub fn f06_graph_security(data: &[u8]) {
    check(Product::GraphSecurity, data);
}

/// Answers of a MISP server; the bytes mean what they mean for [`f06_defender_atp`].
///
/// # Panics
///
/// When the relay's answer is not sound.
pub fn f06_misp(data: &[u8]) {
    check(Product::Misp, data);
}

/// Answers of Qualys; the bytes mean what they mean for [`f06_defender_atp`].
///
/// # Panics
///
/// When the relay's answer is not sound.
pub fn f06_qualys_ioc(data: &[u8]) {
    check(Product::QualysIoc, data);
}

fn check(product: Product, data: &[u8]) {
    let [route, what, way, rest @ ..] = data else { return };
    let (route, subject) = (route_of(*route), Subject::of(product, *way));
    let question = question(subject, route);
    let answer = Stage::with(subject, |stage| {
        let body = question.to_string();
        match (what, subject.login()) {
            (b'd', _) => {
                for path in subject.data() {
                    stage.sandbox().fault(*path, Fault::Bytes(rest.to_vec()), Times::Always);
                }
            }
            (b'l', Some(path)) => {
                stage.sandbox().fault(path.as_str(), Fault::Bytes(rest.to_vec()), Times::Always);
                return stage.ask_as_stranger(route, body);
            }
            _ => {
                change::steer(rest);
                for path in subject.data() {
                    stage.sandbox().fault(*path, Fault::Rewritten(change::changed), Times::Always);
                }
            }
        }
        let mut claims = subject.claims();
        claims["CTR_ENTITIES_LIMIT"] = LIMIT.into();
        stage.ask_as(&claims, route, body)
    });
    let asked = match route {
        Route::Trigger => json!([]),
        _ => question,
    };
    assert_sound(route, &Asked::about(&asked).at_most(LIMIT), &answer);
}

fn route_of(letter: u8) -> Route {
    match letter {
        b'h' => Route::Health,
        b'r' => Route::Refer,
        b'a' => Route::Respond,
        b't' => Route::Trigger,
        b'v' => Route::Deliberate,
        _ => Route::Observe,
    }
}

/// What is asked: about all that the product knows, or for an action that the relay has.
fn question(subject: Subject, route: Route) -> Value {
    match route {
        Route::Trigger => {
            let (kind, value) = subject.known()[0];
            let (action, kind, value) = match subject.product {
                Product::DefenderAtp => {
                    let (kind, value) = subject.known()[3];
                    ("microsoft-defender-FullIsolation", kind, value)
                }
                Product::Misp => ("respond-misp-sighting-", kind, value),
                _ => ("no-such-action", kind, value),
            };
            json!({"action-id": action, "observable_type": kind, "observable_value": value})
        }
        _ => subject
            .known()
            .iter()
            .map(|(kind, value)| json!({"type": kind, "value": value}))
            .collect(),
    }
}
