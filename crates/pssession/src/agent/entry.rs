//! A session that the agent knows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winsta_wsman::BufferMode;

use super::protocol::{Options, Target, View};
use crate::running::Running;
use crate::saying::Saying;
use crate::session::Session;
use crate::shells::Listed;

/// How a session stands, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The agent is connected to it.
    Opened,
    /// Nobody is, as far as is known.
    Disconnected,
    /// Another client is.
    Elsewhere,
    /// It is lost.
    Broken,
}

/// What was left when somebody no longer waited for it.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) running: Running,
    /// What it had said.
    pub(super) said: Vec<Saying>,
}

/// What a broken network took away. When it is back, this client goes on where it was.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) session: Arc<Session>,
    pub(super) left: Vec<Left>,
}

/// A session.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) instance_id: String,
    pub(super) target: Target,
    pub(super) address: String,
    pub(super) resource: String,
    pub(super) configuration: String,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) buffer_mode: Option<BufferMode>,
    pub(super) options: Options,
    pub(super) state: State,
    /// Since when it is in that state.
    pub(super) since: Instant,
    /// When the service last heard of this client.
    pub(super) heard: Instant,
    pub(super) session: Option<Arc<Session>>,
    /// Pipelines that somebody waits for.
    pub(super) busy: usize,
    pub(super) left: Vec<Left>,
    /// Of one that is not open any more.
    pub(super) lost: Option<Lost>,
    /// Whether somebody sits in front of it.
    pub(super) entered: bool,
}

impl Entry {
    /// A session that a service has told of.
    pub(super) fn listed(id: u32, target: Target, address: String, listed: Listed) -> Self {
        let now = Instant::now();
        let mut entry = Self {
            id,
            name: String::new(),
            instance_id: listed.id.clone(),
            target,
            address,
            resource: String::new(),
            configuration: String::new(),
            idle_timeout: None,
            buffer_mode: None,
            options: Options::default(),
            state: State::Disconnected,
            since: now,
            heard: now,
            session: None,
            busy: 0,
            left: Vec::new(),
            lost: None,
            entered: false,
        };
        entry.update(listed);
        entry
    }

    /// Takes what its service says of it now.
    pub(super) fn update(&mut self, listed: Listed) {
        self.name = listed.name;
        self.resource = listed.resource;
        self.configuration = listed.configuration;
        self.idle_timeout = listed.idle_timeout;
        self.buffer_mode = listed.buffer_mode.or(self.buffer_mode);
        if self.state != State::Opened {
            self.turn(if listed.is_connected {
                State::Elsewhere
            } else {
                State::Disconnected
            });
        } else if !listed.is_connected {
            // Its service has not heard of this client for long, or somebody let go of it.
            self.turn(State::Disconnected);
        }
    }

    /// Goes into a state; one that is not opened has no session.
    pub(super) fn turn(&mut self, state: State) {
        self.state = state;
        self.since = Instant::now();
        if state != State::Opened {
            self.session = None;
            self.left.clear();
        }
        if matches!(state, State::Opened | State::Broken) {
            self.lost = None;
        }
    }

    /// The network is away.
    pub(super) fn lose(&mut self) {
        let left = std::mem::take(&mut self.left);
        if let Some(session) = self.session.take() {
            self.lost = Some(Lost { session, left });
        }
        self.turn(State::Disconnected);
    }

    /// Goes on where it was before the network was away.
    pub(super) fn resume(&mut self, lost: Lost) {
        self.turn(State::Opened);
        self.heard = Instant::now();
        self.session = Some(lost.session);
        self.left = lost.left;
    }

    /// Keeps a pipeline for whoever asks next.
    pub(super) fn leave(&mut self, left: Left) {
        match (self.state, &mut self.lost) {
            (State::Opened, _) => self.left.push(left),
            (_, Some(lost)) => lost.left.push(left),
            (_, None) => {}
        }
    }

    /// When its service will have ended it, if nobody connects to it.
    pub(super) fn expires(&self) -> Option<Instant> {
        match self.state {
            State::Disconnected => Some(self.since + self.idle_timeout?),
            State::Elsewhere | State::Broken => {
                Some(self.since + self.idle_timeout.unwrap_or_default())
            }
            State::Opened => None,
        }
    }

    /// Whether something runs in it that somebody waits for, or waited for.
    pub(super) fn is_busy(&self) -> bool {
        self.busy > 0 || !self.left.is_empty()
    }

    /// What its client sees.
    pub(super) fn view(&self) -> View {
        let (state, availability) = match self.state {
            State::Opened if self.is_busy() => ("Opened", "Busy"),
            State::Opened => ("Opened", "Available"),
            State::Disconnected => ("Disconnected", "None"),
            State::Elsewhere => ("Disconnected", "Busy"),
            State::Broken => ("Broken", "None"),
        };
        let mut target = self.target.clone();
        target.password = None;
        View {
            id: self.id,
            name: self.name.clone(),
            instance_id: self.instance_id.clone(),
            target,
            address: self.address.clone(),
            state: state.to_owned(),
            availability: availability.to_owned(),
            configuration_name: self.configuration.clone(),
            idle_timeout_ms: self
                .idle_timeout
                .and_then(|idle| idle.as_millis().try_into().ok()),
            output_buffering_mode: self.buffer_mode.map(|mode| mode.name().to_owned()),
            options: self.options.clone(),
        }
    }
}
