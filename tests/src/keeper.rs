//! A real keeper, driven over its socket as a host and as clients do.

use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use winsta_domain::{ConnectionId, ExitStatus, SessionId, TerminalSize};
use winsta_wire::{
    Answer, AttachMode, Buffering, ClientMessage, Conduit, Decoder, Event, Hello, KeeperMessage,
    Kind, Output, Refusal, Reply, Request, SessionReport, Spawn, Step, Stream, Ticket, VERSIONS,
    Verb, Welcome, frame,
};

use crate::patience::LONG;

/// A keeper process in a folder of its own.
pub struct Keeper {
    /// Its runtime folder.
    pub folder: PathBuf,
    process: Child,
}

impl Keeper {
    /// Starts a keeper in `folder` and waits until it answers.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// The same with more environment.
    pub fn start_with(folder: &Path, env: &[(&str, &str)]) -> Self {
        let process = Command::new(crate::binary::winsta())
            .args(["keeper", "--dir"])
            .arg(folder)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .spawn()
            .expect("the keeper starts");
        let keeper = Self {
            folder: folder.to_owned(),
            process,
        };
        crate::patience::until("the keeper's socket", || keeper.dial().ok());
        keeper
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A bare connection.
    pub fn dial(&self) -> std::io::Result<UnixStream> {
        UnixStream::connect(self.folder.join("keeper.sock"))
    }

    /// A connection as the host.
    pub fn host(&self) -> Host {
        let mut wire = Wire::new(self.dial().expect("the keeper listens"));
        wire.send(
            Kind::HELLO,
            &Hello::Control {
                versions: VERSIONS,
                pid: std::process::id(),
            },
        );
        let (kind, payload) = wire.frame();
        assert_eq!(kind, Kind::WELCOME);
        let welcome: Welcome = serde_json::from_slice(&payload).expect("a welcome");
        assert!(matches!(welcome, Welcome::Control { .. }), "{welcome:?}");
        let ledger = wire.descriptors.remove(0);
        Host {
            wire,
            ledger,
            seq: 0,
            events: Vec::new(),
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().expect("the keeper can be killed");
        self.process.wait().expect("the keeper can be waited for");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if self.process.try_wait().ok().flatten().is_none() {
            let pid = rustix::process::Pid::from_child(&self.process);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let _ = self.process.wait();
        }
    }
}

/// One connection to a keeper.
pub struct Wire {
    /// The socket.
    pub socket: UnixStream,
    decoder: Decoder,
    /// Descriptors that came.
    pub descriptors: Vec<OwnedFd>,
}

impl Wire {
    /// Speaks over `socket`.
    pub fn new(socket: UnixStream) -> Self {
        socket
            .set_read_timeout(Some(LONG))
            .expect("a timeout can be set");
        Self {
            socket,
            decoder: Decoder::new(),
            descriptors: Vec::new(),
        }
    }

    /// Sends a JSON frame.
    pub fn send<T: serde::Serialize>(&mut self, kind: Kind, message: &T) {
        let mut bytes = Vec::new();
        frame::encode_json(&mut bytes, kind, message).expect("a message");
        self.socket.write_all(&bytes).expect("the keeper reads");
    }

    /// Sends a raw frame.
    pub fn send_raw(&mut self, kind: Kind, payload: &[u8]) {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, kind, payload).expect("a frame");
        self.socket.write_all(&bytes).expect("the keeper reads");
    }

    /// The next frame; panics if none comes.
    pub fn frame(&mut self) -> (Kind, Vec<u8>) {
        self.try_frame().expect("the keeper says something")
    }

    /// The next frame; `None` when the keeper has closed the connection.
    pub fn try_frame(&mut self) -> Option<(Kind, Vec<u8>)> {
        loop {
            if let Some(frame) = self.decoder.next_frame().expect("frames") {
                return Some((frame.kind, frame.payload.to_vec()));
            }
            let mut buffer = vec![0; 64 << 10];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut parts = [IoSliceMut::new(&mut buffer)];
            let flags = RecvFlags::CMSG_CLOEXEC;
            let got = rustix::net::recvmsg(&self.socket, &mut parts, &mut control, flags)
                .map_or(0, |got| got.bytes);
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(rights) = message {
                    self.descriptors.extend(rights);
                }
            }
            if got == 0 {
                return None;
            }
            self.decoder.push(&buffer[..got]);
        }
    }
}

