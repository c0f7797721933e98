use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// A connection that gives what it was given, in pieces.
struct Script(VecDeque<Vec<u8>>);

impl Script {
    fn cut(bytes: &[u8], size: usize) -> Box<dyn Connection> {
        Box::new(Self(bytes.chunks(size).map(<[u8]>::to_vec).collect()))
    }
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.0.pop_front() else {
            return Ok(0);
        };
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        let rest = piece.split_off(count);
        if !rest.is_empty() {
            self.0.push_front(rest);
        }
        Ok(count)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Connection for Script {
    fn set_timeout(&mut self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }
}

fn body(bytes: &[u8], cut: usize) -> Result<(Vec<u8>, bool), HttpError> {
    let answer = Response::read(Script::cut(bytes, cut))?;
    let whole = answer.into_bytes()?;
    Ok((whole.bytes, whole.connection.is_some()))
}

#[test]
fn bodies_are_read_to_their_end_and_no_further() {
    let cases: [(&str, &[u8], &[u8], bool); 6] = [
        ("length", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", true),
        ("close", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc", b"abc", false),
        ("chunks", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", b"abc", true),
        ("trailer", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: y\r\n\r\n", b"", true),
        ("to the end", b"HTTP/1.1 200 OK\r\n\r\nabc", b"abc", false),
        ("after 100", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", b"", true),
    ];
    for (label, bytes, expected, again) in cases {
        for cut in [1, 2, 7, 1_000] {
            let (body, kept) = body(bytes, cut).unwrap();
            assert_eq!(body, expected, "{label}, {cut}");
            assert_eq!(kept, again, "{label}, {cut}");
        }
    }
}

#[test]
fn broken_answers_are_errors() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(MAX_HEAD));
    let cases: [(&str, &[u8]); 9] = [
        ("nothing", b""),
        ("no http", b"hello\r\n\r\n"),
        ("half a head", b"HTTP/1.1 200 OK\r\ncont"),
        (
            "half a body",
            b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
        ),
        (
            "bad length",
            b"HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\nab",
        ),
        (
            "huge length",
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nab",
        ),
        (
            "bad chunk",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxy\r\n",
        ),
        (
            "half a chunk",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        ),
        ("long head", long.as_bytes()),
    ];
    for (label, bytes) in cases {
        assert!(body(bytes, 1_000).is_err(), "{label}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 1usize..50) {
        let _ = body(&bytes, cut);
        let mut whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        whole.extend_from_slice(&bytes);
        let _ = body(&whole, cut);
    }

    #[test]
    fn chunks_come_back_whole(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..100), 0..6), cut in 1usize..50) {
        let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for part in &parts {
            bytes.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let (body, kept) = body(&bytes, cut).unwrap();
        prop_assert_eq!(body, parts.concat());
        prop_assert!(kept);
    }
}
