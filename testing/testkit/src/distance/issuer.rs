//! The issuer of distant servers' certificates, whom a relay trusts by `EXTRA_CA_BUNDLE`.

use std::{fs, path::PathBuf, sync::Arc};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, date_time_ymd};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tempfile::TempDir;

use crate::invalid_tls;

/// An issuer that no system trusts by itself, and a file with its certificate.
pub struct Issuer {
    certified: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Issuer {
    /// Makes an issuer, and its file until the value is dropped.
    ///
    /// # Panics
    ///
    /// When there is no folder for temporary files.
    pub fn new() -> Self {
        let issuer = Self {
            certified: invalid_tls::issuer(),
            folder: tempfile::tempdir().expect("a folder"),
        };
        fs::write(issuer.bundle(), issuer.certified.pem()).expect("a file");
        issuer
    }

    /// The PEM file for `EXTRA_CA_BUNDLE`.
    pub fn bundle(&self) -> PathBuf {
        self.folder.path().join("issuer.pem")
    }

    /// A server on 127.0.0.1 that speaks HTTP/2, or HTTP/1.1 alone.
    pub(super) fn server_config(&self, speaks_http2: bool) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a valid name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2100, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.certified).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let mut config = invalid_tls::config(certificate.into(), key);
        let protocol: &[u8] = if speaks_http2 { b"h2" } else { b"http/1.1" };
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new()
    }
}
