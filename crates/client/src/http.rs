//! As much of HTTP/1.1 as a client of a host needs.

use std::io::{self, BufRead, BufReader, Read, Write};

use crate::transport::Connection;

/// Most bytes of an answer's head.
const MAX_HEAD: usize = 32 << 10;
/// Most header fields of an answer.
const MAX_FIELDS: usize = 48;
/// Most bytes of an answer's body that is read as a whole.
const MAX_BODY: u64 = 64 << 20;
/// Most bytes of a line that announces a chunk.
const MAX_CHUNK_LINE: u64 = 64;
/// Bytes read at once.
const BUFFER: usize = 64 << 10;

/// Why an answer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The connection failed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// The connection ended before the answer did.
    #[error("the connection ended in the middle of the answer")]
    Cut,
    /// The connection ended before an answer began.
    #[error("the connection ended without an answer")]
    NoAnswer,
    /// The answer's head is no HTTP.
    #[error("the head of the answer is malformed")]
    Head(#[from] httparse::Error),
    /// The answer's head or a header in it is too long.
    #[error("the answer is longer than {most} bytes")]
    TooLong {
        /// Most bytes that there may be.
        most: u64,
    },
    /// The connection did not become what was asked for.
    #[error("the host answered {status} and does not lead any further")]
    Stays {
        /// Status code of the answer.
        status: u16,
    },
    /// The answer's body is cut into chunks in a way that HTTP does not know.
    #[error("the body of the answer is malformed")]
    Chunk,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Header fields beside the usual ones.
    pub fields: &'a [(&'a str, &'a str)],
    /// Type of the body.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// The request as it goes over the wire, in one piece so that it takes one write.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + self.body.len());
        let agent = concat!("winsta/", env!("CARGO_PKG_VERSION"));
        let Self { method, target, .. } = self;
        out.extend_from_slice(
            format!("{method} {target} HTTP/1.1\r\nhost: winsta\r\nuser-agent: {agent}\r\n")
                .as_bytes(),
        );
        for (name, value) in self.fields {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !self.body.is_empty() {
            let (kind, length) = (self.content_type, self.body.len());
            out.extend_from_slice(
                format!("content-type: {kind}\r\ncontent-length: {length}\r\n").as_bytes(),
            );
        } else if self.method != "GET" {
            out.extend_from_slice(b"content-length: 0\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.body);
        out
    }
}

/// An answer, its body yet to be read.
pub struct Response {
    /// Status code.
    pub status: u16,
    fields: Vec<(String, String)>,
    body: Body,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Response");
        shown
            .field("status", &self.status)
            .field("fields", &self.fields);
        shown.finish_non_exhaustive()
    }
}

impl Response {
    /// Sends `request` and reads the head of the answer.
    pub fn ask(
        mut connection: Box<dyn Connection>,
        request: &Request<'_>,
    ) -> Result<Self, HttpError> {
        connection.write_all(&request.bytes())?;
        Self::read(connection)
    }

    /// Reads the head of an answer.
    pub fn read(connection: Box<dyn Connection>) -> Result<Self, HttpError> {
        let mut reader = BufReader::with_capacity(BUFFER, connection);
        loop {
            let (head, used) = read_head(&mut reader)?;
            reader.consume(used);
            // 1xx answers announce another.
            if head.status < 200 {
                continue;
            }
            let framing = framing(&head)?;
            let keep = !has_token(&head, "connection", "close");
            return Ok(Self {
                status: head.status,
                fields: head.fields,
                body: Body {
                    reader,
                    framing,
                    keep,
                },
            });
        }
    }

    /// Value of the first header field of this name (in lower case).
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Values of all header fields of this name (in lower case).
    pub fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Reads the whole body.
    pub fn into_bytes(mut self) -> Result<Whole, HttpError> {
        let known = match self.body.framing {
            Framing::Length(length) => length,
            Framing::Chunked { .. } | Framing::ToTheEnd => 0,
        };
        if known > MAX_BODY {
            return Err(HttpError::TooLong { most: MAX_BODY });
        }
        let mut bytes = vec![0; usize::try_from(known).unwrap_or_default()];
        let read = self.body.read_exact(&mut bytes);
        read.map_err(HttpError::from_body)?;
        let rest = (&mut self.body).take(MAX_BODY + 1).read_to_end(&mut bytes);
        rest.map_err(HttpError::from_body)?;
        if bytes.len() as u64 > MAX_BODY {
            return Err(HttpError::TooLong { most: MAX_BODY });
        }
        Ok(Whole {
            bytes,
            connection: self.body.into_connection(),
        })
    }

    /// The body, to be read as it comes.
    pub fn into_body(self) -> Body {
        self.body
    }
}

/// Asks that a connection become one of another protocol; gives what came of that already.
pub fn switch(
    connection: &mut (impl Read + Write),
    request: &Request<'_>,
) -> Result<Vec<u8>, HttpError> {
    connection.write_all(&request.bytes())?;
    let mut reader = BufReader::with_capacity(BUFFER, connection);
    let (head, used) = read_head(&mut reader)?;
    reader.consume(used);
    match head.status {
        101 => Ok(reader.buffer().to_vec()),
        status => Err(HttpError::Stays { status }),
    }
}

/// A body that was read to its end.
pub struct Whole {
    /// The body.
    pub bytes: Vec<u8>,
    /// The connection, if it can be used again.
    pub connection: Option<Box<dyn Connection>>,
}

impl HttpError {
    /// Reading a body gives `io::Error`s that may wrap one of these.
    fn from_body(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(error) => Self::Io(error),
        }
    }
}

