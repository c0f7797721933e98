//! The life of a hosted session, as one machine.
//!
//! ```text
//!                 Started                     Attached
//!   ┌──────────┐          ┌──────────────────┐         ┌────────┐
//!   │ Starting ├─────────▶│   Disconnected   ├────────▶│ Active │◀─┐ Attached,
//!   └─┬──────┬─┘          │ (nobody watches) │◀────────┤        ├──┘ Detached with
//!     │      │            └──┬────────────┬──┘ last    └─┬────┬─┘    others left
//!     │      │ EndAsked      │ EndAsked   │    Detached  │    │
//!     │      └──────────┐    │   ┌────────┼──────────────┘    │
//!     │                 ▼    ▼   ▼        │     EndAsked      │
//!     │            ┌──────────────────┐   │                   │
//!     │            │      Ending      │◀┐ │ EndAsked(Reset)   │
//!     │            │ (ladder running) ├─┘ │ overtakes Logoff  │
//!     │            └────────┬─────────┘   │                   │
//!     │ StartFailed         │ Emptied and │ Exited            │ Exited
//!     │                     │ Exited      │                   │
//!     │                     ▼             ▼                   │
//!     │                 ┌───────────────────┐                 │
//!     └────────────────▶│       Ended       │◀────────────────┘
//!                       └───────────────────┘   LeaderLost leads here from everywhere
//! ```
//!
//! A ladder that may not kill the session's first process leads from `Ending` back to where the
//! session came from.
//!
//! Order of calls: [`SessionMachine::handle`], then [`SessionMachine::poll`] until it gives `None`.
//! Each [`Action`] is to be carried out in order; carrying one out never fails for the machine:
//! what comes of it is another [`Input`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::exit::ExitStatus;
use crate::ids::ConnectionId;
use crate::state::State;
use crate::time::Timestamp;

/// How a session is brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndHow {
    /// Orderly: its programs are asked first.
    Logoff,
    /// At once.
    Reset,
}

/// Where a session is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The keeper was asked to start its program.
    Starting {
        /// When.
        since: Timestamp,
    },
    /// Clients are attached.
    Active {
        /// Which: at least one, in the order they came.
        connections: Vec<ConnectionId>,
    },
    /// It runs on without a client.
    Disconnected {
        /// Since when.
        since: Timestamp,
    },
    /// The kill ladder is running.
    Ending {
        /// Which ladder.
        how: EndHow,
        /// Since when.
        since: Timestamp,
        /// Clients that are still attached.
        connections: Vec<ConnectionId>,
        /// How the first process ended, if it has and all its output is kept.
        status: Option<ExitStatus>,
        /// Signal of the rung that did it, once the ladder is through.
        emptied: Option<u8>,
    },
    /// Its first process and whatever the ladder could reach are gone.
    Ended {
        /// Since when.
        at: Timestamp,
        /// How the first process ended.
        status: ExitStatus,
        /// What brought it about.
        cause: EndCause,
    },
}

/// What brought a session to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// Its first process ended by itself.
    Exited,
    /// The kill ladder did it.
    Ladder {
        /// Signal of the rung that did it; 0 if nothing lived any more.
        signal: u8,
        /// Processes that the keeper has no right to kill.
        left: u32,
    },
    /// Its program could not be started.
    NotStarted,
    /// Its first process was gone when a new keeper took over.
    LeaderLost,
}

/// What happens to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Its program runs.
    Started,
    /// Its program could not be started.
    StartFailed,
    /// A client attached.
    Attached(ConnectionId),
    /// A client is gone, for whatever reason.
    Detached(ConnectionId),
    /// From one of its connections its user now watches another session, which that session
    /// knows as this connection.
    WatchBegan(ConnectionId),
    /// Its user no longer watches by this connection.
    WatchEnded(ConnectionId),
    /// Somebody with the right to do so wants it ended.
    EndAsked(EndHow),
    /// Its first process ended.
    Exited(ExitStatus),
    /// The ladder is through. Should the first process be one of those left, the session has not
    /// ended.
    Emptied {
        /// Signal of the rung that did it; 0 if nothing lived.
        signal: u8,
        /// Processes left that the keeper has no right to kill.
        left: u32,
    },
    /// Its keeper died and so did its first process.
    LeaderLost(ExitStatus),
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the keeper to run this ladder.
    RunLadder(EndHow),
    /// Ask the keeper to forget the session.
    Collect,
    /// Tell whoever listens.
    Announce(Happening),
}

