//! Logins: back into a session that was left, or into a new one.

use winsta_api::{Created, EndRequest, ErrorCode, Guard, How, NewSession};
use winsta_domain::reconnection::{Left, Login};
use winsta_domain::{SessionId, State, Timestamp};

use super::attach::Pass;
use super::hosted::Hosted;
use super::{Core, Engine};
use crate::clock;
use crate::failure::{Failure, failure};
use crate::meta::Transport;
use crate::people::Caller;

impl Engine {
    /// Does what the rule says about the sessions that the user left, and gives one back if that
    /// is the rule. `None`: the login is to get a new one.
    pub(super) async fn reconnect(
        &self,
        wanted: &NewSession,
        caller: Caller,
        owner: u32,
        user: &str,
    ) -> Result<Option<Created>, Failure> {
        let Some(request) = &wanted.attach else {
            let missing = "a login wants a permit to attach as well";
            return Err(failure(ErrorCode::Invalid, missing));
        };
        let request = self.checked(request, &caller);
        let pass = Pass::new(
            &request,
            caller,
            user.to_owned(),
            Transport::to_keeper(&caller),
        )?;
        let chosen = {
            let mut core = self.core();
            let left = left(&core, owner, clock::now());
            match self.config.login.reconnect.decide(&left) {
                // From here on it is expected, so that no other login gets it too.
                Login::Back(id) => {
                    let permit = core.expect(id, &pass)?;
                    self.enrol(&mut core, id);
                    Ok((id, permit))
                }
                Login::Anew(others) => Err(others),
            }
        };
        match chosen {
            Ok((id, permit)) => match self.give(id, pass, permit).await {
                Ok(attach) => Ok(Some(Created {
                    session: self.session(id, None)?,
                    attach: Some(attach),
                    back: true,
                })),
                // It has ended meanwhile.
                Err(gone) if gone.code == ErrorCode::NotFound => Ok(None),
                Err(other) => Err(other),
            },
            Err(others) => {
                for id in others {
                    self.end_left(id, caller, user).await?;
                }
                Ok(None)
            }
        }
    }

    async fn end_left(&self, id: SessionId, caller: Caller, user: &str) -> Result<(), Failure> {
        let guard = match self.session(id, None) {
            Ok(session) => Guard {
                incarnation: self.incarnation().0,
                logon_time: session.logon_time,
            },
            Err(_) => return Ok(()),
        };
        let request = EndRequest {
            how: How::Logoff,
            guard,
            warn: None,
        };
        match self.end(id, request, caller).await {
            Ok(_) => {
                self.audit_own(
                    "logoff",
                    Some(id),
                    "done",
                    format!("{user} logged in again"),
                );
                Ok(())
            }
            Err(gone) if gone.code == ErrorCode::NotFound => Ok(()),
            Err(other) => Err(other),
        }
    }
}

/// A user's sessions of logins that nobody is connected to or about to be.
fn left(core: &Core, owner: u32, now: Timestamp) -> Vec<Left> {
    let is_left = |hosted: &Hosted| {
        let state = hosted.machine.state();
        let theirs = hosted.meta.login && hosted.meta.uid == owner;
        theirs && state == State::Disconnected && !hosted.is_expected(now)
    };
    let sessions = core.sessions.iter().filter(|(_, hosted)| is_left(hosted));
    let left = sessions.map(|(id, hosted)| Left {
        id: *id,
        since: hosted
            .machine
            .disconnected_since()
            .unwrap_or(hosted.meta.logon),
    });
    left.collect()
}
