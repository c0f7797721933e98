//! The ways to machines, as the agent takes them.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use winsta_client::tls::{Dial, Keys, TlsFailure, Trust};
use winsta_client::{Cause, Connection, Connector, Deadline, Dirs, Host};
use winsta_domain::Endpoint as Place;
use winsta_pssession::agent::{Roads, Target, Transport};
use winsta_pssession::{Endpoint, Login, Logon};

use super::target::SEALED_PORT;
use crate::run::reach;

/// How long a connection may take to come.
const CONNECTING: Duration = Duration::from_secs(15);

/// The ways that there are.
pub(super) struct Ways;

impl Roads for Ways {
    fn endpoint(&self, target: &Target) -> Result<Endpoint, String> {
        match target.transport {
            Transport::Local => local(),
            Transport::HostName => ssh(target),
            Transport::ComputerName => http(target),
        }
    }
}

fn local() -> Result<Endpoint, String> {
    let connector = Host::own_connector().map_err(|cause| cause.to_string())?;
    let address = "http://localhost/wsman".to_owned();
    Ok(Endpoint::new(connector, address, Login::Connection))
}

fn ssh(target: &Target) -> Result<Endpoint, String> {
    let name = &target.computer_name;
    let connector = reach::ssh(name, target.user.as_deref(), target.port, CONNECTING);
    let connector = connector.map_err(|failure| failure.words())?;
    let address = format!("ssh://{name}/wsman");
    Ok(Endpoint::new(
        Box::new(connector),
        address,
        Login::Connection,
    ))
}

fn http(target: &Target) -> Result<Endpoint, String> {
    let name = &target.computer_name;
    let place = match &target.uri {
        None => reach::published(name, target.port).map_err(|failure| failure.words())?,
        Some(uri) => {
            if let Some(rest) = uri.strip_prefix("http://") {
                let place = Plain {
                    place: authority(rest)?,
                    seals: target.authentication.mechanism().is_some(),
                };
                let login = login(target, true)?;
                return Ok(Endpoint::new(Box::new(place), uri.clone(), login));
            }
            let rest = uri.strip_prefix("https://");
            let rest = rest.ok_or_else(|| format!("{uri} does not begin with https://"))?;
            place(rest, Place::DEFAULT_PORT)?
        }
    };
    let address = format!("https://{place}/wsman");
    let dirs = Dirs::from_env().map_err(|error| error.to_string())?;
    let tls = Tls {
        keys: Keys::of(&dirs),
        place,
        trusting: target.skip_ca_check,
    };
    Ok(Endpoint::new(Box::new(tls), address, login(target, false)?))
}

/// How the client says who it is. What goes in clear is sealed, if that is possible.
fn login(target: &Target, in_clear: bool) -> Result<Login, String> {
    let mechanism = target.authentication.mechanism();
    match (&target.user, &target.password, mechanism) {
        (Some(user), Some(password), Some(mechanism)) => Ok(Login::Windows(Logon {
            mechanism,
            user: user.clone(),
            password: password.clone(),
            host: target.computer_name.clone(),
            seals: in_clear,
        })),
        (_, _, Some(_)) => Err("the user and the password are not known".to_owned()),
        (Some(user), Some(password), None) => Ok(Login::Basic {
            user: user.clone(),
            password: password.clone(),
        }),
        _ => Ok(Login::Certificate),
    }
}

/// Machine and port of what stands behind the scheme.
fn place(rest: &str, port: u16) -> Result<Place, String> {
    let authority = rest.split('/').next().unwrap_or_default();
    let place = Place::with_port(authority, port);
    place.map_err(|error| format!("{authority}: {error}"))
}

fn authority(rest: &str) -> Result<String, String> {
    Ok(place(rest, SEALED_PORT)?.to_string())
}

/// A service within TLS.
#[derive(Debug)]
struct Tls {
    keys: Keys,
    place: Place,
    /// Whether any certificate will do.
    trusting: bool,
}

impl Connector for Tls {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        let identity = self.keys.identity();
        let identity = identity.map_err(|error| Cause::from(TlsFailure::Identity(error)))?;
        let trust = if self.trusting {
            Trust::Anybody
        } else {
            Trust::Known(self.keys.known())
        };
        let dial = Dial {
            place: self.place.clone(),
            trust,
            identity: identity.map(Arc::new),
            patience: CONNECTING,
            deadline: Deadline::NEVER,
        };
        Ok(Box::new(dial.connect()?))
    }

    fn place(&self) -> String {
        self.place.to_string()
    }

    fn is_remote(&self) -> bool {
        true
    }
}

/// A service that speaks in clear: on this machine alone, unless what is said is sealed.
#[derive(Debug)]
struct Plain {
    place: String,
    seals: bool,
}

/// A connection in clear.
struct Tcp(TcpStream);

impl io::Read for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl io::Write for Tcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Connection for Tcp {
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)?;
        self.0.set_write_timeout(timeout)
    }
}

impl Connector for Plain {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        let failed = |source| Cause::Unreachable {
            place: self.place.clone(),
            source,
        };
        // A name is looked up here, so that it cannot lead elsewhere between check and use.
        let addresses = self.place.to_socket_addrs().map_err(failed)?;
        let mut why = io::Error::new(
            io::ErrorKind::PermissionDenied,
            "plain HTTP is for this machine alone; https:// leads to others, and so does \
             -Authentication Negotiate, which seals",
        );
        for address in addresses.filter(|address| self.seals || address.ip().is_loopback()) {
            match TcpStream::connect_timeout(&address, CONNECTING) {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(failed)?;
                    return Ok(Box::new(Tcp(stream)));
                }
                Err(error) => why = error,
            }
        }
        Err(failed(why))
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn is_remote(&self) -> bool {
        self.seals
    }
}
