//! How a session begins.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;
use winsta_domain::Timestamp;
use winsta_wire::{Conduit, Refusal, RefusalKind, Spawn, Verb};

use crate::cgroup::Tree;
use crate::ledger::{Ledger, Row, Word};
use crate::members;
use crate::nursery::{Nursery, Order};
use crate::picture::Picture;
use crate::pty;
use crate::refuse::{invalid, refusal, system};
use crate::ring::Ring;
use crate::session::{Flow, Parts, Session, stream_names};
use crate::sys::exec::Image;
use crate::sys::fork::{self, Birth, Child, ChildOf};
use crate::sys::limits::FileLimit;

/// What every session is started with.
pub(crate) struct Cradle<'a> {
    pub(crate) ledger: &'a std::rc::Rc<Ledger>,
    pub(crate) tree: Option<&'a Tree>,
    pub(crate) files: FileLimit,
    pub(crate) now: Timestamp,
    pub(crate) nursery: &'a mut Option<Nursery>,
}

/// The ends of a session's streams.
struct Ends {
    /// The program's standard input, output and error.
    inner: [OwnedFd; 3],
    master: Option<OwnedFd>,
    stdin: Option<OwnedFd>,
    /// Standard output and error, with pipes.
    pipes: Vec<OwnedFd>,
    device: Option<String>,
}

impl Cradle<'_> {
    /// Starts what `spawn` asks for. The session exists when this returns; whether its program
    /// could be executed is told by the second value, see [`Child::status`].
    pub(crate) fn start(&mut self, spawn: Spawn) -> Result<(Session, OwnedFd), Refusal> {
        check(&spawn)?;
        let text = |_| invalid("arguments, environment and folder must not contain NUL");
        let mut image = Image::new(&spawn.argv, spawn.arg0.as_deref(), &spawn.env).map_err(text)?;
        let folder = CString::new(spawn.cwd.as_str()).map_err(text)?;
        let ends = ends(spawn.conduit)?;
        let row = self.ledger.take(spawn.session).ok_or_else(|| {
            refusal(
                RefusalKind::Exhausted,
                "the keeper's table of sessions is full",
            )
        })?;
        let flows = flows(&spawn, &row, ends.pipes).inspect_err(|_| row.free())?;
        let mark = members::new_mark();
        let cgroup = self.tree.and_then(|tree| tree.make(spawn.session).ok());
        let [stdin, stdout, stderr] = &ends.inner;
        let birth = Birth {
            stdio: [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()],
            terminal: ends.master.is_some(),
            folder,
            mark,
            memory: spawn.memory,
            files: self.files,
            cgroup: cgroup.as_ref().map(|cgroup| cgroup.descriptor()),
        };
        let Child { pid, pidfd, status } = self
            .deliver(&birth, &spawn, &mut image)
            .map_err(|error| system("start a process", &error))
            .inspect_err(|_| row.free())?;
        row.set(Word::Leader, pid.unsigned_abs().into());
        row.set(Word::Mark, mark.unwrap_or(0));
        row.set(Word::LastInput, self.now.0);
        let session = Session::new(Parts {
            id: spawn.session,
            row,
            leader: pid,
            pidfd,
            child: true,
            mark,
            cgroup,
            conduit: spawn.conduit,
            device: ends.device,
            master: ends.master,
            stdin: ends.stdin,
            flows,
            picture: match spawn.conduit {
                Conduit::Pty(size) => Some(Picture::new(size)),
                Conduit::Pipes => None,
            },
            buffering: spawn.buffering,
            started: self.now,
            meta: spawn.meta,
        });
        Ok((session, status))
    }

    /// Starts the program, in the nursery if there is one.
    fn deliver(
        &mut self,
        birth: &Birth<'_>,
        spawn: &Spawn,
        image: &mut Image,
    ) -> io::Result<Child> {
        if let Some(nursery) = self.nursery.take() {
            let order = Order {
                argv: spawn.argv.clone(),
                arg0: spawn.arg0.clone(),
                env: spawn.env.clone(),
                folder: spawn.cwd.clone(),
                terminal: birth.terminal,
                mark: birth.mark,
                memory: birth.memory,
            };
            if let Ok(child) = nursery.spawn(&order, birth.stdio, birth.cgroup) {
                *self.nursery = Some(nursery);
                return child;
            }
            // It is lost, and must not carry out the order after all.
            nursery.end();
        }
        fork::spawn(ChildOf::This, birth, image)
    }
}

fn check(spawn: &Spawn) -> Result<(), Refusal> {
    if spawn.argv.first().is_none_or(String::is_empty) {
        return Err(invalid("there is no program to start"));
    }
    if spawn.meta.len() > Verb::MAX_META {
        return Err(invalid(format!(
            "the description is longer than {} bytes",
            Verb::MAX_META
        )));
    }
    if !Path::new(&spawn.cwd).is_absolute() {
        return Err(invalid(format!(
            "the working folder {:?} is not absolute",
            spawn.cwd
        )));
    }
    if spawn
        .env
        .iter()
        .any(|(key, _)| key.is_empty() || key.contains('='))
    {
        return Err(invalid(
            "an environment variable's name is empty or has an equals sign",
        ));
    }
    Ok(())
}

fn ends(conduit: Conduit) -> Result<Ends, Refusal> {
    match conduit {
        Conduit::Pty(size) => {
            let pty = pty::open(size).map_err(|error| system("open a terminal", &error.into()))?;
            let again = || {
                pty.slave
                    .try_clone()
                    .map_err(|error| system("open a terminal", &error))
            };
            Ok(Ends {
                inner: [again()?, again()?, pty.slave],
                master: Some(pty.master),
                stdin: None,
                pipes: Vec::new(),
                device: Some(pty.device),
            })
        }
        Conduit::Pipes => pipes().map_err(|error| system("open a pipe", &error)),
    }
}

fn pipes() -> io::Result<Ends> {
    let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC);
    let (stdin, to_stdin) = pipe()?;
    let (from_stdout, stdout) = pipe()?;
    let (from_stderr, stderr) = pipe()?;
    // Only the keeper's ends: the flag is of the end, and programs expect theirs to block.
    for ours in [&to_stdin, &from_stdout, &from_stderr] {
        rustix::fs::fcntl_setfl(ours, OFlags::NONBLOCK)?;
    }
    Ok(Ends {
        inner: [stdin, stdout, stderr],
        master: None,
        stdin: Some(to_stdin),
        pipes: vec![from_stdout, from_stderr],
        device: None,
    })
}

fn flows(spawn: &Spawn, row: &Row, pipes: Vec<OwnedFd>) -> Result<Vec<Flow>, Refusal> {
    let flow = |stream, pipe| {
        let ring = Ring::create(spawn.capacity, row.window(stream))
            .map_err(|error| system("get memory for output", &error))?;
        Ok(Flow {
            ring,
            pipe,
            open: true,
            acknowledged: 0,
        })
    };
    let mut pipes = pipes.into_iter();
    stream_names(spawn.conduit)
        .iter()
        .map(|stream| flow(*stream, pipes.next()))
        .collect()
}
