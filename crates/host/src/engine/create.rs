//! Starting sessions.

use winsta_api::{Created, ErrorCode, Holder, NewSession, Session};
use winsta_domain::quota::{self, Held, QuotaDecision, Wanted};
use winsta_domain::session::{Input, SessionMachine};
use winsta_domain::{Label, SessionId, State, TerminalSize, Timestamp};
use winsta_wire::{Answer, Buffering, Conduit, Spawn, Verb};

use super::attach::Pass;
use super::hosted::Hosted;
use super::view::Ledgers;
use super::{Core, Engine};
use crate::audit::{Begun, Milestone};
use crate::clock;
use crate::config::BufferBytes;
use crate::failure::{Failure, failure, hinted, keeper_failure};
use crate::keeper::port::{KeeperError, answer};
use crate::meta::{Meta, Transport};
use crate::people::{Caller, Owner};
use crate::{process, shell, sources};

/// A session that is asked for, its parts checked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plan {
    label: Option<Label>,
    argv: Vec<String>,
    arg0: Option<String>,
    env: Vec<(String, String)>,
    cwd: String,
    conduit: Conduit,
    capacity: u64,
    buffering: Buffering,
    console: bool,
    login: bool,
}

impl Engine {
    /// Starts a session and waits until its program runs.
    ///
    /// `caller` is who asks, and who attaches if `wanted` says so.
    pub(crate) async fn create(
        &self,
        wanted: NewSession,
        caller: Caller,
    ) -> Result<Created, Failure> {
        let user = &self.names.of(caller.uid);
        let owner = self.owner_for(&caller)?;
        if wanted.login
            && let Some(back) = self.reconnect(&wanted, caller, owner.uid, user).await?
        {
            return Ok(back);
        }
        let first = wanted.attach.as_ref();
        let first = first.map(|request| self.checked(request, &caller));
        let first = first.map(|request| {
            Pass::new(
                &request,
                caller,
                user.to_owned(),
                Transport::to_keeper(&caller),
            )
        });
        let first = first.transpose()?;
        let plan = self.plan(wanted, &owner)?;
        let _lease = self.lease(owner.uid).await?;
        let command = plan.argv.join(" ");
        let now = clock::now();
        let (id, connection, asked) = {
            let mut core = self.core();
            if self.is_stopping() {
                return Err(Self::stopping_refusal());
            }
            let id = self.admit(&mut core, plan.console, &owner)?;
            let mut spawn = self.register(&mut core, id, plan, &owner, now);
            if let Some(pass) = &first {
                spawn.permit = Some(core.expect(id, pass)?);
            }
            self.enrol(&mut core, id);
            let connection = spawn.permit.as_ref().map(|permit| permit.connection);
            let verb = Verb::Spawn(Box::new(spawn));
            (id, connection, core.ask(id, verb, Vec::new()))
        };
        match answer(asked).await {
            Ok((Answer::Spawned(_), _)) => {
                self.audit.milestone(Milestone::Started {
                    incarnation: self.incarnation(),
                    begun: Begun {
                        session: id,
                        user: owner.name.clone(),
                        command,
                        time: now.rfc3339().to_string(),
                    },
                });
                let attach = first.zip(connection);
                Ok(Created {
                    session: self.created(id, &owner)?,
                    attach: attach.map(|(pass, connection)| self.show(id, pass, connection)),
                    back: false,
                })
            }
            Ok(_) => Err(self.not_created(id, &KeeperError::Strange)),
            Err(error) => Err(self.not_created(id, &error)),
        }
    }

    /// The new session; a short one may have ended already, and is described all the same.
    fn created(&self, id: SessionId, owner: &Owner) -> Result<Session, Failure> {
        let described = self.session(id, None);
        described.or_else(|gone| {
            let core = self.core();
            let ended = core.endings.iter().any(|(ended, _)| *ended == id);
            if !ended {
                return Err(gone);
            }
            Ok(Session {
                name: None,
                user: Some(owner.name.clone()),
                ..sources::empty(&self.host, id, "", State::Down, "pty")
            })
        })
    }