struct Head {
    status: u16,
    fields: Vec<(String, String)>,
}

/// Reads until a whole head is there; gives it, and how much of the buffer it takes up.
///
/// A head always fits into the reader's buffer, because that is larger than [`MAX_HEAD`].
fn read_head(reader: &mut BufReader<impl Read>) -> Result<(Head, usize), HttpError> {
    let mut collected = Vec::new();
    loop {
        let before = collected.len();
        let fresh = reader.fill_buf()?;
        if fresh.is_empty() {
            let error = if before == 0 {
                HttpError::NoAnswer
            } else {
                HttpError::Cut
            };
            return Err(error);
        }
        collected.extend_from_slice(fresh);
        let added = fresh.len();
        let parsed = parse_head(&collected)?;
        if let Some((head, end)) = parsed.filter(|(_, end)| *end <= MAX_HEAD) {
            return Ok((head, end.saturating_sub(before)));
        }
        if collected.len() > MAX_HEAD {
            let most = MAX_HEAD as u64;
            return Err(HttpError::TooLong { most });
        }
        reader.consume(added);
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, HttpError> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let end = match answer.parse(bytes)? {
        httparse::Status::Complete(end) => end,
        httparse::Status::Partial => return Ok(None),
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let fields = answer.headers.iter();
    let fields = fields.map(|field| (field.name.to_ascii_lowercase(), text(field.value)));
    let head = Head {
        status: answer.code.unwrap_or_default(),
        fields: fields.collect(),
    };
    Ok(Some((head, end)))
}

fn has_token(head: &Head, name: &str, token: &str) -> bool {
    let mut fields = head.fields.iter().filter(|(field, _)| field == name);
    fields.any(|(_, value)| {
        value
            .split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(token))
    })
}

fn framing(head: &Head) -> Result<Framing, HttpError> {
    if head.status == 204 || head.status == 304 {
        return Ok(Framing::Length(0));
    }
    if has_token(head, "transfer-encoding", "chunked") {
        return Ok(Framing::Chunked {
            left: 0,
            ended: false,
            first: true,
        });
    }
    let length = head
        .fields
        .iter()
        .find(|(name, _)| name == "content-length");
    match length {
        Some((_, value)) => value
            .trim()
            .parse()
            .map(Framing::Length)
            .map_err(|_| HttpError::Chunk),
        None => Ok(Framing::ToTheEnd),
    }
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    /// This many bytes are left.
    Length(u64),
    /// This many bytes of the present chunk are left.
    Chunked { left: u64, ended: bool, first: bool },
    /// Until the connection ends.
    ToTheEnd,
}

/// The body of an answer. A connection that ends too early is an error, not an end.
pub struct Body {
    reader: BufReader<Box<dyn Connection>>,
    framing: Framing,
    keep: bool,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("framing", &self.framing)
            .finish_non_exhaustive()
    }
}

impl Body {
    fn into_connection(self) -> Option<Box<dyn Connection>> {
        let at_end = match self.framing {
            Framing::Length(left) => left == 0,
            Framing::Chunked { ended, .. } => ended,
            Framing::ToTheEnd => false,
        };
        let clean = at_end && self.keep && self.reader.buffer().is_empty();
        clean.then(|| self.reader.into_inner())
    }

    /// Begins the next chunk; gives its length, 0 at the end.
    fn next_chunk(&mut self, first: bool) -> io::Result<u64> {
        if !first {
            self.chunk_line()?;
        }
        let line = self.chunk_line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16).map_err(|_| malformed())?;
        if length == 0 {
            // Trailers, up to an empty line.
            let mut trailers = 0;
            while !self.chunk_line()?.is_empty() {
                trailers += 1;
                if trailers > MAX_FIELDS {
                    return Err(malformed());
                }
            }
        }
        Ok(length)
    }

    fn chunk_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        (&mut self.reader)
            .take(MAX_CHUNK_LINE)
            .read_line(&mut line)?;
        match line.strip_suffix('\n') {
            Some(line) => Ok(line.trim_end_matches('\r').to_owned()),
            None if line.is_empty() => Err(io::Error::other(HttpError::Cut)),
            None => Err(malformed()),
        }
    }
}

fn malformed() -> io::Error {
    io::Error::other(HttpError::Chunk)
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if let Framing::Chunked {
            left: 0,
            ended: false,
            first,
        } = self.framing
        {
            let left = self.next_chunk(first)?;
            self.framing = Framing::Chunked {
                left,
                ended: left == 0,
                first: false,
            };
        }
        let left = match self.framing {
            Framing::Length(0) | Framing::Chunked { ended: true, .. } => return Ok(0),
            Framing::Length(left) | Framing::Chunked { left, .. } => left,
            Framing::ToTheEnd => return self.reader.read(buffer),
        };
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let part = buffer.get_mut(..most).unwrap_or_default();
        let count = self.reader.read(part)?;
        if count == 0 {
            return Err(io::Error::other(HttpError::Cut));
        }
        match &mut self.framing {
            Framing::Length(left) | Framing::Chunked { left, .. } => *left -= count as u64,
            Framing::ToTheEnd => {}
        }
        Ok(count)
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