/// A host's connection.
pub struct Host {
    /// The connection.
    pub wire: Wire,
    /// The ledger's memory file.
    pub ledger: OwnedFd,
    seq: u64,
    events: Vec<Event>,
}

impl Host {
    /// Sends a request and waits for its reply, with the tail.
    pub fn ask_with(&mut self, verb: Verb, tail: &[u8]) -> (Result<Answer, Refusal>, Vec<u8>) {
        self.seq += 1;
        let mut bytes = Vec::new();
        let request = Request {
            seq: self.seq,
            verb,
        };
        frame::encode_tailed(&mut bytes, Kind::REQUEST, &request, tail).expect("a request");
        self.wire
            .socket
            .write_all(&bytes)
            .expect("the keeper reads");
        loop {
            let (kind, payload) = self.wire.frame();
            let frame = winsta_wire::Frame {
                kind,
                payload: &payload,
            };
            if kind == Kind::EVENT {
                self.events.push(frame.json().expect("an event"));
                continue;
            }
            let (reply, tail): (Reply, _) = frame.tailed().expect("a reply");
            assert_eq!(reply.seq, self.seq);
            return (reply.outcome, tail.to_vec());
        }
    }

    /// Sends a request and waits for its reply.
    pub fn ask(&mut self, verb: Verb) -> Result<Answer, Refusal> {
        self.ask_with(verb, &[]).0
    }

    /// Sends a request that must succeed.
    pub fn must(&mut self, verb: Verb) -> Answer {
        self.ask(verb).expect("the keeper does it")
    }

    /// Sends a request along with descriptors.
    pub fn ask_giving(&mut self, verb: Verb, given: &[OwnedFd]) -> Result<Answer, Refusal> {
        // The descriptors travel with the first byte of a frame that `ask` then completes: an
        // empty frame of a kind that is passed over.
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, Kind(200), &[]).expect("a frame");
        let given: Vec<_> = given.iter().map(AsFd::as_fd).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&given)));
        let parts = [std::io::IoSlice::new(&bytes)];
        rustix::net::sendmsg(&self.wire.socket, &parts, &mut control, SendFlags::empty())
            .expect("descriptors can be sent");
        self.ask(verb)
    }

    /// Starts a session.
    pub fn spawn(&mut self, spawn: Spawn) -> SessionReport {
        self.wire.descriptors.clear();
        match self.must(Verb::Spawn(Box::new(spawn))) {
            Answer::Spawned(report) => *report,
            other => panic!("not spawned but {other:?}"),
        }
    }

    /// All sessions.
    pub fn list(&mut self) -> Vec<SessionReport> {
        let mut all: Vec<SessionReport> = Vec::new();
        loop {
            let after = all.last().map(|report| report.session);
            match self.must(Verb::List { after }) {
                Answer::Sessions { sessions, more } => {
                    all.extend(sessions);
                    if !more {
                        return all;
                    }
                }
                other => panic!("no list but {other:?}"),
            }
        }
    }

    /// Waits for an event that `wanted` recognises, and gives what it makes of it.
    pub fn event<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        loop {
            if let Some(at) = self.events.iter().position(|event| wanted(event).is_some()) {
                let event = self.events.remove(at);
                return wanted(&event).expect("it was recognised before");
            }
            let (kind, payload) = self.wire.frame();
            assert_eq!(kind, Kind::EVENT);
            self.events
                .push(serde_json::from_slice(&payload).expect("an event"));
        }
    }

    /// Waits until the first process of a session has ended.
    pub fn exit_of(&mut self, id: u32) -> ExitStatus {
        self.event(|event| match event {
            Event::Exited { session, status } if session.0 == id => Some(*status),
            _ => None,
        })
    }

    /// Ends a session by these steps and waits until nothing of it lives; gives the last signal.
    pub fn end(&mut self, id: u32, steps: &[(u8, u32)]) -> u8 {
        let step = |(signal, grace_ms): &(u8, u32)| Step {
            signal: *signal,
            grace_ms: *grace_ms,
        };
        let steps = steps.iter().map(step).collect();
        self.must(Verb::End {
            session: SessionId(id),
            steps,
        });
        self.event(|event| match event {
            Event::Emptied {
                session,
                signal,
                left: 0,
            } if session.0 == id => Some(*signal),
            _ => None,
        })
    }

    /// All output of a session's stream that is kept.
    pub fn output(&mut self, id: u32, stream: Stream) -> Vec<u8> {
        let mut all = Vec::new();
        let mut from = 0;
        loop {
            let verb = Verb::Read {
                session: SessionId(id),
                stream,
                from,
                max: u32::MAX,
            };
            let (answer, tail) = self.ask_with(verb, &[]);
            let Ok(Answer::Bytes { offset, end, .. }) = answer else {
                panic!("{answer:?}")
            };
            all.extend_from_slice(&tail);
            from = offset + tail.len() as u64;
            if from == end {
                return all;
            }
        }
    }

    /// Types into a session.
    pub fn type_in(&mut self, id: u32, text: &str) {
        let verb = Verb::Write {
            session: SessionId(id),
            user: true,
        };
        let written = self
            .ask_with(verb, text.as_bytes())
            .0
            .expect("it takes input");
        assert_eq!(
            written,
            Answer::Written {
                bytes: u32::try_from(text.len()).expect("short")
            }
        );
    }

    /// Registers a ticket and attaches with it.
    pub fn attach(
        &mut self,
        keeper: &Keeper,
        id: u32,
        connection: u32,
        mode: AttachMode,
    ) -> Client {
        self.attach_from(keeper, id, connection, mode, None)
    }

    /// The same, to raw output from an offset.
    pub fn attach_from(
        &mut self,
        keeper: &Keeper,
        id: u32,
        connection: u32,
        mode: AttachMode,
        from: Option<u64>,
    ) -> Client {
        let ticket = Ticket(format!("{connection:032}"));
        self.must(Verb::Ticket {
            session: SessionId(id),
            connection: ConnectionId(connection),
            ticket: ticket.clone(),
            mode,
            seconds: 10,
            note: String::new(),
        });
        let mut wire = Wire::new(keeper.dial().expect("the keeper listens"));
        let size = Some(TerminalSize::DEFAULT);
        let stream = Stream::Out;
        wire.send(
            Kind::HELLO,
            &Hello::Attach {
                versions: VERSIONS,
                ticket,
                size,
                from,
                stream,
            },
        );
        Client { wire }
    }
}

