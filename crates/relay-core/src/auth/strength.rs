//! Which secrets are strong enough to sign tokens with.

use crate::settings::{BadSetting, Environment};

/// HMAC-SHA-256 needs a key of at least the length of its output (RFC 7518 §3.2).
const MIN_BYTES: usize = 32;
/// The length of the secrets that the module's token generator makes.
const USUAL_CHARS: usize = 64;
/// A random secret of the least length has more different characters, whatever alphabet it is of.
const MIN_DIFFERENT_CHARS: usize = 6;
/// The secret of the published events, which anybody can sign with.
const DEMONSTRATION: &str = "demonstration-key-of-64-letters-never-use-it-for-a-real-relay-00";

/// Checks secrets before they verify anything.
pub(super) struct Strength {
    /// Whether the relay runs in front of a simulator on the same machine.
    is_local: bool,
}

impl Strength {
    pub(super) fn new(environment: &Environment) -> Self {
        Self { is_local: environment.is_local() }
    }

    /// Returns the secret if it is strong enough; `name` is its setting.
    pub(super) fn check(&self, name: &str, secret: String) -> Result<String, BadSetting> {
        let bad = |reason: &str| {
            let reason = format!("{reason}; use {USUAL_CHARS} random characters");
            Err(BadSetting::new(name, reason))
        };
        if secret.len() < MIN_BYTES {
            return bad(&format!("must be at least {MIN_BYTES} bytes long"));
        }
        if !has_variety(&secret) {
            return bad("must not be a few repeated characters");
        }
        if secret == DEMONSTRATION && !self.is_local {
            return bad("must not be the published key of the example events");
        }
        if secret.chars().count() < USUAL_CHARS {
            tracing::warn!(
                setting = name,
                "the secret is shorter than the usual {USUAL_CHARS} characters"
            );
        }
        Ok(secret)
    }
}

fn has_variety(secret: &str) -> bool {
    let different: std::collections::HashSet<_> = secret.chars().collect();
    different.len() >= MIN_DIFFERENT_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secret: &str, product: &str) -> Result<String, BadSetting> {
        let strength = Strength::new(&Environment::of([("API_URL", product)]));
        strength.check("SECRET_KEY", secret.to_owned())
    }

    #[test]
    fn j04_weak_secrets_are_refused_by_name() {
        for (secret, reason) in [
            ("", "be at least 32 bytes"),
            ("short", "be at least 32 bytes"),
            (&"x".repeat(31), "be at least 32 bytes"),
            (&"x".repeat(32), "not be a few"),
            (&"abcde".repeat(13), "not be a few"),
            (DEMONSTRATION, "not be the published key"),
        ] {
            let error = check(secret, "https://misp.example").unwrap_err().to_string();
            assert!(error.starts_with(&format!("SECRET_KEY must {reason}")), "{error}");
        }
        for secret in ["0123456789abcdef0123456789abcdef", "74180263957418026395741802639574"] {
            assert!(check(secret, "https://misp.example").is_ok());
        }
    }

    #[test]
    fn j04_the_published_key_is_for_simulators_on_the_same_machine() {
        assert!(check(DEMONSTRATION, "http://127.0.0.1:9104").is_ok());
    }
}
