//! The output thread: from the keeper to the terminal, and whatever else has to be drawn.

use std::io::IoSlice;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;
use winsta_domain::SessionId;
use winsta_wire::{
    AttachMode, ClientMessage, CloseReason, Frame, KeeperMessage, Kind, Notice, Output, Ticket,
};

use crate::display::Display;
use crate::inbox::{Filled, Frames, Inbox};
use crate::input::Shared;
use crate::notice_box;
use crate::notices::{Content, Notices};
use crate::run::Options;
use crate::terminal::{Parting, Terminal};
use crate::token::{Key, Token, first_token};
use crate::wake::Wishes;
use crate::{AttachError, Dial, Ending, Outcome, connect};

/// Most pieces of output written at once.
const PIECES: usize = 64;
/// How long a client that only watches is told so, in seconds.
const VIEWER_NOTE: u32 = 3;

/// Everything that the output thread has.
pub(crate) struct Pump<'a> {
    socket: Arc<OwnedFd>,
    /// The way to the keepers.
    dial: &'a dyn Dial,
    inbox: Inbox,
    terminal: &'a Terminal,
    shared: &'a Shared,
    options: &'a Options,
    display: Display,
    notices: Notices,
    /// The box as it was last drawn.
    drawn: Option<Content>,
    /// Keys for the box that have not come whole.
    keys: Vec<u8>,
    session: Option<SessionId>,
    mode: AttachMode,
    /// Where to go, if the host sends this client to another session.
    switch: Option<(String, String)>,
}

/// Whether to go on, or how it ended.
type Flow = ControlFlow<Ending>;

impl<'a> Pump<'a> {
    pub(crate) fn new(
        socket: Arc<OwnedFd>,
        dial: &'a dyn Dial,
        terminal: &'a Terminal,
        shared: &'a Shared,
        options: &'a Options,
    ) -> Self {
        Self {
            socket,
            dial,
            inbox: Inbox::new(),
            terminal,
            shared,
            options,
            display: Display::new(terminal.window(), options.scrollback),
            notices: Notices::default(),
            drawn: None,
            keys: Vec::new(),
            session: None,
            mode: AttachMode::View,
            switch: None,
        }
    }

    /// Goes on until the end.
    pub(crate) fn run(mut self) -> Result<Outcome, AttachError> {
        loop {
            if let Flow::Break(ending) = self.turn()? {
                return Ok(Outcome {
                    session: self.session,
                    ending,
                });
            }
        }
    }

    /// Does what the other threads wish, brings the terminal up to date, and only then waits for
    /// the keeper.
    fn turn(&mut self) -> Result<Flow, AttachError> {
        if let Some(wishes) = self.shared.letters.collect()
            && let Flow::Break(ending) = self.fulfil(&wishes)?
        {
            return Ok(Flow::Break(ending));
        }
        self.refresh()?;
        if !self.wait()? {
            return Ok(Flow::Continue(()));
        }
        let filled = self.inbox.fill(&self.socket).map_err(lost)?;
        if let Flow::Break(ending) = self.receive()? {
            return Ok(Flow::Break(ending));
        }
        if filled == Filled::End {
            return Err(AttachError::Lost { source: None });
        }
        if let Some((socket, ticket)) = self.switch.take() {
            self.go(&socket, ticket)?;
        }
        Ok(Flow::Continue(()))
    }

    /// Waits for the keeper, a wish or a deadline. Says whether the keeper sent something.
    fn wait(&self) -> Result<bool, AttachError> {
        let now = Instant::now();
        let deadlines = [self.display.deadline(), self.notices.deadline(now)];
        let timeout = deadlines
            .into_iter()
            .flatten()
            .min()
            .and_then(|at| Timespec::try_from(at.saturating_duration_since(now)).ok());
        let mut waited = [
            PollFd::new(&*self.socket, PollFlags::IN),
            PollFd::new(self.shared.letters.wake(), PollFlags::IN),
        ];
        match poll(&mut waited, timeout.as_ref()) {
            Ok(_) => {
                let [socket, _] = waited;
                Ok(!socket.revents().is_empty())
            }
            Err(Errno::INTR) => Ok(false),
            Err(source) => Err(AttachError::System {
                doing: "wait for the keeper",
                source: source.into(),
            }),
        }
    }

    /// Works through what has come whole. Output that is passed on goes to the terminal straight
    /// from the buffer it was received in.
    fn receive(&mut self) -> Result<Flow, AttachError> {
        let inbox = std::mem::replace(&mut self.inbox, Inbox::empty());
        let result = self.receive_from(&inbox);
        self.inbox = inbox;
        let (taken, flow) = result?;
        self.inbox.take(taken);
        Ok(flow)
    }

