//! Learns what a keeper has, and hands a dead keeper's sessions to a new one.

use winsta_wire::{Answer, RefusalKind, Verb};

use super::conn::{Conn, ConnError};
use super::launch::{LaunchError, Place};
use super::port::KeeperError;
use super::sink::{Found, KeeperSink, Orphaned, keepsakes};

/// Most sessions that are heard of.
const MOST_SESSIONS: usize = 65_536;

/// Why sessions are without a keeper.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RescueError {
    /// There is no keeper to hand them to.
    #[error("no keeper can be reached")]
    Launch(#[from] LaunchError),
    /// It was lost too.
    #[error("the new keeper was lost")]
    Conn(#[from] ConnError),
}

/// All sessions of the keeper, with their keepsakes.
pub(crate) async fn gather(conn: &mut Conn) -> Result<Vec<Found>, ConnError> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|found: &Found| found.report.session);
        let (sessions, more) = match conn.call(Verb::List { after }, Vec::new()).await?.0 {
            Ok(Answer::Sessions { sessions, more }) => (sessions, more),
            Ok(_) => return Err(refused(&KeeperError::Strange)),
            Err(error) => return Err(refused(&error)),
        };
        let more = more && !sessions.is_empty() && all.len() < MOST_SESSIONS;
        for report in sessions {
            let session = report.session;
            let (outcome, descriptors) = conn.call(Verb::Keepsakes { session }, Vec::new()).await?;
            if let Err(error) = outcome {
                tracing::warn!(%session, %error, "no keepsakes");
            }
            all.push(Found {
                report,
                keepsakes: keepsakes(descriptors),
            });
        }
        if !more {
            return Ok(all);
        }
    }
}

/// Reaches a keeper, hands it what it does not have, and takes stock.
///
/// If it is the old one after all, only the connection was lost, and it refuses what it has.
pub(crate) async fn rescue(
    sink: &dyn KeeperSink,
    place: &Place,
    orphaned: &[Orphaned],
) -> Result<Conn, RescueError> {
    let old = place.find().await?;
    let survived = old.is_some() && !place.may_be_new();
    let (mut conn, greeting) = match old {
        Some(found) => found,
        None => place.find_or_start().await?,
    };
    let pid = greeting.pid;
    sink.greeted(greeting);
    if !survived {
        for orphan in orphaned {
            let verb = Verb::Adopt(Box::new(orphan.adopt.clone()));
            let (outcome, _) = conn.call(verb, orphan.keepsakes.clone()).await?;
            if let Err(error) = outcome
                && !has_it(&error)
            {
                sink.not_adopted(orphan, &error);
            }
        }
        tracing::info!(pid, sessions = orphaned.len(), "a new keeper took over");
    }
    let found = gather(&mut conn).await?;
    sink.reconcile(found);
    Ok(conn)
}

/// Whether a keeper refuses a session because it has it.
fn has_it(error: &KeeperError) -> bool {
    matches!(error, KeeperError::Refused(refusal) if refusal.kind == RefusalKind::Exists)
}

fn refused(error: &KeeperError) -> ConnError {
    ConnError::Refused(error.to_string())
}