/// A change that others may want to know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It runs.
    Created,
    /// A client attached.
    Connected {
        /// The client.
        connection: ConnectionId,
        /// Whether the session had lost its last client before.
        again: bool,
    },
    /// A client is gone.
    Left {
        /// The client.
        connection: ConnectionId,
    },
    /// The last client is gone.
    Disconnected {
        /// The client.
        connection: ConnectionId,
    },
    /// It is being ended.
    Ending(EndHow),
    /// It could not be ended: this many processes are left, its first one among them.
    NotEnded {
        /// How many.
        left: u32,
    },
    /// It ended.
    Ended {
        /// How its first process ended.
        status: ExitStatus,
        /// What brought it about.
        cause: EndCause,
    },
}

/// One hosted session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionMachine {
    phase: Phase,
    watching: Vec<ConnectionId>,
    was_connected: bool,
    actions: VecDeque<Action>,
}

impl SessionMachine {
    /// A session that the keeper is being asked to start.
    pub fn new(now: Timestamp) -> Self {
        Self {
            phase: Phase::Starting { since: now },
            watching: Vec::new(),
            was_connected: false,
            actions: VecDeque::new(),
        }
    }

    /// A session that an earlier host started and that its keeper says lives. Nothing is
    /// announced: nothing happened to it. `was_connected`: it has had a client before.
    ///
    /// A ladder that was running is to be asked for again.
    pub fn adopt(
        disconnected_since: Timestamp,
        connections: Vec<ConnectionId>,
        was_connected: bool,
    ) -> Self {
        let phase = if connections.is_empty() {
            Phase::Disconnected {
                since: disconnected_since,
            }
        } else {
            Phase::Active { connections }
        };
        let was_connected = was_connected || matches!(phase, Phase::Active { .. });
        Self {
            phase,
            watching: Vec::new(),
            was_connected,
            actions: VecDeque::new(),
        }
    }

