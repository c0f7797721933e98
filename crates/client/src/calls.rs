//! One method for each request of the interface.

use serde::Serialize;
use serde::de::DeserializeOwned;
use winsta_api::{
    AttachRequest, AttachTicket, AuditEntry, Check, ConfigurationSettings, Created, Disconnected,
    EndReport, EndRequest, Fields, Guard, HostStatus, InputReport, KillReport, LabelRequest,
    LineInfo, Message, MessageReport, NewConfiguration, NewSession, ProcessInfo, Session,
    SessionConfiguration, SizeRequest, StopReport, SwitchRequest, TokenGiven, TokenRequest,
    TrustReport, Trusted, Upgrade, Upgraded, WaitReport, Warning, paths,
};
use winsta_domain::SessionId;

use crate::error::{Cause, ClientError};
use crate::host::{Call, Host, Listing, Patience};
use crate::ssh::PlainHost;

type Result<T> = std::result::Result<T, ClientError>;

impl Host {
    /// State of the host.
    pub fn status(&self) -> Result<HostStatus> {
        self.get(paths::STATUS)
            .map_err(|cause| self.failed(None, cause))
    }

    /// All sessions.
    pub fn sessions(&self) -> Result<Listing> {
        self.sessions_with(Fields::ALL)
    }

    /// All sessions with these keys and those that every session has ([`Fields::LEAST`]); of what
    /// else a session has, nothing is known.
    pub fn sessions_with(&self, fields: Fields) -> Result<Listing> {
        let list = || -> std::result::Result<Listing, Cause> {
            let target = if fields == Fields::ALL {
                paths::SESSIONS.to_owned()
            } else {
                format!("{}?fields={}", paths::SESSIONS, fields.and(Fields::LEAST))
            };
            let (incarnation, body) = self.bytes(&Call::get(&target))?;
            let sessions = serde_json::from_slice(&body).map_err(Cause::Answer)?;
            Ok(Listing {
                incarnation,
                sessions,
            })
        };
        self.or_plain(list(), PlainHost::sessions)
            .map_err(|cause| self.failed(None, cause))
    }

