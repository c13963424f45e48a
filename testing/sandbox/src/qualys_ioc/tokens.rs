//! Tokens: issued at the login, looked up at every search.

use std::{collections::HashMap, sync::Mutex};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{accounts::Subscription, error::QualysError};
use crate::lock::locked;

/// The tokens that were issued since the start.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<String, GatewayToken>>);

struct GatewayToken {
    subscription: &'static Subscription,
    expires: i64,
    searches: u32,
}

impl Tokens {
    /// A new token, in the form of a JWT.
    pub(super) fn issue(&self, subscription: &'static Subscription, now: Timestamp) -> String {
        let mut issued = locked(&self.0);
        let expires = now.as_second() + subscription.token_seconds;
        let token = jwt(&json!({
            "sub": subscription.account.username,
            "iss": "qas",
            "aud": "qas",
            "jti": format!("TGT-{}", issued.len() + 1),
            "iat": now.as_second(),
            "exp": expires,
        }));
        issued.insert(token.clone(), GatewayToken { subscription, expires, searches: 0 });
        token
    }

    /// Returns the subscription of a token and counts the search.
    ///
    /// Errors: 401 when the token was never issued, has expired or was revoked.
    pub(super) fn redeem(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<&'static Subscription, QualysError> {
        let mut issued = locked(&self.0);
        let token = issued.get_mut(token);
        let token = token.ok_or_else(|| QualysError::unauthorized("Invalid token"))?;
        if token.expires <= now.as_second() {
            return Err(QualysError::unauthorized("The token has expired"));
        }
        if token.subscription.searches_per_token.is_some_and(|most| token.searches >= most) {
            return Err(QualysError::unauthorized("The token was revoked"));
        }
        token.searches += 1;
        Ok(token.subscription)
    }
}

/// Nobody checks the signature but the simulator itself, which keeps its tokens.
fn jwt(payload: &Value) -> String {
    let header = json!({"alg": "RS512", "typ": "JWT"});
    let parts = [header.to_string(), payload.to_string(), "signature".to_owned()];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qualys_ioc::accounts::{ACCOUNT, Account, SINGLE_USE_TOKENS};

    fn issue(tokens: &Tokens, account: Account, second: i64) -> String {
        tokens.issue(Subscription::of(account.username).unwrap(), at(second))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_three_base64url_parts_with_an_expiry() {
        let token = issue(&Tokens::default(), ACCOUNT, 0);
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!((parts.len(), parts[0]), (3, "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9"));
        let payload =
            r#"{"aud":"qas","exp":14400,"iat":0,"iss":"qas","jti":"TGT-1","sub":"relay_api"}"#;
        assert_eq!(URL_SAFE_NO_PAD.decode(parts[1]).unwrap(), payload.as_bytes());
    }

    #[test]
    fn a_token_serves_until_it_expires_and_a_single_use_token_once() {
        let tokens = Tokens::default();
        let usual = issue(&tokens, ACCOUNT, 1000);
        let (first, second) =
            (issue(&tokens, SINGLE_USE_TOKENS, 1000), issue(&tokens, SINGLE_USE_TOKENS, 1000));
        for (token, second, is_valid) in [
            (usual.as_str(), 1000, true),
            (&usual, 1000 + 14_399, true),
            (&usual, 1000 + 14_400, false),
            ("e.y.J", 1000, false),
            (&first, 1001, true),
            (&first, 1001, false),
            (&second, 1001, true),
        ] {
            assert_eq!(tokens.redeem(token, at(second)).is_ok(), is_valid, "{token} at {second}");
        }
    }
}
