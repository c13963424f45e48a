//! URLs at which no product is.

use std::io::Write;

use tempfile::NamedTempFile;

use crate::{
    conformance::UNUSED_URL,
    invalid_tls::{CertificateDefect, InvalidTlsServer},
};

/// A URL, for as long as the value lives.
pub(super) struct Unreachable {
    pub(super) url: String,
    /// The issuer that the relay is to trust, as PEM.
    bundle: Option<NamedTempFile>,
}

impl Unreachable {
    /// Nobody listens there.
    pub(super) fn refused() -> Self {
        Self { url: UNUSED_URL.to_owned(), bundle: None }
    }

    /// Its first label is longer than DNS allows, so that it is unknown also without a network.
    pub(super) fn unknown_name() -> Self {
        Self { url: format!("https://{}.invalid", "x".repeat(64)), bundle: None }
    }

    /// A server with such a certificate, whose issuer is trusted.
    pub(super) fn invalid_tls(defect: CertificateDefect) -> Self {
        let InvalidTlsServer { url, issuer } = InvalidTlsServer::with(defect);
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
