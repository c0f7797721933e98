//! Permits to attach, and sending clients away.

use std::time::Duration;

use tokio::time::timeout;
use winsta_api::{AttachRequest, AttachTicket, Attachment, Disconnected, ErrorCode, Guard};
use winsta_api::{Session, SwitchRequest};
use winsta_domain::{ConnectionId, SessionId};
use winsta_wire::{Answer, AttachMode, FirstPermit, Notice, Ticket, Verb as Ask};

use super::hosted::Expected;
use super::{Core, Engine};
use crate::access::Verb;
use crate::clock;
use crate::failure::{Failure, failure, hinted, keeper_failure};
use crate::keeper::port::{KeeperError, answer};
use crate::meta::{Note, Transport, connection_name};
use crate::numbering::random_hex;
use crate::people::Caller;

/// How long a permit is good for.
const TICKET_SECONDS: u32 = 30;
/// How long a user has to consent.
const CONSENT: Duration = Duration::from_secs(60);
/// Longest name or address of a client that is taken note of, in characters.
const MAX_NAME: usize = 64;

/// A permit that is about to be given.
pub(super) struct Pass {
    ticket: Ticket,
    mode: AttachMode,
    uid: u32,
    note: Note,
}

impl Pass {
    /// A permit for what `caller`, whose name is `user`, asks.
    pub(super) fn new(
        request: &AttachRequest,
        caller: Caller,
        user: String,
        transport: Transport,
    ) -> Result<Self, Failure> {
        let mode = match request.mode {
            Attachment::TakeOver => AttachMode::TakeOver,
            Attachment::Share => AttachMode::Share,
            Attachment::View => AttachMode::View,
        };
        let note = Note {
            client_name: request.client_name.as_deref().map(presentable),
            client_address: request.client_address.as_deref().map(presentable),
            user: Some(user),
            transport,
            from_session: request.from_session,
        };
        Self::with(mode, caller.uid, note)
    }

    fn with(mode: AttachMode, uid: u32, note: Note) -> Result<Self, Failure> {
        let ticket = random_hex()
            .map_err(|error| failure(ErrorCode::Internal, format!("no random numbers: {error}")))?;
        Ok(Self {
            ticket: Ticket(ticket),
            mode,
            uid,
            note,
        })
    }
}

impl Core {
    /// Expects the holder of `pass`, and says what the keeper must know of it.
    pub(super) fn expect(&mut self, id: SessionId, pass: &Pass) -> Result<FirstPermit, Failure> {
        let connection = ConnectionId(self.next_connection);
        self.next_connection = self.next_connection.checked_add(1).unwrap_or(1);
        self.find(id, Verb::Attach)?.expect(Expected {
            id: connection,
            mode: pass.mode,
            uid: pass.uid,
            note: pass.note.clone(),
            until: clock::now().plus_millis(u64::from(TICKET_SECONDS) * 1_000),
        });
        Ok(FirstPermit {
            connection,
            ticket: pass.ticket.clone(),
            mode: pass.mode,
            seconds: TICKET_SECONDS,
            note: serde_json::to_string(&pass.note).unwrap_or_default(),
        })
    }
}

impl Engine {
    /// Gives a permit to attach.
    pub(crate) async fn ticket(
        &self,
        id: SessionId,
        request: &AttachRequest,
        caller: Caller,
        transport: Transport,
    ) -> Result<AttachTicket, Failure> {
        let user = self.names.of(caller.uid);
        self.core().find(id, Verb::Attach)?;
        if request.from_session == Some(id.0) && transport.connects() {
            return Err(hinted(
                ErrorCode::Conflict,
                format!("this is session {id}: it cannot be shown inside itself"),
                "detach first, then connect from outside",
            ));
        }
        if request.ask_consent {
            self.ask_consent(id, &user).await?;
        }
        let pass = Pass::new(&self.checked(request, &caller), caller, user, transport)?;
        self.issue(id, pass).await
    }

