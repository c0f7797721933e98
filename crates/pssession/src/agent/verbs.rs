//! What is done with one session or one machine.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use winsta_wsman::BufferMode;
use winsta_wsman::fault::Kind;
use winsta_wsman::names::POWERSHELL;

use super::act::Act;
use super::book::Book;
use super::entry::{Entry, State};
use super::protocol::{Failed, Options, Target, Tell, View};
use super::serve::Roads;
use crate::endpoint::Endpoint;
use crate::kept::Lobby;
use crate::patience::Patience;
use crate::problem::Problem;
use crate::session::{self, Session, Wanted};
use crate::shells;

/// How long opening a session may take, unless said.
const OPENING: Duration = Duration::from_secs(180);
/// How long ending a session may take.
const REMOVING: Duration = Duration::from_secs(10);
/// How long a list may take.
const LISTING: Duration = Duration::from_secs(30);
/// How long one tries to get through a broken network, unless said.
pub(super) const RETRY: Duration = Duration::from_secs(240);

/// The agent's sessions, and the ways to machines.
pub(super) struct Shared {
    pub(super) book: Book,
    pub(super) roads: Box<dyn Roads>,
    /// Connections by whose they are and where they lead.
    pub(super) lobby: Lobby<(Target, String)>,
}

/// Who is told of what is done.
pub(super) trait Sink: Sync {
    /// Tells; whether somebody listens.
    fn tell(&self, tell: &Tell) -> bool;

    /// Nothing more comes for a while.
    fn pause(&self) {}
}

/// What is known of a session that is to be used.
pub(super) struct Known {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) target: Target,
    pub(super) state: State,
    pub(super) entered: bool,
    pub(super) session: Option<Arc<Session>>,
    pub(super) retry: Duration,
    instance_id: String,
    resource: String,
    idle_timeout: Option<Duration>,
    operation_timeout: Option<Duration>,
}

impl Known {
    fn of(entry: &Entry) -> Self {
        Self {
            id: entry.id,
            name: entry.name.clone(),
            target: entry.target.clone(),
            state: entry.state,
            entered: entry.entered,
            session: entry.session.clone(),
            retry: retry(&entry.options),
            instance_id: entry.instance_id.clone(),
            resource: entry.resource.clone(),
            idle_timeout: entry.idle_timeout,
            operation_timeout: entry.options.retry_ms.map(Duration::from_millis),
        }
    }

    /// Something that was not done with it.
    pub(super) fn failed(&self, why: String, error_id: &str) -> Failed {
        Failed {
            computer_name: self.target.computer_name.clone(),
            session: Some(self.name.clone()),
            why,
            error_id: error_id.to_owned(),
        }
    }
}

/// How long one tries to get through.
pub(super) fn retry(options: &Options) -> Duration {
    options.retry_ms.map_or(RETRY, Duration::from_millis)
}

impl Shared {
    /// The session with this instance id.
    pub(super) fn known(&self, instance_id: &str) -> Result<Known, Failed> {
        let pages = self.book.open();
        let id = pages.find(instance_id);
        let entry = id.and_then(|id| pages.sessions.get(&id));
        entry.map(Known::of).ok_or_else(|| Failed {
            computer_name: String::new(),
            session: None,
            why: format!("There is no session with the instance id {instance_id}."),
            error_id: "PSSessionNotFound".to_owned(),
        })
    }

    fn endpoint(&self, target: &Target) -> Result<Endpoint, Failed> {
        let endpoint = self.roads.endpoint(target).map_err(|why| Failed {
            computer_name: target.computer_name.clone(),
            session: None,
            why,
            error_id: "ComputerNotReachable".to_owned(),
        })?;
        let key = (target.clone(), endpoint.address().to_owned());
        Ok(endpoint.sharing(self.lobby.of(key)))
    }

    /// Tells of the sessions of a machine.
    pub(super) fn list(&self, target: &Target) -> Result<Vec<View>, Failed> {
        let endpoint = self.endpoint(target)?;
        let all = shells::list(&endpoint, LISTING, &Patience::BRIEF);
        let all = all.map_err(|problem| connecting(target, &problem))?;
        let views = self.book.open().learn(target, endpoint.address(), all);
        self.book.tell();
        Ok(views)
    }

