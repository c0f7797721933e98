//! A client on the wire that watches a writer, and sees each of its lines exactly once.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use winsta_api::{AttachRequest, Attachment};
use winsta_client::{AttachView, Attached, ClientError, Host};
use winsta_domain::{SessionId, TerminalSize};
use winsta_wire::{CloseReason, KeeperMessage, Kind, Output, frame};

use crate::numbered::Lines;

/// An attached client.
pub struct Watcher {
    attached: Attached,
    at: u64,
    /// What it has seen.
    pub lines: Lines,
    /// Why the keeper sent it away.
    pub closed: Option<CloseReason>,
}

/// What came of waiting for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Something came, or nothing in the time.
    Open,
    /// The connection has ended.
    End,
}

impl Watcher {
    /// Attaches to a writer, and wants all its output from the first byte.
    pub fn attach(host: &Host, id: SessionId, mode: Attachment) -> Result<Self, ClientError> {
        let request = AttachRequest {
            mode,
            client_name: Some("watcher".to_owned()),
            client_address: None,
            ask_consent: false,
            from_session: None,
        };
        let view = AttachView {
            size: Some(TerminalSize::DEFAULT),
            from: Some(0),
            ..AttachView::default()
        };
        let attached = host.attach(id, &request, &view)?;
        Ok(Self {
            attached,
            at: 0,
            lines: Lines::default(),
            closed: None,
        })
    }

    /// The name of its connection.
    pub fn name(&self) -> &str {
        &self.attached.name
    }

    /// Types.
    pub fn type_in(&mut self, text: &str) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, Kind::INPUT, text.as_bytes()).expect("a short frame");
        self.attached.stream.write_all(&bytes)
    }

    /// Takes in what comes within `patience`.
    pub fn look(&mut self, patience: Duration) -> Seen {
        let stream = &mut self.attached.stream;
        stream
            .set_read_timeout(Some(patience))
            .expect("a timeout can be set");
        let mut part = [0; 16 << 10];
        match stream.read(&mut part) {
            Ok(0) => return Seen::End,
            Ok(count) => self.attached.decoder.push(&part[..count]),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => return Seen::End,
        }
        while let Some(frame) = self.attached.decoder.next_frame().expect("frames") {
            if frame.kind == Kind::OUTPUT {
                let output = Output::parse(frame.payload).expect("output");
                assert_eq!(output.offset, self.at, "no byte is missed");
                self.at += output.bytes.len() as u64;
                self.lines.push(output.bytes);
            } else if frame.kind == Kind::KEEPER {
                match frame.json().expect("a message") {
                    KeeperMessage::Missed { bytes, .. } => panic!("{bytes} bytes were missed"),
                    KeeperMessage::Closed { reason } => self.closed = Some(reason),
                    _ => {}
                }
            }
        }
        Seen::Open
    }
}
