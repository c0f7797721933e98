//! What a session printed.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use winsta_api::{ErrorCode, Guard, Session, paths};
use winsta_domain::SessionId;
use winsta_wire::Stream;

use crate::error::ClientError;
use crate::host::{Call, Host, Listing};
use crate::http::Body;

/// Which output is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputQuery {
    /// Offset of the first byte; if it is gone, or not given, the oldest that is kept.
    pub from: Option<u64>,
    /// Go on with what will come, until the session ends.
    pub follow: bool,
    /// Which stream.
    pub stream: Stream,
}

/// Output, as it comes.
#[derive(Debug)]
pub struct OutputReader {
    offset: u64,
    body: Body,
}

impl OutputReader {
    /// Offset of the first byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl Read for OutputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer)
    }
}

/// Pauses before output that was cut off is asked for again: a host or a keeper that was killed is
/// replaced in moments, but for one that cannot be.
const PAUSES: [Duration; 8] = [
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];
/// A stream that lasted this long was no failure: the next pause is a short one again.
const LASTING: Duration = Duration::from_secs(1);

/// Output that is followed to the session's end, whatever becomes of the host meanwhile: each byte
/// comes once.
#[derive(Debug)]
pub struct Following<'a> {
    host: &'a Host,
    session: SessionId,
    /// Tells the session from a later one with its number.
    guard: Guard,
    stream: Stream,
    reader: OutputReader,
    since: Instant,
    /// Offset of the next byte.
    at: u64,
    pauses: std::slice::Iter<'static, Duration>,
}

/// What [`Following::next`] brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// This many bytes, at the buffer's front.
    Bytes(usize),
    /// This many bytes are no longer kept and will not come.
    Missed(u64),
    /// The session has ended, and all of its output came.
    Ended,
    /// The session ended while it had no host; its last output is gone with it.
    Gone,
}

impl Following<'_> {
    /// Offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.at
    }

    /// Waits for what comes next; `buffer` must not be empty.
    ///
    /// # Errors
    /// If the output was cut off and cannot be had again for some seconds.
    pub fn next(&mut self, buffer: &mut [u8]) -> Result<Followed, ClientError> {
        loop {
            match self.reader.read(buffer) {
                Ok(0) => return Ok(Followed::Ended),
                Ok(count) => {
                    self.at += count as u64;
                    self.pauses = PAUSES.iter();
                    return Ok(Followed::Bytes(count));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => match self.resume()? {
                    Some(0) => {}
                    Some(missed) => return Ok(Followed::Missed(missed)),
                    None => return Ok(Followed::Gone),
                },
            }
        }
    }

    /// Goes on at the next byte that is kept, and says how many are not; `None` if there is no
    /// such session any more.
    fn resume(&mut self) -> Result<Option<u64>, ClientError> {
        if self.since.elapsed() > LASTING {
            self.pauses = PAUSES.iter();
        }
        loop {
            let pause = self.pauses.next();
            std::thread::sleep(pause.copied().unwrap_or_default());
            match self.again() {
                Ok(Some(reader)) => {
                    let missed = reader.offset().saturating_sub(self.at);
                    self.at += missed;
                    self.reader = reader;
                    self.since = Instant::now();
                    return Ok(Some(missed));
                }
                Ok(None) => return Ok(None),
                Err(error) if error.code() == Some(ErrorCode::NotFound) => return Ok(None),
                Err(error) if pause.is_none() => return Err(error),
                Err(_) => {}
            }
        }
    }

    fn again(&self) -> Result<Option<OutputReader>, ClientError> {
        let listing = self.host.sessions()?;
        let mut sessions = listing.sessions.iter();
        let same = sessions.find(|session| session.id == self.session.0);
        if same.is_none_or(|session| listing.guard(session) != self.guard) {
            return Ok(None);
        }
        let query = OutputQuery {
            from: Some(self.at),
            follow: true,
            stream: self.stream,
        };
        self.host.output(self.session, query).map(Some)
    }
}

/// What of a screen is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScreenQuery {
    /// With colours, as escape sequences.
    pub ansi: bool,
    /// How many lines that have scrolled out at the top.
    pub scrollback: u32,
}

impl Host {
    /// What a session printed, raw.
    pub fn output(&self, id: SessionId, query: OutputQuery) -> Result<OutputReader, ClientError> {
        let mut path = paths::session(id, "output?follow=");
        path.push_str(if query.follow { "true" } else { "false" });
        if let Some(from) = query.from {
            // Writing to a string cannot fail.
            let _ = write!(path, "&from={from}");
        }
        match query.stream {
            Stream::Out => {}
            Stream::Err => path.push_str("&stream=err"),
        }
        let mut call = Call::get(&path);
        if query.follow {
            call = call.patiently();
        }
        let response = self.about(id, self.open(&call))?;
        let offset = response.field(paths::OFFSET_HEADER);
        Ok(OutputReader {
            offset: offset
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            body: response.into_body(),
        })
    }

    /// What a listed session prints, to its end; `query.follow` is taken for granted.
    pub fn follow(
        &self,
        listing: &Listing,
        session: &Session,
        query: OutputQuery,
    ) -> Result<Following<'_>, ClientError> {
        let id = SessionId(session.id);
        let follow = true;
        let reader = self.output(id, OutputQuery { follow, ..query })?;
        Ok(Following {
            host: self,
            session: id,
            guard: listing.guard(session),
            stream: query.stream,
            since: Instant::now(),
            at: reader.offset(),
            reader,
            pauses: PAUSES.iter(),
        })
    }

    /// What a session shows now, as text.
    pub fn screen(&self, id: SessionId, query: ScreenQuery) -> Result<Vec<u8>, ClientError> {
        let what = format!("screen?ansi={}&scrollback={}", query.ansi, query.scrollback);
        let path = paths::session(id, &what);
        let answer = self.bytes(&Call::get(&path)).map(|(_, body)| body);
        self.about(id, answer)
    }
}
