//! Changes, as the host tells them.

use std::io::{BufRead, BufReader, Read};

use winsta_api::{Change, paths};

use crate::error::{Cause, ClientError};
use crate::host::{Call, Host};
use crate::http::{Body, HttpError};

/// Most bytes in a line of the stream.
const MAX_LINE: u64 = 64 << 10;

/// Changes of a host, from now on; ends when the host does.
#[derive(Debug)]
pub struct Events<'a> {
    host: &'a Host,
    lines: BufReader<Body>,
}

impl Host {
    /// Changes from now on.
    pub fn events(&self) -> Result<Events<'_>, ClientError> {
        let response = self
            .open(&Call::get(paths::EVENTS).patiently())
            .map_err(|cause| self.failed(None, cause))?;
        Ok(Events {
            host: self,
            lines: BufReader::new(response.into_body()),
        })
    }
}

impl Events<'_> {
    /// The data of the next event that has some.
    fn next_data(&mut self) -> Result<Option<String>, Cause> {
        let mut line = String::new();
        loop {
            line.clear();
            let read = (&mut self.lines).take(MAX_LINE).read_line(&mut line);
            let count = read.map_err(Cause::Connection)?;
            if count == 0 {
                return Ok(None);
            }
            if !line.ends_with('\n') {
                return Err(Cause::Http(HttpError::TooLong { most: MAX_LINE }));
            }
            // Lines that begin with a colon keep the connection alive; empty ones end an event.
            if let Some(data) = line.strip_prefix("data:") {
                return Ok(Some(data.trim().to_owned()));
            }
        }
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Change, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        let change = self.next_data().and_then(|data| {
            data.map(|data| serde_json::from_str(&data).map_err(Cause::Answer))
                .transpose()
        });
        change
            .map_err(|cause| self.host.failed(None, cause))
            .transpose()
    }
}