/// An attached client.
pub struct Client {
    /// The connection.
    pub wire: Wire,
}

impl Client {
    /// Reads until output up to `marker` has come; gives all output.
    pub fn read_to(&mut self, marker: &str) -> Vec<u8> {
        let mut seen = Vec::new();
        let mut searched = 0;
        while !contains(&seen[searched..], marker.as_bytes()) {
            searched = seen.len().saturating_sub(marker.len());
            let (kind, payload) = self.wire.frame();
            if kind == Kind::OUTPUT {
                seen.extend_from_slice(Output::parse(&payload).expect("output").bytes);
            }
        }
        seen
    }

    /// Reads until the keeper says what `wanted` recognises.
    pub fn said<T>(&mut self, mut wanted: impl FnMut(KeeperMessage) -> Option<T>) -> T {
        loop {
            let (kind, payload) = self.wire.frame();
            if kind == Kind::KEEPER
                && let Some(found) = wanted(serde_json::from_slice(&payload).expect("a message"))
            {
                return found;
            }
        }
    }

    /// Types.
    pub fn type_in(&mut self, text: &str) {
        self.wire.send_raw(Kind::INPUT, text.as_bytes());
    }

    /// Says something.
    pub fn say(&mut self, message: &ClientMessage) {
        self.wire.send(Kind::CLIENT, message);
    }

    /// Reads nothing for ever but whatever is there, until the connection ends.
    pub fn drain(mut self) {
        let mut sink = Vec::new();
        let _ = self.wire.socket.read_to_end(&mut sink);
    }
}

/// Whether `needle` occurs in `hay`.
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// A session that runs a shell script in a terminal.
pub fn script(id: u32, script: &str) -> Spawn {
    Spawn {
        session: SessionId(id),
        conduit: Conduit::Pty(TerminalSize::DEFAULT),
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        arg0: None,
        env: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
        inherit: false,
        cwd: "/".to_owned(),
        capacity: 1 << 20,
        buffering: Buffering::Drop,
        meta: format!("session {id}"),
        permit: None,
        memory: None,
    }
}
