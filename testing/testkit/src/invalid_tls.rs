//! Servers whose certificates no relay may accept.

use std::{net, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Why a certificate must not be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateDefect {
    /// Its issuer is not trusted.
    UnknownIssuer,
    /// It was valid until 2021.
    Expired,
    /// It is for `elsewhere.example`.
    OtherName,
}

/// A server on 127.0.0.1, for as long as the runtime of the test lives.
pub struct InvalidTlsServer {
    /// Where it listens.
    pub url: String,
    /// The certificate of its issuer, as PEM: for who trusts it, only the defect remains.
    pub issuer: String,
}

impl InvalidTlsServer {
    /// Serves TLS handshakes with a certificate of this defect.
    ///
    /// # Panics
    ///
    /// When no port can be opened, or outside a runtime.
    pub fn with(defect: CertificateDefect) -> Self {
        let issuer = issuer();
        let (certificate, key) = certified(defect, &issuer);
        Self { url: serve(config(certificate, key)), issuer: issuer.pem() }
    }

    /// The URL of a server whose certificate has no trusted issuer.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with).
    pub fn untrusted() -> String {
        Self::with(CertificateDefect::UnknownIssuer).url
    }
}

pub(crate) fn issuer() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).expect("no name is invalid");
    params.distinguished_name.push(DnType::CommonName, "Issuer of the tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("an issuer's certificate")
}

fn certified(
    defect: CertificateDefect,
    issuer: &CertifiedIssuer<'static, KeyPair>,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let name =
        if defect == CertificateDefect::OtherName { "elsewhere.example" } else { "127.0.0.1" };
    let until = if defect == CertificateDefect::Expired { 2021 } else { 2100 };
    let mut params = CertificateParams::new([name.to_owned()]).expect("a valid name");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = match defect {
        CertificateDefect::UnknownIssuer => params.self_signed(&key),
        CertificateDefect::Expired | CertificateDefect::OtherName => params.signed_by(&key, issuer),
    };
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    (certificate.expect("a certificate").into(), key)
}

pub(crate) fn config(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions the provider knows")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a key that fits the certificate")
}

/// Shakes hands with one client after the other, until each ends the connection.
fn serve(config: ServerConfig) -> String {
    let listener = net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an open port has a number"));
    listener.set_nonblocking(true).expect("a listener that does not block");
    let listener = TcpListener::from_std(listener).expect("a runtime");
    let tls = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // The client refuses the certificate.
            let _ = tls.accept(stream).await;
        }
    });
    url
}
