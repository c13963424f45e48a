//! `TOKEN_CLAIMS`: whose a configuration token must be.
//!
//! XDR signs for each of its tenants and for any relay's URL, so the signature says that XDR made a
//! token, not for whom.

use std::collections::BTreeMap;

use super::{Claims, refused};
use crate::{
    error::Result,
    settings::{BadSetting, Environment},
};

pub(super) const SETTING: &str = "TOKEN_CLAIMS";
/// Claims that a token of any organisation has, so that they say nothing about whose it is.
const SAY_NOTHING: [&str; 7] = ["aud", "exp", "nbf", "iat", "jti", "jwks_host", "relay"];

/// The claims that a configuration token must have; several values of one claim are alternatives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Organisation(BTreeMap<String, Vec<String>>);

impl Organisation {
    /// Reads `claim=value` pairs, separated by commas. `form_claims` are those that a module's form
    /// fills in, so that anybody can choose them.
    pub(super) fn new(environment: &Environment, form_claims: &[&str]) -> Result<Self, BadSetting> {
        let mut claims = BTreeMap::<_, Vec<_>>::new();
        for pair in environment.list(SETTING)? {
            let (name, value) = pair.split_once('=').unwrap_or_default();
            let (name, value) = (name.trim(), value.trim());
            if name.is_empty() || value.is_empty() {
                let reason = "must list pairs of claim and value, such as org_id=abc";
                return Err(BadSetting::new(SETTING, reason));
            }
            if SAY_NOTHING.contains(&name) || form_claims.contains(&name) {
                let reason = format!("must not name {name}, which anybody can have in a token");
                return Err(BadSetting::new(SETTING, reason));
            }
            claims.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        Ok(Self(claims))
    }

    /// Returns whether tokens of every organisation are accepted.
    pub(super) fn is_anybody(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that a token has all claims. Errors: `Unauthorized`.
    pub(super) fn check(&self, claims: &Claims) -> Result<()> {
        match self.0.iter().find(|(name, values)| !claims.is_one_of(name, values)) {
            None => Ok(()),
            Some((name, _)) => Err(refused(
                "the token belongs to another organisation; this relay's operator can admit it",
            )
            .with_context("token.claim", name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn organisation(setting: &str) -> Result<Organisation, BadSetting> {
        Organisation::new(&Environment::of([(SETTING, setting)]), &["tenant_id"])
    }

    #[test]
    fn c13_every_claim_must_be_there_with_one_of_its_values() {
        let check = |setting: &str, claims: Value, expected: bool| {
            let members = claims.as_object().cloned().unwrap_or_default();
            let outcome = organisation(setting).unwrap().check(&Claims::new(members));
            assert_eq!(outcome.is_ok(), expected, "{setting} {claims}");
        };
        check("org_id=a", json!({"org_id": "a"}), true);
        check(" org_id = a , ", json!({"org_id": "a"}), true);
        check("org_id=a,org_id=b", json!({"org_id": "b"}), true);
        check("https://x.example/org/id=a=b", json!({"https://x.example/org/id": "a=b"}), true);
        check("org_id=7", json!({"org_id": 7}), true);
        check("org_id=a", json!({"org_id": ["b", "a"]}), true);
        check("org_id=a,iss=x", json!({"org_id": "a", "iss": "x"}), true);
        check("org_id=a,iss=x", json!({"org_id": "a"}), false);
        for other in [json!("A"), json!("a "), json!(""), json!(null), json!({"a": "a"}), json!([])]
        {
            check("org_id=a", json!({"org_id": other}), false);
        }
        check("org_id=a", json!({}), false);
    }

    #[test]
    fn l09_claims_that_say_nothing_are_refused() {
        for setting in
            [",", "org_id", "=a", "org_id=", "aud=x", "jwks_host=x", "tenant_id=x", "a=b,c"]
        {
            let bad = organisation(setting).unwrap_err().to_string();
            assert!(bad.starts_with("TOKEN_CLAIMS must "), "{setting}: {bad}");
        }
        assert!(organisation(" ").unwrap().is_anybody());
        assert!(!organisation("org_id=a").unwrap().is_anybody());
    }
}