    fn receive_from(&mut self, inbox: &Inbox) -> Result<(usize, Flow), AttachError> {
        let whole = inbox.waiting().len();
        let mut frames = Frames(inbox.waiting());
        let mut pieces: Vec<IoSlice<'_>> = Vec::new();
        while let Some(frame) = frames.next_frame()? {
            if frame.kind == Kind::OUTPUT {
                let output = Output::parse(frame.payload)?;
                let now = if self.display.is_passing() {
                    None
                } else {
                    Some(Instant::now())
                };
                let rest = match now {
                    None => {
                        self.display.passed(output);
                        output.bytes
                    }
                    Some(now) => self.display.output(now, output),
                };
                if now.is_some() {
                    self.flush()?;
                }
                if !rest.is_empty() {
                    pieces.push(IoSlice::new(rest));
                }
                if pieces.len() >= PIECES {
                    self.write(&mut pieces)?;
                    pieces.clear();
                }
                continue;
            }
            // what was output before a message belongs before what the message brings about
            self.write(&mut pieces)?;
            pieces.clear();
            if let Flow::Break(ending) = self.frame(frame)? {
                return Ok((whole - frames.0.len(), Flow::Break(ending)));
            }
            self.flush()?;
        }
        self.write(&mut pieces)?;
        Ok((whole - frames.0.len(), Flow::Continue(())))
    }

