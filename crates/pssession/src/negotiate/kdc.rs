//! Messages to the key distribution centers of Kerberos, over TCP.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use sspi::network_client::NetworkClient;
use sspi::{Error, ErrorKind, NetworkProtocol, NetworkRequest};

/// How long a center may take for each step.
const PATIENCE: Duration = Duration::from_secs(10);
/// The port of centers.
const PORT: u16 = 88;
/// Most bytes of an answer: tickets of users with very many groups have some ten thousand.
const MAX_ANSWER: u32 = 1 << 20;

/// Whoever takes messages there.
pub(super) struct Centers;

impl NetworkClient for Centers {
    fn send(&self, request: &NetworkRequest) -> sspi::Result<Vec<u8>> {
        if request.protocol != NetworkProtocol::Tcp {
            let why = format!("{} cannot be asked, only tcp://", request.url);
            return Err(Error::new(ErrorKind::NoAuthenticatingAuthority, why));
        }
        let host = request.url.host_str().unwrap_or_default();
        let host = host.trim_matches(['[', ']']);
        let port = request.url.port().unwrap_or(PORT);
        ask(host, port, &request.data).map_err(|error| {
            let why = format!("the key distribution center {host}:{port} does not answer: {error}");
            Error::new(ErrorKind::NoAuthenticatingAuthority, why)
        })
    }
}

/// Sends a message that begins with its length; gives the answer, which does too.
fn ask(host: &str, port: u16, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut failure = io::Error::other("the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return exchange(stream, message),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn exchange(mut stream: TcpStream, message: &[u8]) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(message)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let count = u32::from_be_bytes(length);
    if count > MAX_ANSWER {
        return Err(io::Error::other("its answer is too long"));
    }
    let mut answer = length.to_vec();
    let read = stream.take(u64::from(count)).read_to_end(&mut answer)?;
    if u32::try_from(read) != Ok(count) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}
