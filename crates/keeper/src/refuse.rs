//! Refusals in the words of the protocol.

use std::io;

use rustix::io::Errno;
use winsta_domain::SessionId;
use winsta_wire::{Refusal, RefusalKind};

/// A refusal of this kind.
pub(crate) fn refusal(kind: RefusalKind, reason: impl Into<String>) -> Refusal {
    Refusal {
        kind,
        reason: reason.into(),
    }
}

/// There is no such session.
pub(crate) fn unknown(session: SessionId) -> Refusal {
    refusal(
        RefusalKind::Unknown,
        format!("the keeper has no session {session}"),
    )
}

/// The request makes no sense.
pub(crate) fn invalid(reason: impl Into<String>) -> Refusal {
    refusal(RefusalKind::Invalid, reason)
}

/// The kernel refused to `what`.
pub(crate) fn system(what: &str, error: &io::Error) -> Refusal {
    let exhausted = [
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOMEM,
        Errno::NOSPC,
        Errno::AGAIN,
    ];
    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    let kind = if code.is_some_and(|code| exhausted.contains(&code)) {
        RefusalKind::Exhausted
    } else {
        RefusalKind::System
    };
    refusal(kind, format!("cannot {what}: {error}"))
}
