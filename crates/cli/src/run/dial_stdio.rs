//! `dial-stdio`: this machine's end of a connection through ssh.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use winsta_client::{Host, ssh};

use crate::grammar::unix::DialStdio;
use crate::report::{Exit, Failure, Outcome};
use crate::tools::Execute;

/// Bytes taken over at once.
const PORTION: usize = 64 << 10;

impl Execute for DialStdio {
    fn execute(self) -> Outcome {
        let unreached = |error| Failure::call("cannot reach the host", &error);
        let stream = match &self.socket {
            Some(socket) => connect(socket),
            None if self.own => Host::own_stream().map_err(unreached),
            None => Host::local_stream().map_err(unreached),
        }?;
        if self.hello {
            let address = stream.peer_addr().map_err(unconnected)?;
            let socket = address.as_pathname().unwrap_or(Path::new(""));
            let said = io::stdout().write_all(ssh::hello(socket).as_bytes());
            said.and_then(|()| io::stdout().flush())
                .map_err(unconnected)?;
        }
        relay(&stream).map_err(unconnected)?;
        Ok(Exit::Done)
    }
}

fn connect(socket: &Path) -> Result<UnixStream, Failure> {
    UnixStream::connect(socket)
        .map_err(|error| Failure::local(format!("cannot connect to {}", socket.display()), &error))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn unconnected(error: io::Error) -> Failure {
    Failure::local("the connection failed", &error)
}

/// Copies both ways until the host has said all. Its answers are never held up by what comes in,
/// nor the other way round.
fn relay(stream: &UnixStream) -> io::Result<()> {
    let sink = stream.try_clone()?;
    // As files, which have no buffers.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || {
            let _lost = copy(&mut input, &mut &sink);
            // Nobody may be left to tell.
            let _closed = sink.shutdown(Shutdown::Write);
        })?;
    match copy(&mut &*stream, &mut output) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Each part goes on as soon as it has come.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; PORTION];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(buffer.get(..count).unwrap_or_default())?;
    }
}
