//! Bodies that are sealed: `multipart/encrypted` as WS-Management has it (MS-WSMV 2.2.9.1).
//!
//! The parts have no empty line between head and content, and the content of the second is bytes
//! that may hold anything, the boundary too. So this is no MIME in general, but this one form.

use std::fmt::Write as _;

/// What stands between the parts.
const BOUNDARY: &[u8] = b"--Encrypted Boundary\r\n";
/// What stands behind the last.
const END: &[u8] = b"--Encrypted Boundary--";
/// What the type of the body says before its parameters.
const KIND: &str = "multipart/encrypted";
/// Most bytes of a line of a part's head.
const MAX_LINE: usize = 256;
/// Most lines of a part's head.
const MAX_LINES: usize = 8;
/// Most bytes of a signature. Kerberos' are the longest, with less than a hundred.
const MAX_SIGNATURE: usize = 1_024;
/// Most bytes that may be sealed at once.
const MAX_DATA: usize = 64 << 20;

/// What bodies are sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The keys of a context that was negotiated.
    Spnego,
    /// The keys of a ticket alone.
    Kerberos,
}

impl Protocol {
    /// Its name in the type of the body.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spnego => "application/HTTP-SPNEGO-session-encrypted",
            Self::Kerberos => "application/HTTP-Kerberos-session-encrypted",
        }
    }

    /// The type of a body that is sealed with it.
    pub(crate) fn content_type(self) -> String {
        format!(
            "{KIND};protocol=\"{}\";boundary=\"Encrypted Boundary\"",
            self.name()
        )
    }

    fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Spnego, Self::Kerberos];
        all.into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }
}

/// Why a body is not a sealed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// Its type says so.
    #[error("it is not sealed")]
    Clear,
    /// It is sealed with something else than what was agreed.
    #[error("it is sealed with something else than what was agreed")]
    Protocol,
    /// Its parts are not what they should be.
    #[error("its parts are malformed")]
    Parts,
    /// Its signature is longer than the body, or than any signature.
    #[error("its signature has an impossible length")]
    Signature,
    /// It holds more or less than it says.
    #[error("it holds something else than what it says")]
    Length,
}

/// A body that is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealed<'a> {
    /// What it is sealed with.
    pub(crate) protocol: Protocol,
    /// How many bytes it has when it is opened.
    pub(crate) length: usize,
    /// What stands before the data: signature, and what else its mechanism puts there.
    pub(crate) signature: &'a [u8],
    /// The data.
    pub(crate) data: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// The body.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut head = String::from("--Encrypted Boundary\r\n");
        // Writing to a String cannot fail.
        let _ = write!(
            head,
            "Content-Type: {}\r\nOriginalContent: \
             type=application/soap+xml;charset=UTF-8;Length={}\r\n",
            self.protocol.name(),
            self.length
        );
        head.push_str("--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n");
        let mut bytes = head.into_bytes();
        let length = u32::try_from(self.signature.len()).unwrap_or(u32::MAX);
        bytes.reserve(self.signature.len() + self.data.len() + 64);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(self.signature);
        bytes.extend_from_slice(self.data);
        bytes.extend_from_slice(END);
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// Reads a body of this type.
    ///
    /// # Errors
    ///
    /// [`NotSealed`] if it is anything but a sealed one.
    pub(crate) fn parse(content_type: &str, body: &'a [u8]) -> Result<Self, NotSealed> {
        let protocol = protocol_of(content_type)?;
        let rest = body.strip_prefix(BOUNDARY).ok_or(NotSealed::Parts)?;
        let (first, rest) = head(rest)?;
        if first.protocol != Some(protocol) {
            return Err(NotSealed::Protocol);
        }
        let length = first.length.ok_or(NotSealed::Length)?;
        let content = content(rest)?;
        let (size, content) = content.split_first_chunk().ok_or(NotSealed::Signature)?;
        let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
        if size == 0 || size > MAX_SIGNATURE {
            return Err(NotSealed::Signature);
        }
        let parts = content.split_at_checked(size);
        let (signature, data) = parts.ok_or(NotSealed::Signature)?;
        if length > MAX_DATA || data.len() > MAX_DATA {
            return Err(NotSealed::Length);
        }
        Ok(Self {
            protocol,
            length,
            signature,
            data,
        })
    }
}

/// What the type of the body says that it is sealed with.
fn protocol_of(content_type: &str) -> Result<Protocol, NotSealed> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next().unwrap_or_default().eq_ignore_ascii_case(KIND) {
        return Err(NotSealed::Clear);
    }
    let protocol = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("protocol");
        is_it.then(|| value.trim().trim_matches('"'))
    });
    let protocol = protocol.and_then(Protocol::from_name);
    protocol.ok_or(NotSealed::Protocol)
}

/// What the first part says.
#[derive(Default)]
struct First {
    protocol: Option<Protocol>,
    length: Option<usize>,
}

/// Reads the first part, up to the boundary behind it; gives also what follows.
fn head(mut rest: &[u8]) -> Result<(First, &[u8]), NotSealed> {
    let mut first = First::default();
    for _ in 0..MAX_LINES {
        if let Some(behind) = rest.strip_prefix(BOUNDARY) {
            return Ok((first, behind));
        }
        let (line, behind) = line(rest)?;
        rest = behind;
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("content-type") {
            first.protocol = Protocol::from_name(value);
        } else if name.eq_ignore_ascii_case("originalcontent") {
            let mut parts = value.split(';').filter_map(|part| part.split_once('='));
            let length = parts.find(|(name, _)| name.trim().eq_ignore_ascii_case("length"));
            first.length = length.and_then(|(_, length)| length.trim().parse().ok());
        }
    }
    Err(NotSealed::Parts)
}