    /// Makes a session.
    pub(super) fn make(
        &self,
        target: &Target,
        name: Option<String>,
        configuration: &str,
        options: &Options,
    ) -> Result<u32, Failed> {
        let endpoint = Arc::new(self.endpoint(target)?);
        let address = endpoint.address().to_owned();
        let id = self.book.open().next_session();
        let mode = options.output_buffering_mode.as_deref();
        let wanted = Wanted {
            name: name.unwrap_or_else(|| format!("Session{id}")),
            configuration: configuration.to_owned(),
            idle_timeout: options.idle_timeout_ms.map(Duration::from_millis),
            buffer_mode: mode.and_then(BufferMode::from_name),
            open_timeout: options
                .open_timeout_ms
                .map_or(OPENING, Duration::from_millis),
            operation_timeout: options.retry_ms.map(Duration::from_millis),
        };
        let patience = Patience {
            lasts: Patience::BRIEF.lasts.min(wanted.open_timeout),
            ..Patience::BRIEF
        };
        let session = Session::open(endpoint, &wanted, &patience);
        let session = session.map_err(|problem| connecting(target, &problem))?;
        let now = Instant::now();
        let entry = Entry {
            id,
            name: wanted.name,
            instance_id: session.id().to_owned(),
            target: target.clone(),
            address,
            resource: format!("{POWERSHELL}{configuration}"),
            configuration: configuration.to_owned(),
            idle_timeout: wanted.idle_timeout,
            buffer_mode: wanted.buffer_mode,
            options: options.clone(),
            state: State::Opened,
            since: now,
            heard: now,
            session: Some(Arc::new(session)),
            busy: 0,
            left: Vec::new(),
            lost: None,
            entered: false,
        };
        self.book.open().sessions.insert(id, entry);
        self.book.tell();
        Ok(id)
    }

    /// Lets go of a session.
    pub(super) fn disconnect(
        &self,
        known: &Known,
        idle_timeout: Option<Duration>,
        mode: Option<BufferMode>,
    ) -> Result<(), Failed> {
        let refused = |why: &str| {
            let why = format!(
                "The session {} cannot be disconnected because {why}.",
                known.name
            );
            known.failed(why, "CannotDisconnectSession")
        };
        let session = match (known.state, &known.session) {
            (State::Opened, Some(_)) if known.entered => {
                return Err(refused(
                    "somebody has entered it; it ends with Exit-PSSession",
                ));
            }
            (State::Opened, Some(session)) => Arc::clone(session),
            // It is so already.
            (State::Disconnected, _) => return Ok(()),
            (State::Elsewhere, _) => return Err(refused("another client is connected to it")),
            _ => return Err(refused("it is broken")),
        };
        let done = session.disconnect(idle_timeout, mode, &Patience::silent(known.retry));
        done.map_err(|problem| self.not_disconnected(known, idle_timeout, &problem))?;
        self.book.change(known.id, |entry| {
            entry.idle_timeout = idle_timeout.or(entry.idle_timeout);
            entry.buffer_mode = mode.or(entry.buffer_mode);
            entry.turn(State::Disconnected);
        });
        Ok(())
    }

    fn not_disconnected(
        &self,
        known: &Known,
        idle_timeout: Option<Duration>,
        problem: &Problem,
    ) -> Failed {
        if problem.is(Kind::IdleTimeout) {
            let wanted = idle_timeout.or(known.idle_timeout);
            let why = idle_timeout_text(&known.name, wanted, problem);
            return known.failed(why, "CannotDisconnectSessionWithInvalidIdleTimeout");
        }
        self.lost(known.id, problem);
        let why = problem.in_words();
        let why = format!("The session {} cannot be disconnected: {why}.", known.name);
        known.failed(why, "CannotDisconnectSession")
    }

    /// Takes a session.
    pub(super) fn connect(&self, known: &Known) -> Result<(), Failed> {
        let refused = |why: &str| {
            let why = format!(
                "The session {} cannot be connected because {why}.",
                known.name
            );
            known.failed(why, "CannotConnectSession")
        };
        match known.state {
            State::Opened => return Ok(()),
            State::Broken => return Err(refused("it is broken")),
            // It may have been let go of since.
            State::Elsewhere | State::Disconnected => {}
        }
        if self.resume(known)? {
            return Ok(());
        }
        let endpoint = Arc::new(self.endpoint(&known.target)?);
        let session = Session::connect(
            endpoint,
            &known.instance_id,
            &known.resource,
            known.operation_timeout,
            &Patience::BRIEF,
        );
        let session = session.map_err(|problem| {
            self.lost(known.id, &problem);
            match &problem {
                problem if problem.is(Kind::InUse) => refused("another client is connected to it"),
                problem if problem.is(Kind::NoShell) => refused("it is no more"),
                problem => connecting(&known.target, problem),
            }
        })?;
        self.book.change(known.id, |entry| {
            entry.turn(State::Opened);
            entry.heard = Instant::now();
            entry.session = Some(Arc::new(session));
        });
        Ok(())
    }

