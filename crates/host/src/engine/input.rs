//! Typing into sessions, and looking at their lines and processes.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use winsta_api::{
    ErrorCode, Guard, InputReport, KillReport, LineInfo, ProcessInfo, Session, SizeRequest,
};
use winsta_domain::{SessionId, TerminalSize};
use winsta_wire::{
    Answer, Buffering, LineSettings, Member, RingReport, Signalled, Stream, Verb as Ask,
};

use super::Engine;
use crate::access::Verb;
use crate::failure::{Failure, failure, hinted, keeper_failure};
use crate::keeper::port::{KeeperError, KeeperPort, Outcome, answer};
use crate::keeper::sink::let_go_of_input;
use crate::people::Caller;

/// Most bytes of input in one request to the keeper.
const PIECE: usize = 64 << 10;
/// How long input may wait for a program that does not read.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most processes of one keeper that are listed.
const MAX_PROCESSES: usize = 1 << 20;
/// Signal number of KILL.
const KILL: u8 = 9;

impl Engine {
    /// Asks the keeper about a session that is there.
    pub(crate) async fn ask_about(
        &self,
        id: SessionId,
        verb: Verb,
        ask: Ask,
        tail: Vec<u8>,
    ) -> Result<(Answer, Vec<u8>), Failure> {
        let asked = {
            let mut core = self.core();
            core.find(id, verb)?;
            core.ask(id, ask, tail)
        };
        let outcome: Outcome = answer(asked).await;
        outcome.map_err(|error| keeper_failure(&error))
    }

    /// Types `bytes`, as far as the program reads them.
    pub(crate) async fn input(
        &self,
        id: SessionId,
        bytes: &[u8],
        eof: bool,
    ) -> Result<InputReport, Failure> {
        let mut taken = 0;
        let mut moved = Instant::now();
        let mut pause = Duration::from_millis(1);
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let piece = rest.get(..PIECE).unwrap_or(rest).to_vec();
            let ask = Ask::Write {
                session: id,
                user: true,
            };
            let (answer, _) = self.ask_about(id, Verb::Input, ask, piece).await?;
            let Answer::Written { bytes } = answer else {
                return Err(keeper_failure(&KeeperError::Strange));
            };
            if bytes > 0 {
                taken += bytes as usize;
                moved = Instant::now();
                pause = Duration::from_millis(1);
                continue;
            }
            if moved.elapsed() > PATIENCE {
                break;
            }
            // The keeper does not say when the program reads again.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
        if eof && taken == bytes.len() {
            let ask = Ask::CloseInput { session: id };
            self.ask_about(id, Verb::Input, ask, Vec::new()).await?;
            self.let_go_of_input(id);
        }
        Ok(InputReport {
            id: id.0,
            bytes: taken as u64,
        })
    }

    fn let_go_of_input(&self, id: SessionId) {
        let mut core = self.core();
        if let Some(hosted) = core.sessions.get_mut(&id)
            && let Err(error) = let_go_of_input(&mut hosted.keepsakes)
        {
            tracing::error!(%error, "a session's input stays open");
        }
    }

    /// Sets a terminal's size.
    pub(crate) async fn resize(
        &self,
        id: SessionId,
        request: SizeRequest,
    ) -> Result<Session, Failure> {
        let size = TerminalSize::new(request.cols, request.rows);
        let size = size.map_err(|error| failure(ErrorCode::Invalid, error.to_string()))?;
        let ask = Ask::Resize { session: id, size };
        self.ask_about(id, Verb::Change, ask, Vec::new()).await?;
        self.session(id, None)
    }

    /// Settings of a session's line.
    pub(crate) async fn line(&self, id: SessionId) -> Result<LineInfo, Failure> {
        if let Some(found) = self.found(id) {
            return Err(hinted(
                ErrorCode::Unsupported,
                format!("the line of {} is not Winsta's", found.origin.words()),
                "stty -a < /dev/pts/N shows a terminal's settings",
            ));
        }
        let ask = Ask::Line { session: id };
        let (answer, _) = self.ask_about(id, Verb::Inspect, ask, Vec::new()).await?;
        let Answer::Line(line) = answer else {
            return Err(keeper_failure(&KeeperError::Strange));
        };
        let window = self.window(id, Stream::Out).await?;
        Ok(line_info(id, line, window))
    }

    /// Which output is kept.
    async fn window(&self, id: SessionId, stream: Stream) -> Result<RingReport, Failure> {
        let ask = Ask::Read {
            session: id,
            stream,
            from: 0,
            max: 0,
        };
        let (answer, _) = self.ask_about(id, Verb::Inspect, ask, Vec::new()).await?;
        let Answer::Bytes { offset, end, .. } = answer else {
            return Err(keeper_failure(&KeeperError::Strange));
        };
        let core = self.core();
        let report = core
            .sessions
            .get(&id)
            .and_then(|hosted| hosted.report.as_deref());
        let capacity = report
            .and_then(|report| report.rings.first())
            .map(|ring| ring.capacity);
        Ok(RingReport {
            base: offset,
            end,
            capacity: capacity.unwrap_or_default(),
        })
    }

