//! How shells come, change hands and are listed.

use std::sync::Arc;
use std::time::Duration;

use winsta_api::{BufferingMode, SessionConfiguration};
use winsta_domain::shell::ShellMachine;
use winsta_wire::Buffering;
use winsta_wsman::fault::Kind;
use winsta_wsman::names::{self, Action};
use winsta_wsman::{Answer, BufferMode, Created, Fault, Header, Shell as Described};

use super::Principal;
use super::engines;
use super::native::Native;
use super::pool::Pool;
use super::powershell::strange;
use super::serve::{client, new_guid, refused};
use super::shell::{Facts, Shell, State};
use crate::clock;
use crate::engine::Engine;

/// The compression that clients may ask for.
const XPRESS: &str = "xpress";
/// What shells of no session configuration are counted as; no configuration can be called so.
const COMMAND_SHELLS: &str = "winrs/cmd";

impl Engine {
    pub(super) async fn create_shell(
        &self,
        who: &Principal,
        header: &Header,
        wanted: Described,
    ) -> Result<Answer, Fault> {
        let configuration = header.resource.strip_prefix(names::POWERSHELL);
        let is_pool = configuration.is_some();
        let terms = match configuration {
            Some(name) => self.terms(who, name).await?,
            None if header.resource == names::COMMAND_SHELL => self
                .remoting
                .catalogue
                .limits()
                .configuration(COMMAND_SHELLS),
            None => return Err(Kind::NoResource.fault()),
        };
        if self.is_stopping() {
            return Err(Kind::Internal.saying("The host is being stopped."));
        }
        let compressed = match header.compression.as_deref().map(str::trim) {
            None => false,
            Some(kind) if kind.eq_ignore_ascii_case(XPRESS) => true,
            Some(other) => {
                let text = format!("This host compresses streams with {XPRESS}, not {other:?}.");
                return Err(Kind::Unsupported.saying(text));
            }
        };
        let side = match (is_pool, &wanted.creation) {
            (false, _) => (None, None),
            (true, None) => return Err(Kind::Parameter.saying("A PSSession needs a creationXml.")),
            (true, Some(opening)) if engines::is_powershell(&terms.engine) => {
                let native = Native::opened(opening).map_err(|error| strange(&error))?;
                (None, Some(native))
            }
            (true, Some(opening)) => {
                let pool = Pool::open(opening).map_err(|error| strange(&error))?;
                (Some(pool), None)
            }
        };
        let is_native = side.1.is_some();
        let idle = wanted.idle_timeout.map(|idle| idle.as_millis());
        let idle = idle.map_or(terms.idle_timeout_ms, |idle| {
            // Too long a timeout is noticed when the shell is disconnected.
            u64::try_from(idle).unwrap_or(u64::MAX)
        });
        let now = clock::now();
        let id = wanted.id.map(|id| id.trim().to_ascii_uppercase());
        let id = match id {
            Some(id) if is_guid(&id) => id,
            Some(id) => {
                let text = format!("A shell's id is a GUID, and {id:?} is none.");
                return Err(Kind::Parameter.saying(text));
            }
            None => new_guid(),
        };
        let mode = match wanted.buffer_mode {
            Some(mode) => buffering(mode),
            None => match terms.output_buffering_mode {
                BufferingMode::Block => Buffering::Block,
                BufferingMode::Drop => Buffering::Drop,
            },
        };
        let shell = Shell::new(
            Facts {
                id: id.clone(),
                name: wanted.name,
                resource: header.resource.clone(),
                uid: who.uid,
                owner: who.name.clone(),
                client_ip: who.address.clone(),
                created: now,
                input_streams: wanted.input_streams,
                output_streams: wanted.output_streams,
                working_directory: wanted.working_directory,
                environment: wanted.environment,
                compressed,
                terms,
            },
            ShellMachine::new(client(header), idle, now),
            mode,
            side,
        );
        let shell = Arc::new(shell);
        {
            let mut shells = self.remoting.shells();
            if shells.contains_key(&id) {
                return Err(Kind::ShellExists.fault());
            }
            let terms = &shell.facts.terms;
            let others = shells.values().map(|shell| &shell.facts);
            let others = others.filter(|other| other.terms.name.eq_ignore_ascii_case(&terms.name));
            admit(terms, &who.name, others.map(|other| other.owner.as_str()))?;
            shells.insert(id, Arc::clone(&shell));
        }
        if is_native && let Err(fault) = self.start_native(&shell).await {
            self.end_shell(&shell);
            return Err(fault);
        }
        self.keep_shell(&shell);
        self.remoting.timing.notify_one();
        let described = self.described(&shell);
        let created = Created::new(header.to.clone(), header.resource.clone(), described);
        Ok(Answer::Created(Box::new(created)))
    }

