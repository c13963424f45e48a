//! Tokens: issued at the login, looked up at every search.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{accounts::Subscription, answers::Refusal};

/// The tokens that were issued since the start.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<String, Issued>>);

struct Issued {
    subscription: &'static Subscription,
    expires: i64,
    searches: u32,
}

impl Tokens {
    /// A new token, in the form of a JWT.
    pub(super) fn issue(&self, subscription: &'static Subscription, now: Timestamp) -> String {
        let mut issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let expires = now.as_second() + subscription.token_seconds;
        let token = jwt(&json!({
            "sub": subscription.account.username,
            "iss": "qas",
            "aud": "qas",
            "jti": format!("TGT-{}", issued.len() + 1),
            "iat": now.as_second(),
            "exp": expires,
        }));
        issued.insert(token.clone(), Issued { subscription, expires, searches: 0 });
        token
    }

    /// Whose token this is. Counts the search.
    ///
    /// # Errors
    ///
    /// 401 when the token was never issued, has expired or was revoked.
    pub(super) fn redeem(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<&'static Subscription, Refusal> {
        let mut issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = issued.get_mut(token).ok_or_else(|| Refusal::unauthorized("Invalid token"))?;
        if known.expires <= now.as_second() {
            return Err(Refusal::unauthorized("The token has expired"));
        }
        if known.subscription.searches_per_token.is_some_and(|most| known.searches >= most) {
            return Err(Refusal::unauthorized("The token was revoked"));
        }
        known.searches += 1;
        Ok(known.subscription)
    }
}

/// Nobody checks the signature but the imitation itself, which knows its tokens by heart.
fn jwt(payload: &Value) -> String {
    let header = json!({"alg": "RS512", "typ": "JWT"});
    let parts = [header.to_string(), payload.to_string(), "signature".to_owned()];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qualys_ioc::accounts::{ACCOUNT, Account, SINGLE_USE_TOKENS};

    fn subscription(account: Account) -> &'static Subscription {
        Subscription::of(account.username).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_three_base64url_parts_with_an_expiry() {
        let token = Tokens::default().issue(subscription(ACCOUNT), at(0));
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0], "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9");
        let payload =
            r#"{"aud":"qas","exp":14400,"iat":0,"iss":"qas","jti":"TGT-1","sub":"relay_api"}"#;
        assert_eq!(URL_SAFE_NO_PAD.decode(parts[1]).unwrap(), payload.as_bytes());
    }

    #[test]
    fn a_token_serves_until_it_expires() {
        let tokens = Tokens::default();
        let token = tokens.issue(subscription(ACCOUNT), at(1000));
        assert!(tokens.redeem(&token, at(1000)).is_ok());
        assert!(tokens.redeem(&token, at(1000 + 14_399)).is_ok());
        assert!(tokens.redeem(&token, at(1000 + 14_400)).is_err());
        assert!(tokens.redeem("e.y.J", at(1000)).is_err());
    }

    #[test]
    fn a_single_use_token_serves_once() {
        let tokens = Tokens::default();
        let first = tokens.issue(subscription(SINGLE_USE_TOKENS), at(0));
        let second = tokens.issue(subscription(SINGLE_USE_TOKENS), at(0));
        assert_ne!(first, second);
        assert!(tokens.redeem(&first, at(1)).is_ok());
        assert!(tokens.redeem(&first, at(1)).is_err());
        assert!(tokens.redeem(&second, at(1)).is_ok());
    }
}
