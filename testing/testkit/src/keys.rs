//! Signing keys of every kind: the one that relays accept, and those that they must refuse.

mod elliptic;
mod rsa;
mod textbook_rsa;

pub use elliptic::{Ed25519Key, P256Key};
pub use rsa::{Padding, RsaKey};
