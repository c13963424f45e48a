//! Trust: compiled-in roots, the operator's own, and the reason when a certificate is refused.

use std::{error::Error as StdError, io, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::settings::{BadSetting, Environment};

const EXPIRED: &str = "it has expired";
const NOT_YET: &str = "it is not valid yet";

/// Whose certificates are accepted, by whom a request goes to.
pub(super) struct Trust {
    /// TLS 1.2 and 1.3 with the roots of the web.
    pub(super) web: ClientConfig,
    /// The same with the issuers of `EXTRA_CA_BUNDLE`, where there is one: for the product, not for
    /// the services that decide who may call and with which secret.
    pub(super) product: Option<ClientConfig>,
}

impl Trust {
    pub(super) fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let product = match environment.text("EXTRA_CA_BUNDLE") {
            Some(path) => {
                let mut roots = roots.clone();
                add_bundle(&mut roots, path)?;
                Some(config(roots)?)
            }
            None => None,
        };
        Ok(Self { web: config(roots)?, product })
    }
}

fn config(roots: RootCertStore) -> Result<ClientConfig, BadSetting> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| BadSetting::new("TLS", "has no usable protocol version"))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn add_bundle(roots: &mut RootCertStore, path: &str) -> Result<(), BadSetting> {
    let bad =
        || BadSetting::new("EXTRA_CA_BUNDLE", "must name a readable PEM file with certificates");
    let pem = std::fs::read(path).map_err(|_| bad())?;
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|_| bad())?).map_err(|_| bad())?;
        added += 1;
    }
    if added == 0 { Err(bad()) } else { Ok(()) }
}

/// Whether a certificate was refused for its dates, which a wrong clock makes look bad too.
pub(super) fn is_about_time(reason: &str) -> bool {
    [EXPIRED, NOT_YET].contains(&reason)
}

/// Why a certificate or handshake was refused, if that is what `error` is about.
pub(super) fn refusal(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = as_tls(error) {
            return Some(reason(tls));
        }
        next = error.source();
    }
    None
}

fn as_tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    // An I/O error hides what it wraps from `source`, and may wrap another one.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => as_tls(wrapped),
        None => error.downcast_ref(),
    }
}

fn reason(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return "the TLS handshake failed";
    };
    match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => EXPIRED,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => NOT_YET,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name"
        }
        CertificateError::UnknownIssuer => {
            "its issuer is not known (add a private issuer with EXTRA_CA_BUNDLE)"
        }
        CertificateError::Revoked => "it was revoked",
        _ => "it is not valid",
    }
}
