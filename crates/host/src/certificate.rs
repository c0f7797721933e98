//! What a host shows to clients from elsewhere.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
};
use winsta_client::tls::files::{self, FileError};
use winsta_client::tls::{Identity, IdentityError, provider};
use winsta_client::{DirError, Dirs};

use crate::config::TlsConfig;

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// The folder for it cannot be used.
    #[error(transparent)]
    Dirs(#[from] DirError),
    /// There is no certificate, or no key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// One of two that belong together.
    #[error("in the configuration, certificate and key of [tls] belong together")]
    Half,
    /// Others could be the host.
    #[error("others may read {}: chmod 600 it", .0.display())]
    Open(PathBuf),
    /// The key is not the certificate's, or none that can be used.
    #[error("the certificate cannot be used")]
    Unfit(#[from] Error),
}

/// The host's certificate: the one that is configured, else the one that it made at its first
/// start.
pub(crate) fn identity(
    dirs: &Dirs,
    config: &TlsConfig,
    machine: &str,
    addresses: &[SocketAddr],
) -> Result<Identity, CertificateError> {
    dirs.prepare_tls()?;
    let identity = match (&config.certificate, &config.key) {
        (Some(certificate), Some(key)) => {
            check_private(key)?;
            Identity::load(certificate, key)?
        }
        (None, None) => Identity::kept(&dirs.tls().join("host.pem"), || {
            Identity::make(machine, names(machine, addresses))
        })?,
        _ => return Err(CertificateError::Half),
    };
    // For clients that want it in a file.
    files::replace(&dirs.tls().join("host.crt"), &identity.certificate())?;
    Ok(identity)
}

fn check_private(key: &Path) -> Result<(), CertificateError> {
    let found = std::fs::metadata(key).map_err(FileError::at(key))?;
    if found.permissions().mode() & 0o007 != 0 {
        return Err(CertificateError::Open(key.to_owned()));
    }
    Ok(())
}

/// What clients that compare names may call the host.
fn names(machine: &str, addresses: &[SocketAddr]) -> Vec<String> {
    let short = machine.split('.').next().unwrap_or(machine);
    let fixed = [machine, short, "localhost", "127.0.0.1", "::1"];
    let special = addresses.iter().map(SocketAddr::ip);
    let special = special.filter(|ip| !ip.is_unspecified());
    let mut names: Vec<String> = Vec::new();
    for name in fixed
        .map(str::to_owned)
        .into_iter()
        .chain(special.map(|ip| ip.to_string()))
    {
        if !name.is_empty() && name.is_ascii() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How TLS is spoken: 1.2 and 1.3, and every client may show a certificate.
pub(crate) fn server(identity: &Identity) -> Result<ServerConfig, CertificateError> {
    let provider = provider();
    let guests = Arc::new(Guests(Arc::clone(&provider)));
    let (chain, key) = identity.parts();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(guests)
        .with_single_cert(chain, key)?;
    // Nothing is remembered of connections that were.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Takes any certificate, if its key is there: whose it is, is asked with each request, of the
/// list of those that are enrolled.
#[derive(Debug)]
struct Guests(Arc<CryptoProvider>);

impl ClientCertVerifier for Guests {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _vouching: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::client::ResolvesClientCert;
    use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::ServerName;
    use rustls::sign::CertifiedKey;
    use rustls::version::{TLS12, TLS13};
    use rustls::{
        CertificateError as Flaw, ClientConfig, ClientConnection, ServerConnection,
        SupportedProtocolVersion,
    };

    use super::*;

    fn dirs(folder: &Path) -> Dirs {
        Dirs::at(folder.join("run"), folder.join("state"))
    }

    #[test]
    fn a_certificate_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let dirs = dirs(folder.path());
        let config = TlsConfig::default();
        let at = ["10.0.0.1:1".parse().unwrap()];
        let made = identity(&dirs, &config, "web01.example.org", &at).unwrap();
        let again = identity(&dirs, &config, "web02", &[]).unwrap();
        assert_eq!(made.fingerprint(), again.fingerprint());
        let found = std::fs::metadata(dirs.tls().join("host.pem")).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        server(&made).unwrap();
    }

    #[test]
    fn own_certificates_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let dirs = dirs(folder.path());
        let path = |name: &str| folder.path().join(name);
        let config = |certificate: &str, key: &str| TlsConfig {
            certificate: Some(path(certificate)).filter(|_| !certificate.is_empty()),
            key: Some(path(key)).filter(|_| !key.is_empty()),
            ..TlsConfig::default()
        };
        for name in ["one", "two"] {
            let made = Identity::kept(&path(name), || Identity::make(name, Vec::new())).unwrap();
            std::fs::write(path(&format!("{name}.crt")), made.certificate()).unwrap();
        }
        let try_it = |certificate, key| {
            identity(&dirs, &config(certificate, key), "web01", &[]).and_then(|own| server(&own))
        };
        assert!(try_it("one.crt", "one").is_ok());
        assert!(matches!(
            try_it("one.crt", "two"),
            Err(CertificateError::Unfit(_))
        ));
        assert!(matches!(try_it("one.crt", ""), Err(CertificateError::Half)));
        assert!(matches!(
            try_it("none", "one"),
            Err(CertificateError::Identity(_))
        ));
        std::fs::set_permissions(path("one"), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            try_it("one.crt", "one"),
            Err(CertificateError::Open(_))
        ));
    }

    #[test]
    fn names_are_what_clients_may_use() {
        let addresses = ["10.0.0.1:1", "0.0.0.0:2", "10.0.0.1:3"].map(|at| at.parse().unwrap());
        let expected = [
            "web01.org",
            "web01",
            "localhost",
            "127.0.0.1",
            "::1",
            "10.0.0.1",
        ];
        assert_eq!(names("web01.org", &addresses), expected);
        assert_eq!(names("b\u{fc}ro", &[]), ["localhost", "127.0.0.1", "::1"]);
    }

    /// Shows a certificate, and signs with whatever key.
    #[derive(Debug)]
    struct Shows(Arc<CertifiedKey>);

    impl ResolvesClientCert for Shows {
        fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }

        fn has_certs(&self) -> bool {
            true
        }
    }

    /// Believes everybody.
    #[derive(Debug)]
    struct Naive;

    impl ServerCertVerifier for Naive {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    }

    /// What the host thinks of a client that shows one certificate and signs with another's key.
    fn meet(
        version: &'static SupportedProtocolVersion,
        shown: &Identity,
        signing: &Identity,
    ) -> Result<bool, Error> {
        let own = Identity::make("host", Vec::new()).unwrap();
        let mut host = ServerConnection::new(Arc::new(server(&own).unwrap())).unwrap();
        let key = provider().key_provider.load_private_key(signing.parts().1);
        let key = Arc::new(CertifiedKey::new(shown.parts().0, key.unwrap()));
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Naive))
            .with_client_cert_resolver(Arc::new(Shows(key)));
        let name = ServerName::try_from("host").unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        while host.is_handshaking() {
            let mut there = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut there).unwrap();
            }
            host.read_tls(&mut there.as_slice()).unwrap();
            host.process_new_packets()?;
            let mut back = Vec::new();
            while host.wants_write() {
                host.write_tls(&mut back).unwrap();
            }
            client.read_tls(&mut back.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(host.peer_certificates() == Some(shown.parts().0.as_slice()))
    }

    #[test]
    fn a_client_has_the_key_of_what_it_shows() {
        let (own, thief) = ["own", "thief"]
            .map(|name| Identity::make(name, Vec::new()).unwrap())
            .into();
        for version in [&TLS12, &TLS13] {
            assert_eq!(meet(version, &own, &own), Ok(true), "{version:?}");
            let stolen = meet(version, &own, &thief);
            assert_eq!(stolen, Err(Flaw::BadSignature.into()), "{version:?}");
        }
    }
}