    fn write(&self, pieces: &mut [IoSlice<'_>]) -> Result<(), AttachError> {
        match self.terminal.write(pieces, &self.shared.letters) {
            Ok(()) => Ok(()),
            // it hung up; its signal or its end of input says so too
            Err(Errno::IO) => {
                self.shared
                    .letters
                    .post(|wishes| wishes.terminal_gone = true);
                Ok(())
            }
            Err(source) => Err(AttachError::Terminal {
                doing: "write to",
                source: source.into(),
            }),
        }
    }

    /// Writes what the display painted, and says what it has to say.
    fn flush(&mut self) -> Result<(), AttachError> {
        for message in self.display.take_messages() {
            self.shared.outbox.say(&message);
        }
        let painting = self.display.take_painting();
        if !painting.is_empty() {
            self.write(&mut [IoSlice::new(&painting)])?;
        }
        Ok(())
    }

    /// A frame that is not output.
    fn frame(&mut self, frame: Frame<'_>) -> Result<Flow, AttachError> {
        if frame.kind == Kind::CHECKPOINT {
            self.display.checkpoint(Instant::now(), frame.payload);
            return Ok(Flow::Continue(()));
        }
        if frame.kind != Kind::KEEPER {
            // from a newer keeper, which knows that this client may not know it
            return Ok(Flow::Continue(()));
        }
        match frame.json()? {
            KeeperMessage::Attached { session, mode, .. } => {
                return Ok(self.attached(session, mode));
            }
            KeeperMessage::Snapshot(snapshot) => self.display.snapshot(snapshot),
            KeeperMessage::Missed { .. } => self.display.missed(),
            KeeperMessage::Resized { size } => self.display.resized(Instant::now(), size),
            KeeperMessage::Notice { notice } => self.notice(&notice),
            KeeperMessage::Closed { reason } => {
                return Ok(Flow::Break(match reason {
                    CloseReason::TakenOver => Ending::TakenOver,
                    CloseReason::Disconnected { reason } => Ending::Disconnected { reason },
                    CloseReason::Ended { status } => {
                        let parting = self.display.finish(Instant::now());
                        self.flush()?;
                        self.terminal.leave(parting);
                        Ending::Ended { status }
                    }
                }));
            }
        }
        Ok(Flow::Continue(()))
    }

    fn attached(&mut self, session: SessionId, mode: AttachMode) -> Flow {
        self.session = Some(session);
        self.mode = mode;
        self.display.attached(mode);
        if !mode.controls() {
            let text = match self.options.detach.to_string() {
                none if none == "none" => format!("Watching session {session}. q leaves."),
                key => format!("Watching session {session}. q or {key} leaves."),
            };
            self.notices.own(Instant::now(), text, VIEWER_NOTE);
        }
        let flow = self.typed(&[]);
        self.direct_keys();
        flow
    }

    fn notice(&mut self, json: &str) {
        // what is no notice that this build knows is for a newer one
        match serde_json::from_str(json).unwrap_or(Notice::Other) {
            Notice::Switch { socket, ticket } => self.switch = Some((socket, ticket)),
            notice => {
                let day = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                let wall_ms = u64::try_from(day.as_millis()).unwrap_or(u64::MAX);
                self.notices.arrive(Instant::now(), wall_ms, notice);
            }
        }
    }

    /// Leaves this session for another one in the same terminal.
    fn go(&mut self, socket: &str, ticket: String) -> Result<(), AttachError> {
        let size = self.terminal.window().size;
        match connect(self.dial, Path::new(socket), Ticket(ticket), size) {
            Ok(stream) => {
                self.shared.outbox.say(&ClientMessage::Detach);
                self.socket = Arc::new(OwnedFd::from(stream));
                self.shared.outbox.switch(Arc::clone(&self.socket));
                self.inbox = Inbox::new();
                self.notices = Notices::default();
                self.display = Display::new(self.terminal.window(), self.options.scrollback);
                self.drawn = None;
                self.terminal.leave(Parting::Bottom);
                self.terminal.resume()?;
            }
            Err(error) => {
                let text = format!("The other session cannot be attached: {error}.");
                self.notices.own(Instant::now(), text, 0);
            }
        }
        Ok(())
    }

    fn fulfil(&mut self, wishes: &Wishes) -> Result<Flow, AttachError> {
        if let Some(signal) = wishes.terminate {
            return Ok(Flow::Break(Ending::Signalled { signal }));
        }
        if wishes.detach {
            self.shared.outbox.say(&ClientMessage::Detach);
            return Ok(Flow::Break(Ending::Detached));
        }
        if wishes.terminal_gone {
            return Ok(Flow::Break(Ending::TerminalGone));
        }
        if wishes.suspend {
            self.terminal.leave(Parting::Bottom);
            self.display.away();
            // returns when this process is continued, which is a wish of its own
            let _ = emulate_default_handler(SIGTSTP);
        }
        if wishes.continued {
            // whoever had the terminal meanwhile may have changed its settings and drawn on it
            self.terminal.resume()?;
            self.drawn = None;
            self.display.resync();
        }
        if wishes.window || wishes.continued {
            let window = self.terminal.window();
            if window != self.display.window() {
                self.drawn = None;
            }
            self.display.window_changed(Instant::now(), window);
        }
        self.flush()?;
        Ok(self.typed(&wishes.keys))
    }

    /// Keys that are not for the program: for the box, or of a client that only watches.
    fn typed(&mut self, keys: &[u8]) -> Flow {
        self.keys.extend_from_slice(keys);
        if self.session.is_none() {
            // typed ahead: for whom is not known yet
            return Flow::Continue(());
        }
        let keys = std::mem::take(&mut self.keys);
        if self.keys_go_to_program() {
            // they came before the input thread knew
            self.shared.outbox.input(&keys);
            return Flow::Continue(());
        }
        let mut rest = keys.as_slice();
        while !rest.is_empty() {
            let (token, length) = match first_token(rest) {
                Some(first) => first,
                // a lone Escape is a key; half of anything else waits for its other half
                None if rest == [0x1b] => (Token::Key(Key::ESCAPE), 1),
                None => {
                    self.keys = rest.to_vec();
                    break;
                }
            };
            let (bytes, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = behind;
            match token {
                // the program asked, and shall hear
                Token::Reply if self.mode.controls() => self.shared.outbox.input(bytes),
                Token::Key(key) if self.drawn.is_some() => {
                    self.notices.key(Instant::now(), key);
                }
                Token::Key(key) if !self.mode.controls() && key == Key::plain('q') => {
                    self.shared.outbox.say(&ClientMessage::Detach);
                    return Flow::Break(Ending::Detached);
                }
                Token::Key(_)
                | Token::Quiet
                | Token::PasteStart
                | Token::PasteEnd
                | Token::Reply
                | Token::Other => {}
            }
        }
        Flow::Continue(())
    }

    /// Brings the terminal up to date: a window that is not passed through, a box.
    fn refresh(&mut self) -> Result<(), AttachError> {
        let now = Instant::now();
        self.notices.tick(now);
        for answer in self.notices.answers() {
            if let Ok(answer) = serde_json::to_string(&answer) {
                self.shared.outbox.say(&ClientMessage::Answer { answer });
            }
        }
        self.display.tick(now);
        let content = self.notices.content(now);
        if content.is_none() && self.display.is_covered() {
            self.drawn = None;
            self.display.resync();
        }
        if let Some(content) = content
            && (self.display.is_settled() || self.display.is_covered())
        {
            self.display.cover();
            self.flush()?;
            if self.drawn.as_ref() != Some(&content) {
                let drawing = notice_box::draw(&content, self.display.window().size);
                self.write(&mut [IoSlice::new(&drawing)])?;
                self.drawn = Some(content);
            }
        }
        self.direct_keys();
        self.flush()
    }

    /// Says where keys go.
    fn direct_keys(&self) {
        let to_program = self.keys_go_to_program();
        self.shared.to_program.store(to_program, Ordering::Release);
    }

    fn keys_go_to_program(&self) -> bool {
        self.mode.controls() && self.drawn.is_none()
    }
}

fn lost(source: Errno) -> AttachError {
    AttachError::Lost {
        source: Some(source.into()),
    }
}