    /// One session.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        self.about(id, self.get(&paths::session(id, "")))
    }

    /// Starts a session.
    pub fn new_session(&self, wanted: &NewSession) -> Result<Session> {
        self.create(wanted).map(|created| created.session)
    }

    /// Starts a session and takes the permit to attach to it, if `wanted` asks for one.
    pub fn create(&self, wanted: &NewSession) -> Result<Created> {
        self.send("POST", paths::SESSIONS, wanted)
            .map_err(|cause| self.failed(None, cause))
    }

    /// A permit to attach, for [`Host::attach`] or a program of its own. Waits for the user's
    /// consent if that was asked for.
    pub fn ticket(&self, id: SessionId, request: &AttachRequest) -> Result<AttachTicket> {
        let path = paths::session(id, "attach");
        let permit = || {
            let body = serde_json::to_vec(request).map_err(Cause::Answer)?;
            self.json(&Call {
                method: "POST",
                target: &path,
                content_type: "application/json",
                body: &body,
                patience: Patience::Endless,
                // A permit that nobody got is of no consequence.
                repeatable: true,
            })
        };
        self.about(id, permit())
    }

    /// Sends all clients of a session away.
    pub fn disconnect(&self, id: SessionId, guard: &Guard) -> Result<Disconnected> {
        let path = paths::session(id, "disconnect");
        self.about(id, self.send("POST", &path, guard))
    }

    /// Shows the session at the terminal where another connection is.
    pub fn switch(&self, id: SessionId, request: &SwitchRequest) -> Result<AttachTicket> {
        self.about(
            id,
            self.send("POST", &paths::session(id, "switch"), request),
        )
    }

    /// Ends a session and waits until it is gone, or until somebody cancels a warning.
    pub fn end(&self, id: SessionId, request: &EndRequest) -> Result<EndReport> {
        let ended = self.patient("DELETE", &paths::session(id, ""), request);
        self.about(id, self.or_plain(ended, |plain| plain.end(id, request)))
    }

    /// Shows a message to a session's user, and waits for the answer if that is asked for.
    pub fn message(&self, id: SessionId, message: &Message) -> Result<MessageReport> {
        let shown = self.patient("POST", &paths::session(id, "message"), message);
        self.about(id, self.or_plain(shown, |plain| plain.message(id, message)))
    }

    /// Waits until a session has ended; at once for one that already has.
    pub fn wait(&self, id: SessionId) -> Result<WaitReport> {
        let path = paths::session(id, "wait");
        self.about(id, self.json(&Call::get(&path).patiently()))
    }

    /// Types `bytes` (at most [`paths::MAX_INPUT`]) into a session.
    pub fn input(&self, id: SessionId, bytes: &[u8]) -> Result<InputReport> {
        self.typed(id, &paths::session(id, "input"), bytes)
    }

    /// Types `bytes` into a session with pipes, then closes its standard input.
    pub fn last_input(&self, id: SessionId, bytes: &[u8]) -> Result<InputReport> {
        self.typed(id, &paths::session(id, "input?eof=true"), bytes)
    }

    /// Sets a terminal's size.
    pub fn resize(&self, id: SessionId, size: SizeRequest) -> Result<Session> {
        self.about(id, self.send("PUT", &paths::session(id, "size"), &size))
    }

    /// Gives a session a label, or takes it away.
    pub fn label(&self, id: SessionId, label: Option<&str>) -> Result<Session> {
        let request = LabelRequest {
            label: label.map(str::to_owned),
        };
        self.about(id, self.send("PUT", &paths::session(id, "label"), &request))
    }

    /// Settings of a session's line.
    pub fn line(&self, id: SessionId) -> Result<LineInfo> {
        self.about(id, self.get(&paths::session(id, "line")))
    }

    /// Processes of one session.
    pub fn session_processes(&self, id: SessionId) -> Result<Vec<ProcessInfo>> {
        let listed = self.get(&paths::session(id, "processes"));
        let of_session = |plain: &PlainHost| {
            let mut processes = plain.processes()?;
            processes.retain(|process| process.id == id.0);
            Ok(processes)
        };
        self.about(id, self.or_plain(listed, of_session))
    }

    /// Processes of all sessions.
    pub fn processes(&self) -> Result<Vec<ProcessInfo>> {
        self.or_plain(self.get(paths::PROCESSES), PlainHost::processes)
            .map_err(|cause| self.failed(None, cause))
    }

    /// Kills a process of a session.
    pub fn kill(&self, id: SessionId, pid: u32, guard: &Guard) -> Result<KillReport> {
        let path = paths::session(id, &format!("processes/{pid}"));
        self.about(id, self.send("DELETE", &path, guard))
    }

    /// The audit trail: its newest `limit` entries, newest last.
    pub fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>> {
        self.get(&format!("{}?limit={limit}", paths::AUDIT))
            .map_err(|cause| self.failed(None, cause))
    }

    /// What is missing on the host's machine, and how to get it.
    pub fn doctor(&self) -> Result<Vec<Check>> {
        self.get(paths::DOCTOR)
            .map_err(|cause| self.failed(None, cause))
    }

    /// Warnings that are counting down.
    pub fn warnings(&self) -> Result<Vec<Warning>> {
        self.get(paths::WARNINGS)
            .map_err(|cause| self.failed(None, cause))
    }

    /// Cancels a warning and what it warns of.
    pub fn cancel_warning(&self, warning: u32) -> Result<Warning> {
        let path = format!("{}/{warning}", paths::WARNINGS);
        let call = Call {
            method: "DELETE",
            repeatable: false,
            ..Call::get(&path)
        };
        self.json(&call).map_err(|cause| self.failed(None, cause))
    }

    /// All session configurations.
    pub fn configurations(&self) -> Result<Vec<SessionConfiguration>> {
        self.get(paths::CONFIGURATIONS)
            .map_err(|cause| self.failed(None, cause))
    }

    /// Makes a session configuration.
    pub fn make_configuration(&self, new: &NewConfiguration) -> Result<SessionConfiguration> {
        self.send("POST", paths::CONFIGURATIONS, new)
            .map_err(|cause| self.failed(None, cause))
    }

    /// Changes a session configuration.
    pub fn change_configuration(
        &self,
        name: &str,
        changes: &ConfigurationSettings,
    ) -> Result<SessionConfiguration> {
        let path = format!("{}/{name}", paths::CONFIGURATIONS);
        self.send("PATCH", &path, changes)
            .map_err(|cause| self.failed(None, cause))
    }

    /// Removes a session configuration; gives it as it was.
    pub fn remove_configuration(&self, name: &str) -> Result<SessionConfiguration> {
        let path = format!("{}/{name}", paths::CONFIGURATIONS);
        let call = Call {
            method: "DELETE",
            repeatable: false,
            ..Call::get(&path)
        };
        self.json(&call).map_err(|cause| self.failed(None, cause))
    }

    /// Stops the host; with `force` after ending its sessions, else only if it has none.
    pub fn stop(&self, force: bool) -> Result<StopReport> {
        let path = format!("{}?force={force}", paths::STOP);
        self.patient("POST", &path, &())
            .map_err(|cause| self.failed(None, cause))
    }

    /// Replaces the host and its keeper by `program`; sessions and clients stay.
    pub fn upgrade(&self, program: &str) -> Result<Upgraded> {
        let request = Upgrade {
            program: program.to_owned(),
        };
        self.send("POST", paths::UPGRADE, &request)
            .map_err(|cause| self.failed(None, cause))
    }

    /// A token with which somebody can enrol a certificate.
    pub fn token(&self, request: &TokenRequest) -> Result<TokenGiven> {
        self.send("POST", paths::TOKENS, request)
            .map_err(|cause| self.failed(None, cause))
    }

    /// What the host shows over TLS, and whom it knows.
    pub fn trusted(&self) -> Result<TrustReport> {
        self.get(paths::TRUSTED)
            .map_err(|cause| self.failed(None, cause))
    }

    /// Takes a certificate off the host's list.
    pub fn distrust(&self, fingerprint: &str) -> Result<Trusted> {
        let path = format!("{}/{fingerprint}", paths::TRUSTED);
        let call = Call {
            method: "DELETE",
            repeatable: false,
            ..Call::get(&path)
        };
        self.json(&call).map_err(|cause| self.failed(None, cause))
    }

    /// The interface's OpenAPI document.
    pub fn openapi(&self) -> Result<serde_json::Value> {
        self.get(paths::OPENAPI)
            .map_err(|cause| self.failed(None, cause))
    }

    fn typed(&self, id: SessionId, target: &str, bytes: &[u8]) -> Result<InputReport> {
        let call = Call {
            method: "POST",
            target,
            content_type: "application/octet-stream",
            body: bytes,
            patience: Patience::Usual,
            repeatable: false,
        };
        self.about(id, self.json(&call))
    }

    /// A call whose answer waits for people or programs.
    fn patient<T: DeserializeOwned>(
        &self,
        method: &'static str,
        target: &str,
        body: &impl Serialize,
    ) -> std::result::Result<T, Cause> {
        let body = serde_json::to_vec(body).map_err(Cause::Answer)?;
        self.json(&Call {
            method,
            target,
            content_type: "application/json",
            body: &body,
            patience: Patience::Endless,
            repeatable: false,
        })
    }

    pub(crate) fn about<T>(
        &self,
        id: SessionId,
        result: std::result::Result<T, Cause>,
    ) -> Result<T> {
        result.map_err(|cause| self.failed(Some(id), cause))
    }
}