    /// Where it is in its life.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The state that it is listed in. A hosted session is never `Connected` (but see
    /// [`Self::console_state`]), `ConnectQuery`, `Idle` or `Listen`.
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Starting { .. } => State::Init,
            Phase::Active { .. } if self.watching.is_empty() => State::Active,
            Phase::Active { .. } => State::Shadow,
            Phase::Disconnected { .. } => State::Disconnected,
            Phase::Ending { .. } => State::Reset,
            Phase::Ended { .. } => State::Down,
        }
    }

    /// The state that the console is listed in: without a session, or with one that nobody is
    /// connected to, it waits for an administrator.
    pub fn console_state(session: Option<&Self>) -> State {
        session.map_or(State::Connected, Self::state)
    }

    /// Since when it has no client, if it has none.
    pub fn disconnected_since(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Disconnected { since } => Some(since),
            Phase::Starting { .. }
            | Phase::Active { .. }
            | Phase::Ending { .. }
            | Phase::Ended { .. } => None,
        }
    }

    /// The clients that are attached.
    pub fn connections(&self) -> &[ConnectionId] {
        match &self.phase {
            Phase::Active { connections } | Phase::Ending { connections, .. } => connections,
            Phase::Starting { .. } | Phase::Disconnected { .. } | Phase::Ended { .. } => &[],
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Takes what happened at `now`. What makes no sense in the present phase changes nothing:
    /// the keeper's events and the host's wishes cross on their way.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::WatchBegan(connection) => self.watching.push(connection),
            Input::WatchEnded(connection) => self.watching.retain(|c| *c != connection),
            Input::Started => self.started(),
            Input::StartFailed => self.start_failed(now),
            Input::Attached(connection) => self.attached(connection),
            Input::Detached(connection) => self.detached(now, connection),
            Input::EndAsked(how) => self.end_asked(now, how),
            Input::Exited(status) => self.exited(now, status),
            Input::Emptied { signal, left } => self.emptied(now, signal, left),
            Input::LeaderLost(status) => self.leader_lost(now, status),
        }
    }

    fn started(&mut self) {
        match &self.phase {
            Phase::Starting { since } => {
                self.phase = Phase::Disconnected { since: *since };
                self.announce(Happening::Created);
            }
            // It was asked to end, or has ended, before the keeper's answer was read.
            Phase::Active { .. }
            | Phase::Disconnected { .. }
            | Phase::Ending { .. }
            | Phase::Ended { .. } => {}
        }
    }

    fn start_failed(&mut self, now: Timestamp) {
        match &self.phase {
            Phase::Starting { .. } | Phase::Ending { .. } => {
                self.end(now, ExitStatus::Unknown, EndCause::NotStarted);
            }
            Phase::Active { .. } | Phase::Disconnected { .. } | Phase::Ended { .. } => {}
        }
    }

    fn attached(&mut self, connection: ConnectionId) {
        match &mut self.phase {
            Phase::Active { connections } | Phase::Ending { connections, .. } => {
                if connections.contains(&connection) {
                    return;
                }
                connections.push(connection);
                self.announce(Happening::Connected {
                    connection,
                    again: false,
                });
            }
            Phase::Starting { .. } | Phase::Disconnected { .. } => {
                self.phase = Phase::Active {
                    connections: vec![connection],
                };
                let again = std::mem::replace(&mut self.was_connected, true);
                self.announce(Happening::Connected { connection, again });
            }
            Phase::Ended { .. } => {}
        }
    }

    fn detached(&mut self, now: Timestamp, connection: ConnectionId) {
        match &mut self.phase {
            Phase::Active { connections } => {
                let before = connections.len();
                connections.retain(|c| *c != connection);
                if connections.is_empty() {
                    self.phase = Phase::Disconnected { since: now };
                    self.announce(Happening::Disconnected { connection });
                } else if connections.len() < before {
                    self.announce(Happening::Left { connection });
                }
            }
            Phase::Ending { connections, .. } => connections.retain(|c| *c != connection),
            Phase::Starting { .. } | Phase::Disconnected { .. } | Phase::Ended { .. } => {}
        }
    }

    fn end_asked(&mut self, now: Timestamp, wanted: EndHow) {
        match &mut self.phase {
            Phase::Starting { .. } | Phase::Disconnected { .. } | Phase::Active { .. } => {
                let connections = self.connections().to_vec();
                self.phase = Phase::Ending {
                    how: wanted,
                    since: now,
                    connections,
                    status: None,
                    emptied: None,
                };
            }
            Phase::Ending { how, .. } => match (*how, wanted) {
                (EndHow::Logoff, EndHow::Reset) => *how = wanted,
                // A wish for what is being done already, or for less.
                (EndHow::Logoff, EndHow::Logoff)
                | (EndHow::Reset, EndHow::Logoff | EndHow::Reset) => {
                    return;
                }
            },
            Phase::Ended { .. } => return,
        }
        self.actions.push_back(Action::RunLadder(wanted));
        self.announce(Happening::Ending(wanted));
    }

    fn exited(&mut self, now: Timestamp, exit: ExitStatus) {
        match &mut self.phase {
            Phase::Starting { .. } | Phase::Active { .. } | Phase::Disconnected { .. } => {
                self.end(now, exit, EndCause::Exited);
                self.actions.push_back(Action::Collect);
            }
            Phase::Ending {
                emptied: Some(signal),
                ..
            } => {
                let cause = EndCause::Ladder {
                    signal: *signal,
                    left: 0,
                };
                self.end(now, exit, cause);
                self.actions.push_back(Action::Collect);
            }
            // The ladder goes on for what the first process leaves behind.
            Phase::Ending { status, .. } => *status = Some(exit),
            Phase::Ended { .. } => {}
        }
    }

    fn emptied(&mut self, now: Timestamp, signal: u8, left: u32) {
        match &mut self.phase {
            Phase::Ending {
                status: Some(status),
                ..
            } => {
                let status = *status;
                self.end(now, status, EndCause::Ladder { signal, left });
                self.actions.push_back(Action::Collect);
            }
            // Its last output is still on the way into the ring.
            Phase::Ending { emptied, .. } if left == 0 => *emptied = Some(signal),
            Phase::Ending { connections, .. } => {
                self.phase = if connections.is_empty() {
                    Phase::Disconnected { since: now }
                } else {
                    Phase::Active {
                        connections: std::mem::take(connections),
                    }
                };
                self.announce(Happening::NotEnded { left });
            }
            // No ladder that this host asked for.
            Phase::Starting { .. }
            | Phase::Active { .. }
            | Phase::Disconnected { .. }
            | Phase::Ended { .. } => {}
        }
    }

    fn leader_lost(&mut self, now: Timestamp, exit: ExitStatus) {
        let known = match &self.phase {
            Phase::Ending { status, .. } => *status,
            Phase::Starting { .. } | Phase::Active { .. } | Phase::Disconnected { .. } => None,
            Phase::Ended { .. } => return,
        };
        // No collecting: the keeper that knew it is dead.
        self.end(now, known.unwrap_or(exit), EndCause::LeaderLost);
    }

    fn end(&mut self, now: Timestamp, status: ExitStatus, cause: EndCause) {
        self.phase = Phase::Ended {
            at: now,
            status,
            cause,
        };
        self.announce(Happening::Ended { status, cause });
    }

    fn announce(&mut self, happening: Happening) {
        self.actions.push_back(Action::Announce(happening));
    }
}
