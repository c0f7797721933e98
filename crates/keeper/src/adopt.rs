//! Taking over sessions whose keeper was killed.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::epoll::EventFlags;
use rustix::fs::FileType;
use winsta_wire::{Adopt, Answer, Conduit, Refusal, RefusalKind, SizeMark};

use crate::ledger::Word;
use crate::picture::Picture;
use crate::refuse::{invalid, refusal, system};
use crate::ring::Ring;
use crate::server::{Server, Token};
use crate::session::{Flow, Parts, Session, stream_names};

impl Server {
    /// Takes over a session with the descriptors that the host kept.
    pub(crate) fn adopt(&mut self, adopt: Adopt, kept: Vec<OwnedFd>) -> Result<Answer, Refusal> {
        let id = adopt.report.session;
        if self.sessions.contains_key(&id) {
            return Err(refusal(RefusalKind::Exists, format!("session {id} exists")));
        }
        let row = if let Some(row) = self.ledger.find(id) {
            row.keep();
            row
        } else {
            let row = self.ledger.take(id).ok_or_else(|| {
                refusal(
                    RefusalKind::Exhausted,
                    "the keeper's table of sessions is full",
                )
            })?;
            row.fill(&adopt.ledger);
            row
        };
        let session = resume(adopt, row.clone(), kept.into()).inspect_err(|_| row.free())?;
        self.watch(&session.pidfd, Token::Leader(id), 0, EventFlags::IN);
        self.sessions.insert(id, session);
        self.rearm(id);
        Ok(Answer::Done)
    }
}

fn resume(
    adopt: Adopt,
    row: crate::ledger::Row,
    mut kept: VecDeque<OwnedFd>,
) -> Result<Session, Refusal> {
    let Adopt { report, ledger: _ } = adopt;
    let mut next = || {
        kept.pop_front()
            .ok_or_else(|| invalid("descriptors are missing"))
    };
    let pidfd = next()?;
    let mut flows = Vec::new();
    for stream in stream_names(report.conduit) {
        let ring = Ring::reopen(next()?, row.window(*stream), true)
            .map_err(|error| system("take over output", &error))?;
        flows.push(Flow {
            ring,
            pipe: None,
            open: true,
            acknowledged: 0,
        });
    }
    let (mut master, mut stdin) = (None, None);
    match report.conduit {
        Conduit::Pty(_) => master = Some(next()?),
        Conduit::Pipes => {
            stdin = open(next()?);
            for flow in &mut flows {
                flow.pipe = open(next()?);
                flow.open = flow.pipe.is_some();
            }
        }
    }
    for flow in &mut flows {
        // What the dead keeper's host had acknowledged is not known: keep everything.
        flow.acknowledged = flow.ring.base();
    }
    let picture = match (report.conduit, flows.first()) {
        (Conduit::Pty(size), Some(flow)) => {
            // Sizes between the checkpoint and now went with the dead keeper.
            let mark = SizeMark {
                offset: flow.ring.end(),
                size,
            };
            Some(Picture::restore(&flow.ring, size, vec![mark]))
        }
        _ => None,
    };
    let mut session = Session::new(Parts {
        id: report.session,
        leader: i32::try_from(report.leader).map_err(|_| invalid("no such process id"))?,
        pidfd,
        child: false,
        mark: Some(row.get(Word::Mark)).filter(|mark| *mark != 0),
        cgroup: None,
        conduit: report.conduit,
        device: report.device,
        master,
        stdin,
        flows,
        picture,
        buffering: report.buffering,
        started: report.started,
        meta: report.meta,
        row,
    });
    session.written = report.written;
    Ok(session)
}

/// `None` for the `/dev/null` that stands for a descriptor that was closed.
fn open(descriptor: OwnedFd) -> Option<OwnedFd> {
    let stat = rustix::fs::fstat(descriptor.as_fd()).ok()?;
    let pipe = FileType::from_raw_mode(stat.st_mode) == FileType::Fifo;
    pipe.then_some(descriptor)
}
