//! Whether the other side is who it should be.
//!
//! Certificates are known by their fingerprints, on both sides. Names, dates and authorities say
//! nothing here: a pinned certificate is the right one or another.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::fingerprint::Fingerprint;

/// What the certificate of the other side has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// This one.
    This(Fingerprint),
    /// Any: the caller does not care who it is.
    Any,
    /// None is known, so that no certificate will do; but it is looked at.
    Unknown,
}

/// Looks at the certificate of a host. That the host has the key for it is checked in any case.
#[derive(Debug)]
pub(super) struct Inspector {
    provider: Arc<CryptoProvider>,
    expected: Expected,
    seen: OnceLock<Fingerprint>,
}

impl Inspector {
    pub(super) fn new(provider: Arc<CryptoProvider>, expected: Expected) -> Self {
        Self {
            provider,
            expected,
            seen: OnceLock::new(),
        }
    }

    /// The certificate that was shown.
    pub(super) fn seen(&self) -> Option<Fingerprint> {
        self.seen.get().copied()
    }
}

impl ServerCertVerifier for Inspector {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _vouching: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = *self.seen.get_or_init(|| Fingerprint::of(certificate));
        let good = match self.expected {
            Expected::This(known) => known == shown,
            Expected::Any => true,
            Expected::Unknown => false,
        };
        if good {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::UnknownIssuer.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
