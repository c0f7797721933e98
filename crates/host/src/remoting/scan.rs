//! Streams of runspaces: looked through for marks, read in pieces, written to.

use std::sync::Arc;

use winsta_domain::SessionId;
use winsta_wire::Stream;
use winsta_wsman::Fault;

use super::powershell::pool;
use super::receive::internal;
use super::runspace::{self, Runspace};
use super::shell::Shell;
use super::stop::Interrupt;
use super::worker_id;
use crate::engine::Engine;
use crate::keeper::port::KeeperError;
use crate::workers::Workers;

/// Bytes that are asked for of one stream at once.
pub(super) const PIECE: usize = 256 << 10;
/// Pause between attempts to write to a bash that is busy.
pub(super) const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// Bytes of a stream, and their offset in it.
pub(super) type Bytes = (u64, Vec<u8>);

impl Engine {
    /// Looks for marks in what runspaces have printed, lets go of what nobody needs, and interrupts
    /// what nobody wants.
    pub(super) async fn look_everywhere(
        &self,
        shell: &Arc<Shell>,
        workers: &Arc<Workers>,
    ) -> Result<(), Fault> {
        let places: Vec<u32> = {
            let mut state = shell.state();
            pool(&mut state)?.runspaces.keys().copied().collect()
        };
        for place in places {
            for stream in [Stream::Out, Stream::Err] {
                while look(shell, workers, place, stream).await? {}
            }
            let mut state = shell.state();
            let pool = pool(&mut state)?;
            pool.release(place, workers);
        }
        for (worker, number) in pool(&mut shell.state())?.due() {
            let interrupt = Interrupt::new(workers, shell, worker, number);
            tokio::spawn(interrupt.send(true));
        }
        Ok(())
    }
}

/// Looks through what has come of one stream; whether there may be more.
async fn look(shell: &Shell, workers: &Workers, place: u32, stream: Stream) -> Result<bool, Fault> {
    let (worker, from) = {
        let mut state = shell.state();
        let Some(runspace) = pool(&mut state)?.runspaces.get_mut(&place) else {
            return Ok(false);
        };
        (worker_id(runspace.worker), marks(runspace, stream).scanned)
    };
    let read = match workers.read(worker, stream, from, PIECE).await {
        Ok(read) => read,
        // It is gone with all that it printed.
        Err(KeeperError::Refused(_)) => return Ok(false),
        Err(error) => return Err(internal(&error)),
    };
    let mut state = shell.state();
    let Some(runspace) = pool(&mut state)?.runspaces.get_mut(&place) else {
        return Ok(false);
    };
    let found = marks(runspace, stream);
    if found.scanned != from {
        // Somebody else has looked meanwhile.
        return Ok(true);
    }
    let mut found = std::mem::take(found);
    found.scanned = read.offset;
    found.finished = read.finished;
    runspace.scan(&mut found, &read.bytes);
    let moved = found.scanned > from;
    *marks(runspace, stream) = found;
    runspace.mirror();
    Ok(moved && read.bytes.len() >= PIECE)
}

fn marks(runspace: &mut Runspace, stream: Stream) -> &mut runspace::Marks {
    match stream {
        Stream::Out => &mut runspace.out,
        Stream::Err => &mut runspace.err,
    }
}

/// Bytes of a stream between two places, as far as they are there.
pub(super) async fn piece(
    workers: &Workers,
    worker: SessionId,
    stream: Stream,
    from: u64,
    upto: u64,
) -> Result<Bytes, Fault> {
    let most = usize::try_from(upto.saturating_sub(from))
        .unwrap_or(PIECE)
        .min(PIECE);
    if most == 0 {
        return Ok((from, Vec::new()));
    }
    let read = workers.read(worker, stream, from, most).await;
    let read = read.map_err(|error| internal(&error))?;
    Ok((read.offset, read.bytes))
}

pub(super) async fn write_all(
    workers: &Workers,
    worker: SessionId,
    bytes: &[u8],
) -> Result<(), KeeperError> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let taken = workers
            .write(worker, rest.get(..PIECE).unwrap_or(rest))
            .await?;
        rest = rest.get(taken..).unwrap_or_default();
        if taken == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}