    /// Registers a permit with the keeper.
    async fn issue(&self, id: SessionId, pass: Pass) -> Result<AttachTicket, Failure> {
        let permit = {
            let mut core = self.core();
            let permit = core.expect(id, &pass)?;
            self.enrol(&mut core, id);
            permit
        };
        self.give(id, pass, permit).await
    }

    /// Tells the keeper of a permit whose holder is [expected](Core::expect).
    pub(super) async fn give(
        &self,
        id: SessionId,
        pass: Pass,
        permit: FirstPermit,
    ) -> Result<AttachTicket, Failure> {
        let connection = permit.connection;
        let verb = Ask::Ticket {
            session: id,
            connection,
            ticket: permit.ticket,
            mode: permit.mode,
            seconds: permit.seconds,
            note: permit.note,
        };
        let asked = self.core().ask(id, verb, Vec::new());
        answer(asked)
            .await
            .map_err(|error| keeper_failure(&error))?;
        Ok(self.show(id, pass, connection))
    }

    /// A permit as its holder gets it.
    pub(super) fn show(&self, id: SessionId, pass: Pass, connection: ConnectionId) -> AttachTicket {
        let core = self.core();
        let hosted = core.sessions.get(&id);
        let uid = hosted.map_or(self.owner.uid, |hosted| hosted.meta.uid);
        AttachTicket {
            socket: self.dirs.keeper_socket(uid).display().to_string(),
            ticket: pass.ticket.0,
            name: connection_name(connection),
        }
    }

    /// A request without what its caller has no right to say: a session that they do not sit in, an address
    /// that they do not come from.
    pub(super) fn checked(&self, request: &AttachRequest, caller: &Caller) -> AttachRequest {
        let mut request = request.clone();
        let own = |id: &u32| self.may(caller, Verb::Attach, SessionId(*id));
        request.from_session = request.from_session.filter(own);
        if let Some(remote) = caller.remote {
            request.client_address = Some(remote.address.to_string());
        }
        request
    }

    /// Asks the session's users; the first answer counts.
    async fn ask_consent(&self, id: SessionId, from: &str) -> Result<(), Failure> {
        let (number, reply) = {
            let mut core = self.core();
            let number = core.notices.number();
            (number, core.notices.ask(number, id))
        };
        let notice = Notice::Consent {
            id: number,
            from: from.to_owned(),
        };
        let shown = self.notify(id, None, &notice).await?;
        if shown == 0 {
            self.core().notices.forget(number);
            return Err(hinted(
                ErrorCode::Conflict,
                format!("nobody is connected to session {id} who could consent"),
                "watch it without control, or connect to it",
            ));
        }
        let said = timeout(CONSENT, reply).await;
        self.core().notices.forget(number);
        match said {
            Ok(Ok(answer)) if answer == "yes" => Ok(()),
            Ok(Ok(_)) => Err(failure(
                ErrorCode::Forbidden,
                format!("the user of session {id} said no"),
            )),
            Ok(Err(_)) => Err(failure(
                ErrorCode::Conflict,
                format!("session {id} has ended"),
            )),
            Err(_) => Err(failure(
                ErrorCode::Forbidden,
                format!(
                    "the user of session {id} did not answer within {} s",
                    CONSENT.as_secs()
                ),
            )),
        }
    }

    /// Shows something to clients of a session; gives how many.
    pub(crate) async fn notify(
        &self,
        id: SessionId,
        connection: Option<ConnectionId>,
        notice: &Notice,
    ) -> Result<u32, Failure> {
        if let Some(found) = self.found(id) {
            return self.notify_elsewhere(&found, notice).await;
        }
        let notice = serde_json::to_string(notice)
            .map_err(|error| failure(ErrorCode::Internal, error.to_string()))?;
        let ask = Ask::Notify {
            session: id,
            connection,
            notice,
        };
        let asked = self.core().ask(id, ask, Vec::new());
        match answer(asked).await {
            Ok((Answer::Notified { connections }, _)) => {
                Ok(u32::try_from(connections.len()).unwrap_or(u32::MAX))
            }
            Ok(_) => Err(keeper_failure(&KeeperError::Strange)),
            Err(error) => Err(keeper_failure(&error)),
        }
    }

