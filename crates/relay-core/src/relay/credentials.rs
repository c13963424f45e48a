//! The credentials that a token carries for a product.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::secret::Secret;

/// The claims that a product needs, and which of them are secret.
pub trait Credentials: DeserializeOwned + fmt::Debug + Send + Sync {
    /// Returns everything that must never show in an answer or a log.
    fn secrets(&self) -> Vec<&Secret>;

    /// Returns what the log of actions calls the product's account; never a secret.
    fn account(&self) -> String {
        String::new()
    }
}
