//! A keeper whose user has made it say what they want, in place of the real one: it is started by
//! systemd with its listening socket as standard input.
//!
//! `claim ID`: it has session ID, and that has just ended. `pipe`: its ledger is a pipe. `hang`: it
//! takes connections and never answers. `flood`: it never stops talking.

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use winsta_domain::{ExitStatus, SessionId, TerminalSize, Timestamp};
use winsta_wire::{
    Answer, Buffering, Conduit, Decoder, Event, Kind, Reply, Request, SessionReport, Verb, Welcome,
    frame,
};

fn main() {
    let mut words = std::env::args().skip(1);
    let what = words.next().expect("what to do");
    let claimed = words.next().and_then(|id| id.parse().ok()).map(SessionId);
    let socket = std::io::stdin().as_fd().try_clone_to_owned();
    let listener = UnixListener::from(socket.expect("a socket"));
    listener.set_nonblocking(false).expect("a socket");
    let mut kept = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        if what == "hang" {
            kept.push(stream);
            continue;
        }
        let talk = talk(&mut stream, &what, claimed);
        eprintln!("{what}: {talk:?}");
    }
}

fn talk(stream: &mut UnixStream, what: &str, claimed: Option<SessionId>) -> std::io::Result<()> {
    let mut decoder = Decoder::new();
    let mut buffer = vec![0; 64 << 10];
    let mut greeted = false;
    loop {
        while let Some(frame) = decoder.next_frame().map_err(std::io::Error::other)? {
            if !greeted {
                greeted = true;
                greet(stream, what)?;
                tell(stream, claimed)?;
                continue;
            }
            let (request, _): (Request, _) = frame.tailed().map_err(std::io::Error::other)?;
            let outcome = Ok(match request.verb {
                Verb::List { .. } => Answer::Sessions {
                    sessions: claimed.map(report).into_iter().collect(),
                    more: false,
                },
                _ => Answer::Done,
            });
            let reply = Reply {
                seq: request.seq,
                descriptors: 0,
                outcome,
            };
            let mut bytes = Vec::new();
            frame::encode_tailed(&mut bytes, Kind::REPLY, &reply, &[])
                .map_err(std::io::Error::other)?;
            stream.write_all(&bytes)?;
            tell(stream, claimed)?;
            if what == "flood" {
                loop {
                    tell(stream, Some(SessionId(1)))?;
                }
            }
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        decoder.push(&buffer[..count]);
    }
}

fn greet(stream: &UnixStream, what: &str) -> std::io::Result<()> {
    let welcome = Welcome::Control {
        version: 1,
        pid: 1,
        program: "hostile".to_owned(),
    };
    let mut bytes = Vec::new();
    frame::encode_json(&mut bytes, Kind::WELCOME, &welcome).map_err(std::io::Error::other)?;
    let (reader, _writer) = std::io::pipe()?;
    let ledger: OwnedFd = if what == "pipe" {
        reader.into()
    } else {
        rustix::fs::memfd_create("ledger", rustix::fs::MemfdFlags::CLOEXEC)?
    };
    // One is asked for; as many as fit are given.
    let passed = [ledger.as_fd(); 8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&passed));
    sendmsg(
        stream,
        &[IoSlice::new(&bytes)],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(())
}

fn tell(stream: &mut UnixStream, claimed: Option<SessionId>) -> std::io::Result<()> {
    let Some(session) = claimed else {
        return Ok(());
    };
    let event = Event::Exited {
        session,
        status: ExitStatus::Code(0),
    };
    let mut bytes = Vec::new();
    frame::encode_json(&mut bytes, Kind::EVENT, &event).map_err(std::io::Error::other)?;
    stream.write_all(&bytes)
}

fn report(session: SessionId) -> SessionReport {
    SessionReport {
        session,
        slot: u32::MAX,
        leader: 1,
        device: None,
        conduit: Conduit::Pty(TerminalSize::DEFAULT),
        buffering: Buffering::Drop,
        started: Timestamp(1),
        last_input: Timestamp(1),
        written: None,
        rings: Vec::new(),
        connections: Vec::new(),
        exit: None,
        ending: false,
        meta: r#"{"user":"root","uid":0}"#.to_owned(),
    }
}
