//! A session on a keeper, and clients that attach to it in terminals.

use winsta_domain::{ConnectionId, SessionId, TerminalSize};
use winsta_wire::{
    AttachMode, Buffering, Conduit, Event, Notice, NoticeAnswer, Spawn, Ticket, Verb,
};

use crate::keeper::{Host, Keeper};

/// The session on a stage.
pub const SESSION: SessionId = SessionId(5);

/// A keeper with one session.
pub struct Stage {
    /// Path of the program that attaches.
    client: &'static str,
    /// The keeper's runtime folder.
    pub folder: tempfile::TempDir,
    /// The keeper.
    pub keeper: Keeper,
    /// This test, as the host.
    pub host: Host,
    connections: u32,
}

impl Stage {
    /// Starts a session in which `sh` runs `script`.
    pub fn new(client: &'static str, cols: u32, rows: u32, script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keeper = Keeper::start(folder.path());
        let mut host = keeper.host();
        let env = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        host.spawn(Spawn {
            session: SESSION,
            conduit: Conduit::Pty(TerminalSize::new(cols, rows).expect("a size")),
            argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
            arg0: None,
            env: vec![
                env("PATH", &std::env::var("PATH").unwrap_or_default()),
                env("HOME", &folder.path().display().to_string()),
                env("LC_ALL", "C.UTF-8"),
                env("TERM", "tmux-256color"),
                env("PS1", "session$ "),
            ],
            inherit: false,
            cwd: "/".to_owned(),
            capacity: 4 << 20,
            buffering: Buffering::Drop,
            meta: String::new(),
            permit: None,
            memory: None,
        });
        Self {
            client,
            folder,
            keeper,
            host,
            connections: 0,
        }
    }

    /// The command that attaches.
    pub fn client(&mut self, mode: AttachMode) -> String {
        self.connections += 1;
        let ticket = format!("{:032}", self.connections);
        self.host.must(Verb::Ticket {
            session: SESSION,
            connection: ConnectionId(self.connections),
            ticket: Ticket(ticket.clone()),
            mode,
            seconds: 60,
            note: String::new(),
        });
        let socket = self.folder.path().join("keeper.sock");
        format!("{} {} {ticket}", self.client, socket.display())
    }

    /// Shows a notice to the session's clients.
    pub fn notify(&mut self, notice: &Notice) {
        self.host.must(Verb::Notify {
            session: SESSION,
            connection: None,
            notice: serde_json::to_string(notice).expect("JSON"),
        });
    }

    /// Waits for an answer to a notice.
    pub fn answer(&mut self) -> NoticeAnswer {
        let answer = self.host.event(|event| match event {
            Event::Answered { answer, .. } => Some(answer.clone()),
            _ => None,
        });
        serde_json::from_str(&answer).expect("an answer")
    }
}