    fn not_created(&self, id: SessionId, error: &KeeperError) -> Failure {
        let mut core = self.core();
        self.feed(&mut core, id, Input::StartFailed);
        match error {
            KeeperError::Refused(refusal) if refusal.kind == winsta_wire::RefusalKind::Exec => {
                failure(
                    ErrorCode::Exec,
                    format!("the program cannot be started: {}", refusal.reason),
                )
            }
            other => keeper_failure(other),
        }
    }

    /// Checks all that can be checked before a number is given.
    fn plan(&self, wanted: NewSession, owner: &Owner) -> Result<Plan, Failure> {
        let invalid = |message: String| failure(ErrorCode::Invalid, message);
        let label = wanted.label.map(Label::try_from).transpose();
        let label = label.map_err(|error| invalid(error.to_string()))?;
        let size = match wanted.size {
            Some((cols, rows)) => {
                TerminalSize::new(cols, rows).map_err(|error| invalid(error.to_string()))?
            }
            None => TerminalSize::DEFAULT,
        };
        let capacity = match wanted.buffer_bytes {
            Some(bytes) => BufferBytes::try_from(bytes).map_err(invalid)?,
            None => self.config.buffer_bytes,
        };
        let buffering = match wanted.buffering.as_deref() {
            None | Some("drop") => Buffering::Drop,
            Some("block") => Buffering::Block,
            Some(other) => {
                return Err(invalid(format!(
                    "buffering is drop or block, not {other:?}"
                )));
            }
        };
        let texts = wanted.command.iter().chain(&wanted.cwd);
        let pairs = wanted.env.iter().flat_map(|(name, value)| [name, value]);
        if texts.chain(pairs).any(|text| text.contains('\0')) {
            return Err(invalid(
                "a command, folder or variable holds a zero byte".to_owned(),
            ));
        }
        let (argv, login_name) = self.command(wanted.command, owner);
        Ok(Plan {
            label,
            argv,
            arg0: login_name,
            env: wanted.env,
            cwd: wanted.cwd.unwrap_or_else(|| owner.home.clone()),
            conduit: if wanted.pipes {
                Conduit::Pipes
            } else {
                Conduit::Pty(size)
            },
            capacity: capacity.get(),
            buffering,
            console: wanted.console,
            login: wanted.login,
        })
    }

    /// The command, or the user's shell as a login shell.
    fn command(&self, command: Vec<String>, owner: &Owner) -> (Vec<String>, Option<String>) {
        if !command.is_empty() {
            return (command, None);
        }
        let shell = shell::usable(&owner.shell, self.config.login.shell.as_deref());
        let name = shell.rsplit('/').next().unwrap_or_default();
        let arg0 = format!("-{name}");
        (vec![shell], Some(arg0))
    }

    /// Gives a number, if there may be one more session.
    fn admit(&self, core: &mut Core, console: bool, owner: &Owner) -> Result<SessionId, Failure> {
        let wanted = if console {
            if core.sessions.contains_key(&SessionId::CONSOLE) {
                return Err(hinted(
                    ErrorCode::Conflict,
                    "the console session runs already",
                    "winsta connect console attaches to it",
                ));
            }
            Wanted::Console
        } else {
            Wanted::Ordinary
        };
        let limits = self.config.limits.limits();
        if limits != quota::Limits::default() {
            let held = held(core);
            match quota::decide(limits, wanted, &owner.name, &held) {
                QuotaDecision::Admit => {}
                QuotaDecision::Refuse { limit, holders } => {
                    let mut refusal = hinted(
                        ErrorCode::Quota,
                        limit.to_string(),
                        "end one of the sessions listed, or connect to it; \
                         administrators can use the console: winsta connect console",
                    );
                    refusal.holders = holders.iter().map(|held| holder(core, held)).collect();
                    return Err(refusal);
                }
            }
        }
        if console {
            return Ok(SessionId::CONSOLE);
        }
        if process::few_files_left() {
            return Err(hinted(
                ErrorCode::Exhausted,
                "the host's limit on open files leaves no room for another session",
                "end a session; or raise the limit (ulimit -Hn) and start the host anew",
            ));
        }
        let given = core.numbering.give();
        given.map_err(|error| failure(ErrorCode::Internal, error.to_string()))
    }