/// Reads the head of the second part; gives its content.
fn content(rest: &[u8]) -> Result<&[u8], NotSealed> {
    let (line, content) = line(rest)?;
    let kind = line.split_once(':').unwrap_or_default();
    let is_it = kind.0.trim().eq_ignore_ascii_case("content-type")
        && kind
            .1
            .trim()
            .eq_ignore_ascii_case("application/octet-stream");
    if !is_it {
        return Err(NotSealed::Parts);
    }
    let content = content.strip_suffix(b"\r\n").unwrap_or(content);
    content.strip_suffix(END).ok_or(NotSealed::Parts)
}

/// A line, and what follows.
fn line(bytes: &[u8]) -> Result<(&str, &[u8]), NotSealed> {
    let start = bytes.get(..MAX_LINE).unwrap_or(bytes);
    let end = start.windows(2).position(|pair| pair == b"\r\n");
    let (line, rest) = end
        .and_then(|end| Some((bytes.get(..end)?, bytes.get(end + 2..)?)))
        .ok_or(NotSealed::Parts)?;
    let line = std::str::from_utf8(line).map_err(|_| NotSealed::Parts)?;
    Ok((line, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "--Encrypted Boundary\r\n\
        \tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\
        \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=5\r\n\
        --Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n";

    fn parse(body: &[u8]) -> Result<Sealed<'_>, NotSealed> {
        Sealed::parse(&Protocol::Spnego.content_type(), body)
    }

    fn body(head: &str, content: &[u8], end: &str) -> Vec<u8> {
        [head.as_bytes(), content, end.as_bytes()].concat()
    }

    #[test]
    fn what_windows_sends_is_read() {
        for end in ["--Encrypted Boundary--\r\n", "--Encrypted Boundary--"] {
            let body = body(HEAD, b"\x02\0\0\0ab\r\n--E", end);
            let sealed = parse(&body).expect("it is sealed");
            assert_eq!((sealed.length, sealed.protocol), (5, Protocol::Spnego));
            assert_eq!(
                (sealed.signature, sealed.data),
                (&b"ab"[..], &b"\r\n--E"[..])
            );
        }
    }

    #[test]
    fn data_may_hold_the_boundary() {
        let content = b"\x01\0\0\0s--Encrypted Boundary--\r\n--Encrypted Boundary\r\n";
        let body = body(HEAD, content, "--Encrypted Boundary--\r\n");
        let sealed = parse(&body).expect("it is sealed");
        assert_eq!(sealed.data, &content[5..]);
    }

    #[test]
    fn what_is_not_sealed_is_refused() {
        let end = "--Encrypted Boundary--\r\n";
        let cases: [(&str, Vec<u8>, NotSealed); 10] = [
            ("nothing", Vec::new(), NotSealed::Parts),
            ("an envelope", b"<s:Envelope/>".to_vec(), NotSealed::Parts),
            ("no end", body(HEAD, b"\x01\0\0\0sd", ""), NotSealed::Parts),
            ("no content", body(HEAD, b"", end), NotSealed::Signature),
            (
                "an endless signature",
                body(HEAD, b"\xff\xff\xff\xffsd", end),
                NotSealed::Signature,
            ),
            (
                "a signature longer than the body",
                body(HEAD, b"\x10\0\0\0short", end),
                NotSealed::Signature,
            ),
            (
                "no signature",
                body(HEAD, b"\0\0\0\0data", end),
                NotSealed::Signature,
            ),
            (
                "a length that is none",
                body(&HEAD.replace("Length=5", "Length=-5"), b"\x01\0\0\0sd", end),
                NotSealed::Length,
            ),
            (
                "another protocol within",
                body(&HEAD.replace("SPNEGO", "Kerberos"), b"\x01\0\0\0sd", end),
                NotSealed::Protocol,
            ),
            (
                "a line without an end",
                [&b"--Encrypted Boundary\r\n"[..], &[b'a'; 4_096]].concat(),
                NotSealed::Parts,
            ),
        ];
        for (name, body, why) in cases {
            assert_eq!(parse(&body), Err(why), "{name}");
        }
    }

    #[test]
    fn the_type_says_what_it_is() {
        let body = body(HEAD, b"\x01\0\0\0sd", "--Encrypted Boundary--\r\n");
        let cases = [
            ("application/soap+xml;charset=UTF-8", NotSealed::Clear),
            ("", NotSealed::Clear),
            ("multipart/encrypted", NotSealed::Protocol),
            (
                "multipart/encrypted;protocol=\"application/HTTP-CredSSP-session-encrypted\"",
                NotSealed::Protocol,
            ),
            (
                "multipart/encrypted;protocol=\"application/HTTP-Kerberos-session-encrypted\"",
                NotSealed::Protocol,
            ),
        ];
        for (kind, why) in cases {
            assert_eq!(Sealed::parse(kind, &body), Err(why), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            signature in proptest::collection::vec(any::<u8>(), 1..64),
            data in proptest::collection::vec(any::<u8>(), 0..512),
            length in 0_usize..MAX_DATA,
            alone in any::<bool>(),
        ) {
            let protocol = if alone { Protocol::Kerberos } else { Protocol::Spnego };
            let sealed = Sealed { protocol, length, signature: &signature, data: &data };
            let bytes = sealed.to_bytes();
            prop_assert_eq!(Sealed::parse(&protocol.content_type(), &bytes), Ok(sealed));
        }
    }
}