    /// Processes of one session.
    pub(crate) async fn processes(
        &self,
        id: SessionId,
        current: Option<SessionId>,
    ) -> Result<Vec<ProcessInfo>, Failure> {
        if let Some(found) = self.found_for(id, Verb::Inspect)? {
            return Ok(self.processes_elsewhere(id, &found, current));
        }
        let ask = Ask::Members { session: id };
        let (answer, _) = self.ask_about(id, Verb::Inspect, ask, Vec::new()).await?;
        let Answer::Members(members) = answer else {
            return Err(keeper_failure(&KeeperError::Strange));
        };
        let members = members.into_iter().map(|member| (id, member));
        Ok(self.process_infos(members.collect(), current))
    }

    /// Processes of all sessions that the caller may look into; those of a session that ends
    /// meanwhile are left out.
    pub(crate) async fn all_processes(
        &self,
        caller: &Caller,
        current: Option<SessionId>,
    ) -> Result<Vec<ProcessInfo>, Failure> {
        let mut all = self.all_processes_elsewhere(caller, current);
        for (uid, keeper) in self.keepers() {
            let members = census(&*keeper).await;
            let members = match members {
                Ok(members) => members,
                // Of many keepers, one that does not answer keeps nobody from the others' answers.
                Err(error) if self.is_shared() => {
                    tracing::warn!(uid, %error, "a keeper does not say which processes it has");
                    continue;
                }
                Err(error) => return Err(keeper_failure(&error)),
            };
            let own: HashSet<SessionId> = self.core().sessions_of(uid).collect();
            let own = own.into_iter();
            let own: HashSet<SessionId> = own
                .filter(|id| self.may(caller, Verb::Inspect, *id))
                .collect();
            let members = members.into_iter().filter(|(id, _)| own.contains(id));
            all.extend(self.process_infos(members.collect(), current));
        }
        Ok(all)
    }

    /// Processes as callers see them; each session's are in a row.
    fn process_infos(
        &self,
        members: Vec<(SessionId, Member)>,
        current: Option<SessionId>,
    ) -> Vec<ProcessInfo> {
        let core = self.core();
        let mut infos: Vec<ProcessInfo> = Vec::with_capacity(members.len());
        for (id, member) in members {
            let Some(hosted) = core.sessions.get(&id) else {
                continue;
            };
            let session_name = match infos.last() {
                Some(before) if before.id == id.0 => before.session_name.clone(),
                Some(_) | None => self.describe(id, hosted).name,
            };
            infos.push(ProcessInfo {
                host: self.host.clone(),
                user: Some(self.names.of(member.uid)),
                session_name,
                id: id.0,
                pid: member.pid,
                image: member.image,
                current: current == Some(id),
            });
        }
        infos
    }

    /// Kills a process, if it is of the session.
    pub(crate) async fn kill(
        &self,
        id: SessionId,
        pid: u32,
        guard: &Guard,
    ) -> Result<KillReport, Failure> {
        if let Some(found) = self.meant(id, Verb::Kill, guard)? {
            return self.kill_elsewhere(id, &found, pid);
        }
        let asked = {
            let mut core = self.core();
            core.find(id, Verb::Kill)?;
            core.check_guard(id, guard)?;
            let ask = Ask::Signal {
                session: id,
                signal: KILL,
                to: Signalled::Process(pid),
            };
            core.ask(id, ask, Vec::new())
        };
        match answer(asked).await {
            Ok(_) => Ok(KillReport { id: id.0, pid }),
            Err(KeeperError::Refused(refusal))
                if refusal.kind == winsta_wire::RefusalKind::Unknown =>
            {
                let text = format!("process {pid} is not one of session {id}");
                Err(failure(ErrorCode::NotFound, text))
            }
            Err(error) => Err(keeper_failure(&error)),
        }
    }
}

/// The processes of all of a keeper's sessions.
async fn census(keeper: &dyn KeeperPort) -> Result<Vec<(SessionId, Member)>, KeeperError> {
    let mut all: Vec<(SessionId, Member)> = Vec::new();
    loop {
        let after = all.last().map(|(id, member)| (*id, member.pid));
        let asked = keeper.ask(Ask::Census { after }, Vec::new());
        let Answer::Census { members, more } = answer(asked).await?.0 else {
            return Err(KeeperError::Strange);
        };
        let more = more && !members.is_empty();
        all.extend(members);
        if !more || all.len() > MAX_PROCESSES {
            return Ok(all);
        }
    }
}

fn line_info(id: SessionId, line: LineSettings, window: RingReport) -> LineInfo {
    let buffering = match line.buffering {
        Buffering::Drop => "drop",
        Buffering::Block => "block",
    };
    LineInfo {
        id: id.0,
        size: line.size.map(|size| (size.cols(), size.rows())),
        flags: line.flags,
        buffering: buffering.to_owned(),
        paused: line.paused,
        input_waiting: line.input_waiting,
        kept: window.end.saturating_sub(window.base),
        capacity: window.capacity,
        total: window.end,
    }
}