    /// Puts the session on the list and says how the keeper is to start it.
    fn register(
        &self,
        core: &mut Core,
        id: SessionId,
        plan: Plan,
        owner: &Owner,
        now: Timestamp,
    ) -> Spawn {
        let meta = Meta {
            user: owner.name.clone(),
            uid: owner.uid,
            logon: now,
            label: plan.label,
            command: Meta::listed_command(&plan.argv),
            disconnected: Some(now),
            login: plan.login,
            countdowns: Vec::new(),
            report: None,
            permits: Vec::new(),
        };
        let spawn = Spawn {
            session: id,
            conduit: plan.conduit,
            argv: plan.argv,
            arg0: plan.arg0,
            env: self.environment(id, plan.env, owner),
            inherit: self.is_shared(),
            cwd: plan.cwd,
            capacity: plan.capacity,
            buffering: plan.buffering,
            // The machine's host keeps it itself.
            meta: if self.is_shared() {
                String::new()
            } else {
                meta.to_json()
            },
            permit: None,
            memory: None,
        };
        core.sessions
            .insert(id, Hosted::new(SessionMachine::new(now), meta));
        spawn
    }

    /// The caller's environment, and where the session is.
    fn environment(
        &self,
        id: SessionId,
        wanted: Vec<(String, String)>,
        owner: &Owner,
    ) -> Vec<(String, String)> {
        let mut env = if wanted.is_empty() && !self.is_shared() {
            let own = std::env::vars_os();
            let texts = own.map(|(name, value)| (name.into_string(), value.into_string()));
            texts
                .filter_map(|(name, value)| Some((name.ok()?, value.ok()?)))
                .collect()
        } else {
            wanted
        };
        let socket = self.dirs.host_socket().display().to_string();
        let ours = [
            ("WINSTA_SESSION", id.to_string()),
            ("WINSTA_SOCKET", socket),
        ];
        env.retain(|(name, _)| ours.iter().all(|(our, _)| name != our));
        let path = if self.is_shared() {
            String::new()
        } else {
            std::env::var("PATH").unwrap_or_default()
        };
        let set = |env: &Vec<(String, String)>, name: &str| env.iter().any(|(n, _)| n == name);
        for (name, value) in [
            ("HOME", &owner.home),
            ("USER", &owner.name),
            ("LOGNAME", &owner.name),
            (
                "SHELL",
                &shell::usable(&owner.shell, self.config.login.shell.as_deref()),
            ),
            // A caller on another machine does not know what is right here; root's path is not.
            ("PATH", &path),
        ] {
            if !set(&env, name) && !value.is_empty() {
                env.push((name.to_owned(), value.clone()));
            }
        }
        env.extend(ours.map(|(name, value)| (name.to_owned(), value)));
        env
    }
}

fn held(core: &Core) -> Vec<Held> {
    let now = clock::now();
    let ledgers = Ledgers::of(core);
    let sessions = core.sessions.iter();
    let held = sessions.map(|(id, hosted)| Held {
        id: *id,
        user: hosted.meta.user.clone(),
        state: hosted.machine.state(),
        idle_seconds: hosted.idle_seconds(now, hosted.last_input(ledgers.rows(hosted.meta.uid))),
    });
    held.collect()
}

fn holder(core: &Core, held: &Held) -> Holder {
    let hosted = core.sessions.get(&held.id);
    let label = hosted.and_then(|hosted| hosted.meta.label.as_ref());
    Holder {
        id: held.id.0,
        user: held.user.clone(),
        state: held.state,
        idle_seconds: held.idle_seconds,
        label: label.map(|label| label.as_str().to_owned()),
    }
}