    /// Sends all clients of a session away.
    pub(crate) async fn disconnect(
        &self,
        id: SessionId,
        guard: &Guard,
        by: &str,
    ) -> Result<Disconnected, Failure> {
        if let Some(found) = self.meant(id, Verb::Disconnect, guard)? {
            return self.disconnect_elsewhere(id, &found).await;
        }
        let asked = {
            let mut core = self.core();
            core.find(id, Verb::Disconnect)?;
            core.check_guard(id, guard)?;
            let ask = Ask::Disconnect {
                session: id,
                connection: None,
                reason: format!("disconnected by {by}"),
            };
            core.ask(id, ask, Vec::new())
        };
        match answer(asked).await {
            Ok((Answer::Disconnected { connections }, _)) => Ok(Disconnected {
                id: id.0,
                connections,
            }),
            Ok(_) => Err(keeper_failure(&KeeperError::Strange)),
            Err(error) => Err(keeper_failure(&error)),
        }
    }

    /// Has the client at another connection show this session instead of its own.
    pub(crate) async fn switch(
        &self,
        id: SessionId,
        request: &SwitchRequest,
        caller: Caller,
    ) -> Result<AttachTicket, Failure> {
        let (from, client) = {
            let mut core = self.core();
            core.find(id, Verb::Attach)?;
            core.check_guard(id, &request.guard)?;
            let clients = core.sessions.iter().flat_map(|(session, hosted)| {
                hosted.clients.iter().map(move |client| (*session, client))
            });
            let mut named = clients.filter(|(_, client)| client.name() == request.destination);
            let found = named
                .next()
                .map(|(session, client)| (session, client.clone()));
            found.ok_or_else(|| {
                let name = &request.destination;
                hinted(
                    ErrorCode::NotFound,
                    format!("no connection has the name {name}"),
                    "winsta query session /CONNECT lists them",
                )
            })?
        };
        if !self.may(&caller, Verb::Attach, from) {
            let name = &request.destination;
            return Err(hinted(
                ErrorCode::Forbidden,
                format!("{name} shows another user's session, which you have no right to control"),
                "winsta query session lists your own",
            ));
        }
        if from == id {
            let name = &request.destination;
            return Err(failure(
                ErrorCode::Conflict,
                format!("{name} is connected to session {id} already"),
            ));
        }
        let note = Note {
            user: Some(self.names.of(caller.uid)),
            ..client.note.clone()
        };
        let ticket = self
            .issue(id, Pass::with(AttachMode::TakeOver, client.uid, note)?)
            .await?;
        let notice = Notice::Switch {
            socket: ticket.socket.clone(),
            ticket: ticket.ticket.clone(),
        };
        self.notify(from, Some(client.id), &notice).await?;
        Ok(ticket)
    }

    /// Changes a session's label.
    pub(crate) fn set_label(
        &self,
        id: SessionId,
        label: Option<String>,
    ) -> Result<Session, Failure> {
        let label = label.map(winsta_domain::Label::try_from).transpose();
        let label = label.map_err(|error| failure(ErrorCode::Invalid, error.to_string()))?;
        {
            let mut core = self.core();
            let hosted = core.find(id, Verb::Change)?;
            hosted.meta.label = label;
            hosted.touch();
            self.write_meta(&mut core, id);
            self.tell("labelled", Some(id), String::new());
        }
        self.session(id, None)
    }
}

/// A client's words about itself, fit for other people's terminals.
fn presentable(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(MAX_NAME).collect()
}
