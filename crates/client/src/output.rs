//! What a session printed.

use std::fmt::Write as _;
use std::io::{self, Read};

use winsta_api::paths;
use winsta_domain::SessionId;
use winsta_wire::Stream;

use crate::error::ClientError;
use crate::host::{Call, Host};
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

    /// What a session shows now, as text.
    pub fn screen(&self, id: SessionId, query: ScreenQuery) -> Result<Vec<u8>, ClientError> {
        let what = format!("screen?ansi={}&scrollback={}", query.ansi, query.scrollback);
        let path = paths::session(id, &what);
        let answer = self.bytes(&Call::get(&path)).map(|(_, body)| body);
        self.about(id, answer)
    }
}