    pub(super) fn disconnect_shell(
        &self,
        who: &Principal,
        header: &Header,
        idle_timeout: Option<Duration>,
        buffer_mode: Option<BufferMode>,
    ) -> Result<Answer, Fault> {
        let shell = self.owned(who, header)?;
        let idle = idle_timeout.map(|idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        let most = shell.facts.terms.max_idle_timeout_ms;
        let workers = self.workers_of(shell.uid());
        {
            let mut state = shell.state();
            let done = state
                .machine
                .disconnect(&client(header), idle, most, clock::now());
            done.map_err(refused)?;
            state.let_go();
            state.buffering = buffer_mode.map_or(state.buffering, buffering);
        }
        if let (Some(mode), Some(workers)) = (buffer_mode, workers) {
            for worker in shell.workers() {
                workers.set_buffering(worker, buffering(mode));
            }
        }
        self.settle(&shell);
        Ok(Answer::Done(Action::Disconnect))
    }

    pub(super) fn reconnect_shell(
        &self,
        who: &Principal,
        header: &Header,
        command: Option<String>,
    ) -> Result<Answer, Fault> {
        let shell = self.owned(who, header)?;
        // The shell comes first; a command is then the client's too.
        if let Some(id) = command {
            has_command(&shell, &id)?;
        } else {
            let mut state = shell.state();
            let done = state.machine.reconnect(&client(header), clock::now());
            drop(state);
            done.map_err(refused)?;
            self.settle(&shell);
        }
        Ok(Answer::Done(Action::Reconnect))
    }

    pub(super) async fn connect_shell(
        &self,
        who: &Principal,
        header: &Header,
        command: Option<String>,
        opening: Option<Vec<u8>>,
    ) -> Result<Answer, Fault> {
        let shell = self.owned(who, header)?;
        if let Some(id) = command {
            has_command(&shell, &id)?;
            return Ok(Answer::Connected {
                input_streams: Vec::new(),
                output_streams: Vec::new(),
                opening: None,
            });
        }
        // What its engine has said by now.
        self.listen_to_native(&shell).await?;
        let opening = {
            let mut state = shell.state();
            let answer = match (state.is_pssession(), opening) {
                (true, None) => {
                    return Err(Kind::Parameter.saying("A PSSession needs a connectXml."));
                }
                (false, _) => None,
                (true, Some(opening)) => Some(opening),
            };
            let done = state.machine.connect(&client(header), clock::now());
            done.map_err(refused)?;
            state.forget_sent();
            let State { pool, native, .. } = &mut *state;
            match (pool, native, answer) {
                (Some(pool), _, Some(opening)) => Some(pool.connect(&opening)),
                (None, Some(native), Some(opening)) => Some(native.bridge.connect(&opening)),
                _ => None,
            }
            .transpose()
            .map_err(|error| strange(&error))?
        };
        self.settle(&shell);
        Ok(Answer::Connected {
            input_streams: shell.facts.input_streams.clone(),
            output_streams: shell.facts.output_streams.clone(),
            opening,
        })
    }
}

fn buffering(mode: BufferMode) -> Buffering {
    match mode {
        BufferMode::Block => Buffering::Block,
        BufferMode::Drop => Buffering::Drop,
    }
}

/// Whether one more shell of `user` may be, besides those of `owners`.
fn admit<'a>(
    terms: &SessionConfiguration,
    user: &str,
    owners: impl Iterator<Item = &'a str>,
) -> Result<(), Fault> {
    let owners: Vec<&str> = owners.collect();
    let own = owners.iter().filter(|owner| **owner == user).count();
    if own >= terms.max_shells_per_user as usize {
        return Err(Kind::UserShells.saying(format!(
            "The WS-Management service cannot process the request. This user is allowed a maximum \
             number of {} concurrent shells, which has been exceeded. Close existing shells or \
             raise the quota for this user.",
            terms.max_shells_per_user
        )));
    }
    if owners.len() >= terms.max_shells as usize {
        return Err(Kind::PluginShells.fault());
    }
    let users: std::collections::BTreeSet<&str> = owners.into_iter().collect();
    if !users.contains(user) && users.len() >= terms.max_concurrent_users as usize {
        return Err(Kind::ShellUsers.fault());
    }
    Ok(())
}

/// Whether the text is a GUID in capitals, as shells are named.
fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F' | b'-'))
}

fn has_command(shell: &Shell, id: &str) -> Result<(), Fault> {
    let known = shell.state().receivers(&id.to_ascii_uppercase()).is_some();
    known.then_some(()).ok_or_else(|| Kind::NoCommand.fault())
}
