//! A host of its own for each test, with a real keeper.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's own means: what fails here fails the test"
)]

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use winsta_api::{AttachRequest, Attachment, Guard, NewSession, Session};
use winsta_client::{AttachView, Attached, Dirs, Host, Launch};
use winsta_domain::{SessionId, TerminalSize};
use winsta_wire::frame::encode_json;
use winsta_wire::{ClientMessage, KeeperMessage, Kind, Notice, NoticeAnswer, Output};

/// Folders for one host, which ends with this.
pub(crate) struct Rig {
    pub(crate) dirs: Dirs,
    pub(crate) launch: Launch,
    _base: tempfile::TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_config("")
    }

    pub(crate) fn with_config(config: &str) -> Self {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::at(base.path().join("run"), base.path().join("state"));
        let path = base.path().join("config.toml");
        std::fs::write(&path, config).unwrap();
        let set = |name: &str, path: &std::path::Path| {
            let mut text = OsString::from(name);
            text.push("=");
            text.push(path);
            text
        };
        let mut args = vec![
            set("WINSTA_RUNTIME_DIR", dirs.runtime()),
            set("WINSTA_STATE_DIR", dirs.state()),
            set("WINSTA_CONFIG", &path),
            program().into(),
        ];
        args.extend(["host", "run", "--daemon"].map(OsString::from));
        let launch = Launch {
            program: "/usr/bin/env".into(),
            args,
        };
        Self {
            dirs,
            launch,
            _base: base,
        }
    }

    /// Connects to the host, which is started if it does not run.
    pub(crate) fn host(&self) -> Host {
        Host::started(&self.dirs, &self.launch).unwrap()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // Nothing of a test is to outlive it, not even of one that failed.
        if let Ok(host) = Host::started(&self.dirs, &self.launch)
            && let Ok(status) = host.status()
        {
            let life = Life::of(status.pid);
            if host.stop(true).is_ok() {
                life.ended();
            }
        }
    }
}

/// The program under test: an example, which cargo builds along with the tests.
pub(crate) fn program() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples/minimal");
    assert!(
        path.exists(),
        "run: cargo build -p winsta-host --example minimal"
    );
    path
}

/// A process that is watched.
pub(crate) struct Life(rustix::fd::OwnedFd);

impl Life {
    pub(crate) fn of(pid: u32) -> Self {
        Self(pidfd_open(as_pid(pid), PidfdFlags::empty()).unwrap())
    }

    /// Waits for its end.
    pub(crate) fn ended(&self) {
        let patience = Timespec::try_from(Duration::from_secs(20)).unwrap();
        let mut waiting = [PollFd::new(&self.0, PollFlags::IN)];
        let ready = loop {
            match poll(&mut waiting, Some(&patience)) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other.unwrap(),
            }
        };
        assert_eq!(ready, 1, "the process lives on");
    }
}

pub(crate) fn as_pid(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}

/// Kills a process and waits until it is gone.
pub(crate) fn murder(pid: u32) {
    let life = Life::of(pid);
    kill_process(as_pid(pid), Signal::KILL).unwrap();
    life.ended();
}

pub(crate) fn is_alive(pid: u32) -> bool {
    rustix::process::test_kill_process(as_pid(pid)).is_ok()
}

/// A session that runs a shell command.
pub(crate) fn shell(script: &str) -> NewSession {
    NewSession {
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        ..NewSession::default()
    }
}

pub(crate) fn id(session: &Session) -> SessionId {
    SessionId(session.id)
}

/// Names the session as it is listed now.
pub(crate) fn guard(host: &Host, session: SessionId) -> Guard {
    let listing = host.sessions().unwrap();
    let listed = listing.sessions.iter().find(|s| s.id == session.0).unwrap();
    listing.guard(listed)
}

/// Reads what a session prints until `wanted` is among it.
pub(crate) fn await_output(host: &Host, session: SessionId, wanted: &str) -> String {
    let query = winsta_client::OutputQuery {
        follow: true,
        ..Default::default()
    };
    let mut reader = host.output(session, query).unwrap();
    let mut seen = Vec::new();
    let mut part = [0; 4_096];
    loop {
        let count = reader.read(&mut part).unwrap();
        assert!(
            count > 0,
            "the output ended without {wanted:?}: {:?}",
            String::from_utf8_lossy(&seen)
        );
        seen.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&seen);
        if text.contains(wanted) {
            return text.into_owned();
        }
    }
}

/// An attached client.
pub(crate) struct Client(pub(crate) Attached);

impl Client {
    pub(crate) fn attach(host: &Host, session: SessionId, mode: Attachment) -> Self {
        let request = AttachRequest {
            mode,
            client_name: Some("test".to_owned()),
            client_address: None,
            ask_consent: false,
            from_session: None,
        };
        let view = AttachView {
            size: Some(TerminalSize::DEFAULT),
            ..AttachView::default()
        };
        let attached = host.attach(session, &request, &view).unwrap();
        attached
            .stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut client = Self(attached);
        client.message(|message| matches!(message, KeeperMessage::Attached { .. }));
        client
    }

    /// Waits for a message.
    pub(crate) fn message(&mut self, wanted: impl Fn(&KeeperMessage) -> bool) -> KeeperMessage {
        loop {
            while let Some(frame) = self.0.decoder.next_frame().unwrap() {
                if frame.kind == Kind::KEEPER {
                    let message: KeeperMessage = frame.json().unwrap();
                    if wanted(&message) {
                        return message;
                    }
                } else if frame.kind == Kind::OUTPUT {
                    Output::parse(frame.payload).unwrap();
                }
            }
            let mut part = [0; 4_096];
            let count = self.0.stream.read(&mut part).unwrap();
            assert!(count > 0, "the connection ended");
            self.0.decoder.push(&part[..count]);
        }
    }

    /// Waits for something to show to the user.
    pub(crate) fn notice(&mut self) -> Notice {
        let message = self.message(|message| matches!(message, KeeperMessage::Notice { .. }));
        let KeeperMessage::Notice { notice } = message else {
            unreachable!()
        };
        serde_json::from_str(&notice).unwrap()
    }

    pub(crate) fn answer(&mut self, id: u32, answer: &str) {
        let answer = NoticeAnswer {
            id,
            answer: answer.to_owned(),
        };
        let answer = serde_json::to_string(&answer).unwrap();
        let mut bytes = Vec::new();
        encode_json(&mut bytes, Kind::CLIENT, &ClientMessage::Answer { answer }).unwrap();
        self.0.stream.write_all(&bytes).unwrap();
    }
}

/// Waits for a change of this kind.
pub(crate) fn await_change(
    events: &mut winsta_client::Events<'_>,
    change: &str,
) -> winsta_api::Change {
    events
        .map(Result::unwrap)
        .find(|seen| seen.change == change)
        .unwrap()
}