    /// Goes on with a session where it was before the network was away; whether it does.
    fn resume(&self, known: &Known) -> Result<bool, Failed> {
        let lost = self.book.change(known.id, |entry| entry.lost.take());
        let Some(lost) = lost.flatten() else {
            return Ok(false);
        };
        match lost.session.resume(&Patience::BRIEF) {
            Ok(()) => {
                self.book.change(known.id, |entry| entry.resume(lost));
                Ok(true)
            }
            Err(problem) if problem.is_passing() => {
                self.book.change(known.id, |entry| entry.lost = Some(lost));
                Err(connecting(&known.target, &problem))
            }
            // Somebody else had it meanwhile. It may still be free.
            Err(_) => Ok(false),
        }
    }

    /// Ends a session.
    pub(super) fn remove(&self, known: &Known) -> Result<(), Failed> {
        let patience = Patience::silent(REMOVING);
        let done = if let Some(session) = &known.session {
            session.remove(REMOVING, &patience)
        } else {
            let endpoint = self.endpoint(&known.target)?;
            let (id, resource) = (&known.instance_id, &known.resource);
            session::remove(&endpoint, id, resource, REMOVING, &patience)
        };
        match done {
            Ok(()) => {}
            // It is there no more, or what it says is of no use.
            Err(_) if known.state == State::Broken => {}
            Err(problem) if problem.is(Kind::NoShell) => {}
            Err(problem) => {
                let why = problem.in_words();
                let why = format!("The session {} cannot be removed: {why}.", known.name);
                return Err(known.failed(why, "CannotRemoveSession"));
            }
        }
        self.book.open().sessions.remove(&known.id);
        self.book.tell();
        Ok(())
    }

    /// Notes what a problem says about a session.
    pub(super) fn lost(&self, id: u32, problem: &Problem) {
        let state = match problem {
            problem if problem.is(Kind::InUse) => State::Elsewhere,
            problem if problem.is(Kind::NoShell) => State::Broken,
            problem if problem.is(Kind::Disconnected) => State::Disconnected,
            // Its service finds out by itself that its client is gone, if it stays so.
            problem if problem.is_passing() => {
                self.book.change(id, Entry::lose);
                return;
            }
            Problem::Broken(_) | Problem::Protocol(_) => State::Broken,
            _ => return,
        };
        self.book.change(id, |entry| entry.turn(state));
    }

    /// How a pipeline of `act` gets through a broken network, which `tell` hears of.
    pub(super) fn patience<'a>(
        known: &Known,
        act: &'a Act,
        tell: &'a (dyn Fn(Option<Duration>) + Sync),
    ) -> Patience<'a> {
        let stop: &AtomicBool = &act.stop;
        Patience {
            lasts: known.retry,
            tell,
            stop,
            hopes: true,
        }
    }
}

/// A machine that was not reached.
fn connecting(target: &Target, problem: &Problem) -> Failed {
    let name = &target.computer_name;
    let error_id = match problem {
        Problem::Denied => "AccessDenied",
        Problem::Fault(_) => "RemoteServiceRefused",
        _ => "ComputerNotReachable",
    };
    Failed {
        computer_name: name.clone(),
        session: None,
        why: format!(
            "Connecting to {name} failed: {}.",
            problem.in_words().trim_end_matches('.')
        ),
        error_id: error_id.to_owned(),
    }
}

/// Why a session cannot be let go of for so long, with the bounds that its service gave.
fn idle_timeout_text(name: &str, wanted: Option<Duration>, problem: &Problem) -> String {
    let said = problem.to_string();
    let numbers: Vec<u64> = said
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let bounds = match numbers.as_slice() {
        [wanted, most, least] => Some((*wanted, *most, *least)),
        _ => None,
    };
    let Some((said_wanted, most, least)) = bounds else {
        return format!("The session {name} cannot be disconnected: {said}");
    };
    let wanted = wanted.map_or(said_wanted, |wanted| wanted.as_secs());
    format!(
        "The session {name} cannot be disconnected because the specified idle timeout value \
         {wanted}(seconds) is either greater than the server maximum allowed {most} (seconds) or \
         less than the minimum allowed {least} (seconds). Choose an idle time out value that is \
         within the allowed range and try again."
    )
}
