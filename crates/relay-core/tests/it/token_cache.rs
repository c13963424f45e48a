//! The product's access tokens: one login for many, one tenant's never for another.

mod expiry;
mod single_flight;
mod tenants;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use testkit::token::{SECRET, Token};

use crate::{
    fixture::Fixture,
    wire::{ScriptedResponse, Server},
};

/// The token of one tenant's caller.
fn tenant(id: &str, secret: &str) -> String {
    let token = Token::new().claim("client_id", id).claim("client_secret", secret);
    token.hs256(SECRET.as_bytes())
}

/// A fixture whose product gives every login a token of its own, `<id>/<secret>/<number>`, finds
/// one hit that says which token was shown, and knows no secret that begins with `wrong`.
async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.product.answers("/login", login(json!(3600)));
    let shown =
        |token: &str| ScriptedResponse::json(&json!({"hits": [{"id": "1", "note": token}]}));
    fixture.product.answers("/search", move |asked| shown(asked.bearer()));
    fixture
}

/// Logins with tokens that last as long as the product says here.
fn login(expires_in: Value) -> impl Fn(&crate::wire::ReceivedRequest) -> ScriptedResponse {
    let logins = AtomicUsize::new(0);
    move |asked| {
        let form = asked.form();
        let (id, secret) = (&form["client_id"], &form["client_secret"]);
        if secret.starts_with("wrong") {
            return ScriptedResponse::body(
                401,
                r#"{"error_description":"This client is not known."}"#,
            );
        }
        let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
        let token = format!("{id}/{secret}/{number}");
        ScriptedResponse::json(&json!({"access_token": token, "expires_in": expires_in}))
    }
}

/// What the product was asked: logins, searches, actions.
fn calls(product: &Server) -> [usize; 3] {
    ["/login", "/search", "/act"].map(|path| product.calls(path))
}
