//! `send`, `screen`, `read` and `wait`.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt;

use winsta_api::{ErrorCode, Session, paths};
use winsta_client::{ClientError, Followed, Following, Host, OutputQuery, ScreenQuery};
use winsta_domain::SessionId;

use super::targets::{describe, one};
use crate::grammar::shared::Server;
use crate::grammar::unix::{Read, Screen, Send, Wait};
use crate::output;
use crate::report::{Exit, Failure, Outcome, Text, say};
use crate::tools::Execute;

/// The host, and the session that a word means.
fn find(on: &Server, target: &str) -> Result<(Host, Session), Failure> {
    let host = on.host()?;
    let listing = host
        .sessions()
        .map_err(|error| Failure::call("cannot list the sessions", &error))?;
    let session = one(&listing.sessions, target)?.clone();
    Ok((host, session))
}

impl Execute for Send {
    fn execute(self) -> Outcome {
        let mut bytes = match self.text.as_slice() {
            [only] if only == "-" => stdin()?,
            words if self.keys => words
                .iter()
                .flat_map(|word| super::keys::bytes(word))
                .collect(),
            words => {
                let words: Vec<&[u8]> = words.iter().map(|w| OsStr::as_bytes(w)).collect();
                words.join(&b' ')
            }
        };
        if self.enter {
            bytes.push(b'\r');
        }
        if bytes.is_empty() {
            return Err(Failure::usage("send: there is nothing to type"));
        }
        let (host, session) = find(&self.on, &self.target)?;
        let what = format!("cannot type into {}", describe(&session));
        let mut typed = 0;
        for chunk in bytes.chunks(paths::MAX_INPUT) {
            let report = host
                .input(SessionId(session.id), chunk)
                .map_err(|error| Failure::call(&what, &error))?;
            typed += report.bytes;
            if report.bytes < chunk.len() as u64 {
                return Err(Failure {
                    exit: Exit::Refused,
                    text: Text::Error(format!(
                        "{what}: its program does not read; it took {typed} of {} bytes",
                        bytes.len()
                    )),
                    hint: None,
                });
            }
        }
        Ok(Exit::Done)
    }
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::local("cannot read standard input", &error))?;
    Ok(bytes)
}

impl Execute for Screen {
    fn execute(self) -> Outcome {
        let (host, session) = find(&self.on, &self.target)?;
        let query = ScreenQuery {
            ansi: self.ansi,
            scrollback: self.scrollback,
        };
        let screen = host.screen(SessionId(session.id), query).map_err(|error| {
            Failure::call(&format!("cannot show {}", describe(&session)), &error)
        })?;
        output::with_stdout(|out| out.write_all(&screen)).map(|()| Exit::Done)
    }
}

impl Execute for Read {
    fn execute(self) -> Outcome {
        let host = self.on.host()?;
        let listing = host
            .sessions()
            .map_err(|error| Failure::call("cannot list the sessions", &error))?;
        let session = one(&listing.sessions, &self.target)?;
        let what = format!("cannot read {}", describe(session));
        let failed = |error: &ClientError| Failure::call(&what, error);
        let query = OutputQuery {
            from: Some(self.from),
            ..OutputQuery::default()
        };
        // Not buffered: what a program prints slowly shall be seen at once.
        let mut buffer = vec![0; 64 << 10];
        if self.follow {
            let following = host.follow(&listing, session, query);
            let mut following = following.map_err(|error| failed(&error))?;
            self.say_missed(following.offset());
            return follow(&mut following, &mut buffer, session, failed);
        }
        let mut reader = host
            .output(SessionId(session.id), query)
            .map_err(|error| failed(&error))?;
        self.say_missed(reader.offset());
        loop {
            let count = reader
                .read(&mut buffer)
                .map_err(|error| Failure::local(&what, &error))?;
            if count == 0 {
                return Ok(Exit::Done);
            }
            print(&buffer, count)?;
        }
    }
}

impl Read {
    /// Says what is missing in front of the first byte, if that was asked for.
    fn say_missed(&self, offset: u64) {
        let missed = offset.saturating_sub(self.from);
        if missed > 0 && self.from > 0 {
            say(&format!(
                "{missed} bytes from {} on are no longer kept",
                self.from
            ));
        }
    }
}

/// Prints what comes until the session ends.
fn follow(
    following: &mut Following<'_>,
    buffer: &mut [u8],
    session: &Session,
    failed: impl Fn(&ClientError) -> Failure,
) -> Outcome {
    loop {
        match following.next(buffer).map_err(|error| failed(&error))? {
            Followed::Bytes(count) => print(buffer, count)?,
            Followed::Missed(missed) => {
                let from = following.offset() - missed;
                say(&format!("{missed} bytes from {from} on are no longer kept"));
            }
            Followed::Ended => return Ok(Exit::Done),
            Followed::Gone => {
                return Err(Failure {
                    exit: Exit::Nothing,
                    text: Text::Error(format!(
                        "{} ended while it had no host; its last output may be missing",
                        describe(session)
                    )),
                    hint: None,
                });
            }
        }
    }
}

fn print(buffer: &[u8], count: usize) -> Result<(), Failure> {
    let bytes = buffer.get(..count).unwrap_or_default();
    output::with_stdout(|out| out.write_all(bytes))
}

impl Execute for Wait {
    fn execute(self) -> Outcome {
        let host = self.on.host()?;
        let id = self.id(&host)?;
        let report = host.wait(id).map_err(|error| match error.code() {
            Some(ErrorCode::NotFound) => Failure::nothing("session", &self.target),
            _ => Failure::call(&format!("cannot wait for session {id}"), &error),
        })?;
        if self.verbose {
            say(&format!("session {}: {}", report.id, report.status));
        }
        Ok(Exit::Session(report.exit_code))
    }
}

impl Wait {
    /// The session. One that has ended is no longer listed, but the host still knows its status,
    /// so that a number is good without the list.
    fn id(&self, host: &Host) -> Result<SessionId, Failure> {
        let listing = host
            .sessions()
            .map_err(|error| Failure::call("cannot list the sessions", &error))?;
        match (one(&listing.sessions, &self.target), self.target.parse()) {
            (Ok(session), _) => Ok(SessionId(session.id)),
            (Err(missing), Ok(id)) if missing.exit == Exit::Nothing => Ok(id),
            (Err(failure), _) => Err(failure),
        }
    }
}
