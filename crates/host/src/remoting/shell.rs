//! One shell: what it is, who holds it, and its commands.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use winsta_api::SessionConfiguration;
use winsta_domain::shell::ShellMachine;
use winsta_domain::{SessionId, Timestamp};
use winsta_wire::Buffering;
use winsta_wsman::{BufferMode, Shell as Described};

use super::command::Command;
use super::configuration::BUILT_IN;
use super::limits::Limits;
use super::native::Native;
use super::pool::Pool;
use super::worker_id;

/// What does not change of a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Its id, a GUID in capitals.
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) resource: String,
    /// The account whose rights its programs have.
    pub(super) uid: u32,
    /// Name of the user who made it.
    pub(super) owner: String,
    pub(super) client_ip: Option<String>,
    pub(super) created: Timestamp,
    pub(super) input_streams: Vec<String>,
    pub(super) output_streams: Vec<String>,
    pub(super) working_directory: Option<String>,
    pub(super) environment: Vec<(String, String)>,
    /// Whether its streams are compressed.
    #[serde(default)]
    pub(super) compressed: bool,
    /// The session configuration as it was when the shell was made.
    #[serde(default = "built_in")]
    pub(super) terms: SessionConfiguration,
}

/// What shells have that an older host has written down.
fn built_in() -> SessionConfiguration {
    Limits::default().configuration(BUILT_IN)
}

/// What changes of a shell.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) machine: ShellMachine,
    pub(super) buffering: Buffering,
    pub(super) commands: BTreeMap<String, Command>,
    /// Of a PSSession that runs in shells.
    pub(super) pool: Option<Pool>,
    /// Of a PSSession whose engine speaks PowerShell remoting itself.
    #[serde(default)]
    pub(super) native: Option<Native>,
    /// Numbers of the last requests with input: one that comes again was heard before.
    #[serde(default)]
    heard: VecDeque<String>,
    /// Whether it is no more.
    #[serde(skip)]
    pub(super) closed: bool,
}

/// A shell as it is written down.
#[derive(Debug, Deserialize)]
pub(super) struct Saved {
    facts: Facts,
    state: State,
}

/// Numbers of requests that are remembered: more than a client sends before it has an answer.
const REMEMBERED: usize = 32;

impl State {
    /// Whether input with this number was taken already.
    pub(super) fn has_heard(&self, request: &str) -> bool {
        self.heard.iter().any(|number| number == request)
    }

    /// Input with this number is taken.
    pub(super) fn hears(&mut self, request: &str) {
        if self.heard.len() >= REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back(request.to_owned());
    }

    /// The client lets go: what it was given it has.
    pub(super) fn let_go(&mut self) {
        for command in self.commands.values_mut() {
            command.acknowledge();
        }
        for pipeline in self
            .pool
            .iter_mut()
            .flat_map(|pool| pool.pipelines.values_mut())
        {
            pipeline.acknowledge();
        }
        if let Some(native) = &mut self.native {
            native.bridge.let_go();
        }
    }

    /// Another client is there, which was given nothing yet.
    pub(super) fn forget_sent(&mut self) {
        for command in self.commands.values_mut() {
            command.sent = None;
        }
    }

    /// Workers of its commands and runspaces.
    fn workers(&self) -> Vec<SessionId> {
        let commands = self
            .commands
            .values()
            .map(|command| worker_id(command.worker));
        let runspaces = self.pool.iter().flat_map(Pool::workers);
        let natives = self.native.iter().map(Native::worker);
        commands.chain(runspaces).chain(natives).collect()
    }

    /// How often output of a command or pipeline was asked for.
    pub(super) fn receivers(&self, id: &str) -> Option<u64> {
        let command = self.commands.get(id).map(|command| command.receivers);
        let pipeline = || {
            self.pool
                .as_ref()?
                .pipelines
                .get(id)
                .map(|pipeline| pipeline.receivers)
        };
        let native = || self.native.as_ref()?.receivers(id);
        command.or_else(pipeline).or_else(native)
    }

