//! Signing keys of every kind: the one that relays accept, and those that they must reject.

mod elliptic;
mod rsa;
mod rsa_reference;

pub use elliptic::{Ed25519Key, P256Key};
pub use rsa::{Padding, RsaKey};
