//! F6: whatever a product responds, the relay's answer is valid, within its limit and its size.

use std::sync::atomic::{AtomicU64, Ordering};

use relay_core::Route;
use sandbox::{Fault, Product, Times, When};
use testkit::Observables;

use crate::{bodies::route_of, change, relays::with_relay};

/// The entity limit of the callers here.
const ENTITY_LIMIT: usize = 5;

/// Responses of a product. The first three bytes choose the route (`o`, `h`, `r`, `a` or `t`), the
/// responses (`d` data or `l` login with the rest of the bytes, else true ones with changes that
/// the rest steers), and the relay's mode.
///
/// # Panics
///
/// When the relay's answer is not valid.
pub fn f06_responses(product: Product, data: &[u8]) {
    let [route, what, mode, bytes @ ..] = data else { return };
    let (route, fixture) = (route_of(*route), product.fixture());
    with_relay(product, *mode, |kept| {
        let mut caller = kept.relay.with_claim("CTR_ENTITIES_LIMIT", ENTITY_LIMIT);
        let of_data = fixture.data_paths.iter().map(|path| When::path(*path)).collect();
        let (hit, fault): (Vec<_>, _) = match (what, fixture.login_path) {
            (b'd', _) => (of_data, Fault::Bytes(bytes.to_vec())),
            (b'l', Some(login)) => {
                caller = caller.with_claim(fixture.secrets[0], unknown_secret());
                (vec![When::any().mentioning(login)], Fault::Bytes(bytes.to_vec()))
            }
            _ => {
                change::steer(bytes);
                (of_data, Fault::Rewritten(change::changed))
            }
        };
        for when in hit {
            caller.sandbox.fault(when, fault.clone(), Times::Always);
        }
        let request = caller.request(route);
        kept.send(match (route, fixture.actions) {
            (Route::Trigger, [action, ..]) => request.action(action.id, action.observable),
            (Route::Trigger, []) => request,
            _ => request.about(fixture.observables().collect::<Observables>()),
        });
    });
}

/// A secret that neither relay nor product has seen.
fn unknown_secret() -> String {
    static CALLERS: AtomicU64 = AtomicU64::new(0);
    format!("the secret of caller {}", CALLERS.fetch_add(1, Ordering::Relaxed))
}
