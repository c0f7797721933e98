//! What a session lives on, kept by others against this process's death.

use std::os::fd::{AsFd, OwnedFd};

use winsta_domain::SessionId;
use winsta_wire::{Answer, Reply};

use crate::refuse::system;
use crate::server::Server;
use crate::session::Session;
use crate::store::Store;

impl Server {
    /// Has the service manager keep a session's descriptors, if it keeps this process's.
    pub(crate) fn store(&self, id: SessionId) {
        let Some(session) = self.sessions.get(&id).filter(|_| self.home.is_unit()) else {
            return;
        };
        let stored = session.keepsakes().and_then(|kept| Store::put(id, &kept));
        if let Err(error) = stored {
            crate::log::say(&format!(
                "session {id} would not outlive this process: {error}"
            ));
        }
    }

    /// Replies with a session's descriptors, unless the service manager keeps them.
    pub(crate) fn reply_with_keepsakes(&mut self, seq: u64, id: SessionId, answer: Answer) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if self.home.is_unit() {
            return self.settle(seq, Ok(answer));
        }
        match session.keepsakes() {
            Ok(kept) => {
                let descriptors = u8::try_from(kept.len()).unwrap_or(0);
                self.reply(
                    &Reply {
                        seq,
                        descriptors,
                        outcome: Ok(answer),
                    },
                    &[],
                    kept,
                );
            }
            Err(error) => {
                let outcome = Err(system("duplicate a descriptor", &error));
                self.settle(seq, outcome);
            }
        }
    }
}

impl Session {
    /// Duplicates of the descriptors that a session lives on, for the host to keep. One that is
    /// closed already is `/dev/null`.
    fn keepsakes(&self) -> std::io::Result<Vec<OwnedFd>> {
        let mut kept = vec![self.pidfd.try_clone()?];
        for flow in &self.flows {
            kept.push(flow.ring.file().try_clone_to_owned()?);
        }
        let ends = if let Some(master) = &self.master {
            vec![Some(master.as_fd())]
        } else {
            let pipes = self
                .flows
                .iter()
                .map(|flow| flow.pipe.as_ref().map(AsFd::as_fd));
            [self.stdin.as_ref().map(AsFd::as_fd)]
                .into_iter()
                .chain(pipes)
                .collect()
        };
        for end in ends {
            kept.push(match end {
                Some(end) => end.try_clone_to_owned()?,
                None => std::fs::File::open("/dev/null")?.into(),
            });
        }
        Ok(kept)
    }
}
