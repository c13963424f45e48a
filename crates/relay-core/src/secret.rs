//! The type that keeps secrets from being printed.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};

use crate::error::{Error, ErrorKind, Result};

/// A secret text: prints nothing, is wiped when dropped, and is never empty.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps a text secret; `None` for an empty one.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// Returns the text, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the secret as a header's value, after `prefix`; marked so that no client prints it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for characters outside printable ASCII, which could split a header.
    pub fn header(&self, prefix: &str) -> Result<HeaderValue> {
        let text = format!("{prefix}{}", self.expose());
        let printable = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let value = printable.then(|| HeaderValue::try_from(text).ok()).flatten();
        let mut value = value.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "The key in the token holds characters that no key has; copy it again from the product.",
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The library's own messages may quote the value; ours does not.
        let text = String::deserialize(deserializer)
            .map_err(|_| de::Error::custom("a secret is not a text"))?;
        Self::new(text).ok_or_else(|| de::Error::custom("a secret is empty"))
    }
}
