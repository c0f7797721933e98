//! What the driver of the control connection tells the engine.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use winsta_wire::{Adopt, Event, SessionReport};

use super::conn::Greeting;
use super::port::KeeperError;

/// Whoever needs to know what the keeper says.
pub(crate) trait KeeperSink: Send + Sync {
    /// A keeper answers.
    fn greeted(&self, greeting: Greeting);
    /// These are all of its sessions.
    fn reconcile(&self, found: Vec<Found>);
    /// A session that was asked for runs.
    fn spawned(&self, report: &SessionReport, keepsakes: Keepsakes);
    /// Something happened.
    fn event(&self, event: Event);
    /// The keeper is lost; gives what another one is to take over.
    fn lost(&self) -> Vec<Orphaned>;
    /// The new keeper could not take this session over.
    fn not_adopted(&self, orphaned: &Orphaned, reason: &KeeperError);
    /// What hinders the rescue; `None` once it is through.
    fn rescue_problem(&self, problem: Option<String>);
    /// Whether the keeper was told to end, so that none is to take its place.
    fn is_retiring(&self) -> bool;
}

/// A session's descriptors, kept against its keeper's death.
pub(crate) type Keepsakes = Vec<Arc<OwnedFd>>;

/// A session that a keeper has.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) report: SessionReport,
    pub(crate) keepsakes: Keepsakes,
}

/// A session whose keeper died.
#[derive(Debug)]
pub(crate) struct Orphaned {
    pub(crate) adopt: Adopt,
    pub(crate) keepsakes: Keepsakes,
}

/// Makes descriptors that came with a frame shareable.
pub(crate) fn keepsakes(descriptors: Vec<OwnedFd>) -> Keepsakes {
    descriptors.into_iter().map(Arc::new).collect()
}

/// Gives up the kept end of a session's standard input: the program sees the input's end when
/// nobody has one any more. As in what a keeper gives, `/dev/null` stands in its place.
pub(crate) fn let_go_of_input(keepsakes: &mut Keepsakes) -> std::io::Result<()> {
    const STDIN: usize = 3;
    let null = std::fs::File::open("/dev/null")?;
    if let Some(kept) = keepsakes.get_mut(STDIN) {
        *kept = Arc::new(null.into());
    }
    Ok(())
}
