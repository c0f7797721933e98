//! The keepers that hold the sessions: one for each user.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use winsta_api::ErrorCode;
use winsta_domain::SessionId;
use winsta_wire::Verb;

use super::{Core, Engine};
use crate::failure::{Failure, hinted, keeper_failure};
use crate::keeper::ledger::{Ledger, Rows};
use crate::keeper::port::{Asked, KeeperError, KeeperPort, answer};
use crate::workers::Workers;

/// How long a keeper may take to replace itself.
const UPGRADE: Duration = Duration::from_secs(20);

/// Programs of a keeper, before and after.
pub(crate) struct Replaced {
    pub(crate) before: Option<String>,
    pub(crate) after: String,
}

/// One user's keeper, as the host knows it.
pub(crate) struct Kept {
    pub(crate) port: Arc<dyn KeeperPort>,
    /// Processes of the user's remote shells.
    pub(crate) workers: Arc<Workers>,
    pub(crate) pid: Option<u32>,
    pub(crate) program: Option<String>,
    pub(crate) ledger: Option<Arc<Ledger>>,
    /// Whoever waits for it to have become another program.
    pub(crate) upgrade: Option<oneshot::Sender<Result<String, String>>>,
    /// It is being told to end.
    pub(crate) retiring: bool,
    /// Sessions that are being started there.
    pub(crate) leases: u32,
}

impl Kept {
    /// A keeper that has not said anything yet.
    pub(crate) fn new(port: Arc<dyn KeeperPort>) -> Self {
        Self {
            workers: Arc::new(Workers::new(Arc::clone(&port))),
            port,
            pid: None,
            program: None,
            ledger: None,
            upgrade: None,
            retiring: false,
            leases: 0,
        }
    }
}

impl Core {
    /// Sends a request about a session to its keeper; nobody waits for the answer.
    pub(crate) fn post(&self, id: SessionId, verb: Verb) {
        if let Some(kept) = self.keeper_of(id) {
            kept.port.post(verb);
        }
    }

    /// Asks a session's keeper. Without one, it counts as lost.
    pub(crate) fn ask(&self, id: SessionId, verb: Verb, tail: Vec<u8>) -> Asked {
        match self.keeper_of(id) {
            Some(kept) => kept.port.ask(verb, tail),
            None => oneshot::channel().1,
        }
    }

    fn keeper_of(&self, id: SessionId) -> Option<&Kept> {
        let hosted = self.sessions.get(&id)?;
        self.keepers.get(&hosted.meta.uid)
    }

    /// Numbers of a user's sessions.
    pub(crate) fn sessions_of(&self, uid: u32) -> impl Iterator<Item = SessionId> {
        let own = self.sessions.iter();
        own.filter(move |(_, hosted)| hosted.meta.uid == uid)
            .map(|(id, _)| *id)
    }

    /// Whether a user has sessions, or programs of remote shells.
    pub(crate) fn needs_keeper(&self, uid: u32) -> bool {
        let kept = self.keepers.get(&uid);
        self.sessions_of(uid).next().is_some() || kept.is_some_and(|kept| !kept.workers.is_empty())
    }

    /// A user's ledger as far as the present sessions need it.
    pub(crate) fn ledger_of(&self, uid: u32) -> Rows {
        let own = self.sessions.values();
        let own = own.filter(|hosted| hosted.meta.uid == uid);
        let slots = own.filter_map(|hosted| Some(hosted.report.as_deref()?.slot));
        let kept = self.keepers.get(&uid);
        match (slots.max(), kept.and_then(|kept| kept.ledger.as_ref())) {
            (Some(last), Some(ledger)) => ledger.snapshot(0..=last),
            (None, _) | (_, None) => Rows::default(),
        }
    }
}

impl Engine {
    /// The present keepers and whose they are.
    pub(crate) fn keepers(&self) -> Vec<(u32, Arc<dyn KeeperPort>)> {
        let core = self.core();
        let keepers = core.keepers.iter();
        keepers
            .map(|(uid, kept)| (*uid, Arc::clone(&kept.port)))
            .collect()
    }

    /// Processes of a user's remote shells, if the user has a keeper.
    pub(crate) fn workers_of(&self, uid: u32) -> Option<Arc<Workers>> {
        let core = self.core();
        core.keepers.get(&uid).map(|kept| Arc::clone(&kept.workers))
    }

    /// From now on nobody takes the place of a keeper that ends; gives all.
    pub(crate) fn retire_all(&self) -> Vec<(u32, Arc<dyn KeeperPort>)> {
        for kept in self.core().keepers.values_mut() {
            kept.retiring = true;
        }
        self.keepers()
    }

    /// Replaces the program of a user's keeper by another; its sessions stay.
    pub(crate) async fn upgrade_keeper(
        &self,
        uid: u32,
        program: &str,
    ) -> Result<Replaced, Failure> {
        let (done, waiting) = oneshot::channel();
        let (before, asked) = {
            let mut core = self.core();
            let Some(kept) = core.keepers.get_mut(&uid) else {
                return Err(keeper_failure(&KeeperError::Lost));
            };
            kept.upgrade = Some(done);
            let ask = Verb::Upgrade {
                program: program.to_owned(),
            };
            (kept.program.clone(), kept.port.ask(ask, Vec::new()))
        };
        answer(asked)
            .await
            .map_err(|error| keeper_failure(&error))?;
        let failed = |why: String| {
            hinted(
                ErrorCode::Internal,
                format!("the keeper could not become {program}: {why}"),
                "host and keeper go on as they were",
            )
        };
        match timeout(UPGRADE, waiting).await {
            Ok(Ok(Ok(after))) => Ok(Replaced { before, after }),
            Ok(Ok(Err(why))) => Err(failed(why)),
            Ok(Err(_)) | Err(_) => Err(failed("it does not say how it went".to_owned())),
        }
    }
}
