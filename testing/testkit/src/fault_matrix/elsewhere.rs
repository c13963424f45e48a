//! Places where no product is.

use std::io::Write;

use tempfile::NamedTempFile;

use crate::impostor::{Flaw, Impostor};

/// A place, for as long as the value lives.
pub(super) struct Elsewhere {
    pub(super) url: String,
    /// The issuer that the relay is to trust, as PEM.
    bundle: Option<NamedTempFile>,
}

impl Elsewhere {
    /// Nobody listens there.
    pub(super) fn refused() -> Self {
        Self { url: "http://127.0.0.1:1".to_owned(), bundle: None }
    }

    /// Its first label is longer than DNS allows, so that the resolver says no without a network.
    pub(super) fn unknown_name() -> Self {
        Self { url: format!("https://{}.invalid", "x".repeat(64)), bundle: None }
    }

    /// A server with such a certificate, whose issuer is trusted.
    pub(super) fn impostor(flaw: Flaw) -> Self {
        let Impostor { url, issuer } = Impostor::with(flaw);
        let mut bundle = NamedTempFile::new().expect("a temporary file");
        bundle.write_all(issuer.as_bytes()).expect("a writable file");
        Self { url, bundle: Some(bundle) }
    }

    /// The settings with which a relay comes as far as possible.
    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
        let path = self.bundle.iter().map(|bundle| bundle.path().display().to_string());
        path.map(|path| ("EXTRA_CA_BUNDLE", path)).collect()
    }
}
