//! Keys and the certificates that show them.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::files::{self, FileError};
use super::fingerprint::Fingerprint;

/// Characters in a line of PEM.
const LINE: usize = 64;
/// Longest common name, as X.520 has it.
const MAX_NAME: usize = 64;

/// A certificate, perhaps with those that vouch for it, and its key.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file holds no certificate.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(String),
    /// A file holds no key.
    #[error("{0} holds no private key in PEM")]
    NoKey(String),
    /// None can be made.
    #[error("no certificate can be made")]
    Make(#[from] rcgen::Error),
}

impl Identity {
    /// A new key and a certificate that it signs itself, for `name`, and for `also`: further
    /// names and addresses by which clients that care about names may call it.
    pub fn make(name: &str, also: Vec<String>) -> Result<Self, IdentityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(also)?;
        let name: String = name.chars().take(MAX_NAME).collect();
        params.distinguished_name.push(DnType::CommonName, name);
        // Who knows a certificate by its fingerprint does not mind how old it is.
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2049, 12, 31);
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            chain: vec![certificate.der().clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    /// The identity in this file; made and put there, for its user alone, if there is none.
    pub fn kept(
        path: &Path,
        new: impl FnOnce() -> Result<Self, IdentityError>,
    ) -> Result<Self, IdentityError> {
        if let Some(found) = Self::find(path)? {
            return Ok(found);
        }
        let made = new()?;
        if files::create(path, &made.to_pem())? {
            return Ok(made);
        }
        // Somebody else has made one at the same moment.
        Self::load(path, path)
    }

    /// The identity in this file, if there is one.
    pub fn find(path: &Path) -> Result<Option<Self>, IdentityError> {
        match files::read(path)? {
            Some(text) => Self::read(&text, &text, path, path).map(Some),
            None => Ok(None),
        }
    }

    /// A certificate, followed by those that vouch for it, and its key, from files in PEM.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        let text = |path: &Path| {
            let missing = || FileError::at(path)(io::ErrorKind::NotFound.into());
            files::read(path)?.ok_or_else(missing)
        };
        Self::read(&text(certificate)?, &text(key)?, certificate, key)
    }

    fn read(chain: &str, key: &str, here: &Path, there: &Path) -> Result<Self, IdentityError> {
        let missing = |_: pem::Error| IdentityError::NoCertificate(here.display().to_string());
        let read = CertificateDer::pem_slice_iter(chain.as_bytes());
        let chain: Vec<_> = read.collect::<Result<_, _>>().map_err(missing)?;
        if chain.is_empty() {
            return Err(missing(pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
        let key = key.map_err(|_| IdentityError::NoKey(there.display().to_string()))?;
        Ok(Self { chain, key })
    }

    /// What others know it by.
    pub fn fingerprint(&self) -> Fingerprint {
        let first = self.chain.first();
        Fingerprint::of(first.map(AsRef::as_ref).unwrap_or_default())
    }

    /// The certificate in PEM, for others.
    pub fn certificate(&self) -> String {
        let certificates = self.chain.iter();
        certificates
            .map(|certificate| block("CERTIFICATE", certificate))
            .collect()
    }

    /// The certificates and a copy of the key.
    pub fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), self.key.clone_key())
    }

    fn to_pem(&self) -> String {
        [
            self.certificate(),
            block("PRIVATE KEY", self.key.secret_der()),
        ]
        .concat()
    }
}

fn block(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    let _infallible = writeln!(out, "-----END {label}-----");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.pem");
        assert!(Identity::find(&path).unwrap().is_none());
        let new = || Identity::make("web01", vec!["localhost".to_owned(), "::1".to_owned()]);
        let made = Identity::kept(&path, new).unwrap();
        let again = Identity::kept(&path, new).unwrap();
        assert_eq!(made.fingerprint(), again.fingerprint());
        assert_eq!(made.key, again.key);
        assert!(!made.certificate().contains("PRIVATE"));
    }

    #[test]
    fn files_without_certificate_or_key_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let made = Identity::make("web01", Vec::new()).unwrap();
        std::fs::write(path("crt"), made.certificate()).unwrap();
        std::fs::write(path("pem"), made.to_pem()).unwrap();
        std::fs::write(path("none"), "hello").unwrap();
        Identity::load(&path("crt"), &path("pem")).unwrap();
        let refused = |certificate, key| {
            Identity::load(&path(certificate), &path(key))
                .unwrap_err()
                .to_string()
        };
        assert!(refused("crt", "crt").ends_with("no private key in PEM"));
        assert!(refused("none", "pem").ends_with("no certificate in PEM"));
        assert!(refused("missing", "pem").starts_with("cannot use"));
    }
}
