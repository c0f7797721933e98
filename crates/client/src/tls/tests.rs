//! Real handshakes, with a server in a thread.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::error::Cause;
use crate::ssh::Deadline;
use crate::transport::Connection as _;

/// Shows a certificate, and signs with whatever key.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A server that shows this certificate, signs with that one's key, and gives back what it gets.
fn serve(shown: &Identity, signing: &Identity) -> u16 {
    let chain: Vec<CertificateDer<'static>> = shown.parts().0;
    let key = provider().key_provider.load_private_key(signing.parts().1);
    let key = CertifiedKey::new(chain, key.unwrap());
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(key))));
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            echo(&config, stream);
        }
    });
    port
}

fn echo(config: &Arc<ServerConfig>, stream: TcpStream) {
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = stream.read(&mut bytes) {
        if stream.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

fn dial(port: u16, trust: Trust) -> Result<TlsStream, Cause> {
    let dial = Dial {
        place: format!("localhost:{port}").parse().unwrap(),
        trust,
        identity: None,
        patience: Duration::from_secs(10),
        deadline: Deadline::NEVER,
    };
    dial.connect()
}

fn made(name: &str) -> Identity {
    Identity::make(name, Vec::new()).unwrap()
}

#[test]
fn bytes_go_both_ways_within_their_time() {
    let own = made("own");
    let port = serve(&own, &own);
    let mut stream = dial(port, Trust::Pinned(own.fingerprint())).unwrap();
    assert_eq!(stream.peer(), Some(own.fingerprint()));
    for size in [1, 16 << 10, 1 << 20] {
        let sent: Vec<u8> = (0..=250).cycle().take(size).collect();
        let mut back = Vec::new();
        for part in sent.chunks(32 << 10) {
            stream.write_all(part).unwrap();
            let mut read = vec![0; part.len()];
            stream.read_exact(&mut read).unwrap();
            back.extend(read);
        }
        assert!(sent == back, "{size} bytes");
    }
    stream.set_timeout(Some(Duration::from_millis(50))).unwrap();
    let late = stream.read(&mut [0]).unwrap_err();
    assert_eq!(late.kind(), std::io::ErrorKind::TimedOut);
    // The connection is as good as before.
    stream.set_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"x").unwrap();
    let mut one = [0];
    stream.read_exact(&mut one).unwrap();
    assert_eq!(&one, b"x");
}

#[test]
fn only_the_right_certificate_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (made("own"), made("other"));
    let port = serve(&own, &own);
    let known = KnownHosts::at(folder.path().join("known"));
    let by = || Trust::Known(known.clone());
    assert!(dial(port, Trust::Anybody).is_ok());
    let failure = |trust| match dial(port, trust) {
        Err(Cause::Tls(failure)) => *failure,
        other => panic!("{other:?}"),
    };
    let TlsFailure::Unknown { shown, .. } = failure(by()) else {
        panic!("it is not known");
    };
    assert_eq!(shown, own.fingerprint());
    let place = format!("localhost:{port}").parse().unwrap();
    known.put(&place, other.fingerprint()).unwrap();
    assert!(matches!(failure(by()), TlsFailure::Changed { .. }));
    let pinned = Trust::Pinned(other.fingerprint());
    assert!(matches!(failure(pinned), TlsFailure::Other { .. }));
    known.put(&place, shown).unwrap();
    assert!(dial(port, by()).is_ok());
}

#[test]
fn a_certificate_without_its_key_is_worth_nothing() {
    let (own, thief) = (made("own"), made("thief"));
    let port = serve(&own, &thief);
    for trust in [Trust::Pinned(own.fingerprint()), Trust::Anybody] {
        let Err(Cause::Tls(failure)) = dial(port, trust) else {
            panic!("it is believed");
        };
        let unsigned = Error::from(CertificateError::BadSignature);
        assert!(matches!(*failure, TlsFailure::Protocol(error) if error == unsigned));
    }
}