    /// Whether it is a PSSession.
    pub(super) fn is_pssession(&self) -> bool {
        self.pool.is_some() || self.native.is_some()
    }
}

/// A shell.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(super) facts: Facts,
    state: Mutex<State>,
    /// Held while a pipeline is given to a runspace.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    changed: watch::Sender<u64>,
}

impl Shell {
    pub(super) fn new(
        facts: Facts,
        machine: ShellMachine,
        buffering: Buffering,
        (pool, native): (Option<Pool>, Option<Native>),
    ) -> Self {
        Self::restore(Saved {
            facts,
            state: State {
                machine,
                buffering,
                commands: BTreeMap::new(),
                pool,
                native,
                heard: VecDeque::new(),
                closed: false,
            },
        })
    }

    pub(super) fn restore(saved: Saved) -> Self {
        Self {
            facts: saved.facts,
            state: Mutex::new(saved.state),
            turn: Arc::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// The shell as it is written down.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Saved<'a> {
            facts: &'a Facts,
            state: &'a State,
        }
        let (facts, state) = (&self.facts, &*self.state());
        serde_json::to_vec(&Saved { facts, state })
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        &self.facts.id
    }

    /// The account whose rights its programs have.
    pub(super) fn uid(&self) -> u32 {
        self.facts.uid
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of changes from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Tells those who wait that something is different.
    pub(super) fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// It is no more: whoever waits hears of it.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.tell();
    }

    /// When it is over, if its client does not come back.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        self.state().machine.expires()
    }

    /// Its workers.
    pub(super) fn workers(&self) -> Vec<SessionId> {
        self.state().workers()
    }

    /// Forgets commands whose worker is lost.
    pub(super) fn forget_lost(&self, has: impl Fn(SessionId) -> bool) {
        let mut state = self.state();
        state
            .commands
            .retain(|_, command| has(worker_id(command.worker)));
        if let Some(pool) = &mut state.pool {
            pool.runspaces
                .retain(|_, runspace| has(worker_id(runspace.worker)));
        }
    }

    /// What clients hear of it; `process` is the id of the host's.
    pub(super) fn describe(&self, now: Timestamp, busy: u32) -> Described {
        let state = self.state();
        let facts = &self.facts;
        let since = |then: Timestamp| Duration::from_secs(now.seconds_since(then));
        let connected = state.machine.is_connected(now);
        Described {
            id: Some(facts.id.clone()),
            name: facts
                .name
                .clone()
                .or_else(|| Some(format!("Shell {}", &facts.id))),
            resource: Some(facts.resource.clone()),
            owner: Some(facts.owner.clone()),
            client_ip: Some(
                facts
                    .client_ip
                    .clone()
                    .unwrap_or_else(|| "localhost".to_owned()),
            ),
            process_id: Some(std::process::id()),
            idle_timeout: Some(Duration::from_millis(state.machine.idle_timeout())),
            max_idle_timeout: Some(Duration::from_millis(facts.terms.max_idle_timeout_ms)),
            input_streams: facts.input_streams.clone(),
            output_streams: facts.output_streams.clone(),
            locale: Some("en-US".to_owned()),
            data_locale: Some("en-US".to_owned()),
            compression: Some(
                if facts.compressed {
                    "XpressCompression"
                } else {
                    "NoCompression"
                }
                .to_owned(),
            ),
            profile_loaded: Some(true),
            encoding: Some("UTF8".to_owned()),
            buffer_mode: Some(match state.buffering {
                Buffering::Block => BufferMode::Block,
                Buffering::Drop => BufferMode::Drop,
            }),
            state: Some(
                if connected {
                    "Connected"
                } else {
                    "Disconnected"
                }
                .to_owned(),
            ),
            run_time: Some(since(facts.created)),
            inactivity: Some(since(state.machine.last_heard())),
            child_processes: Some(busy),
            ..Described::default()
        }
    }
}
