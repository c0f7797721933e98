//! The life of a command shell (a PSSession): who holds it, and when it is over.
//!
//! ```text
//!             disconnect, or silence
//!   Connected ───────────────────────▶ Disconnected ──▶ Expired
//!       ▲        reconnect, connect         │     idle timeout
//!       └───────────────────────────────────┘
//! ```
//!
//! Commands run on in every state. One client at a time holds a shell. A client that is not heard
//! of for [`SILENCE`] counts as gone: the shell is disconnected and others may connect to it, but
//! as long as nobody did, the same client simply goes on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How long a client may be silent, in milliseconds: PowerShell's own clients try for four minutes
/// to get through a broken network.
pub const SILENCE: u64 = 240_000;
/// The shortest idle timeout, in milliseconds.
pub const MIN_IDLE: u64 = 60_000;

/// Names a client: all of its requests carry the same name. Clients that give none have an empty
/// one, and are not told from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientName(pub String);

/// Who holds a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Holding {
    /// This client.
    Connected { client: ClientName },
    /// Nobody since then. A client that fell silent may come back.
    Disconnected {
        since: Timestamp,
        silent: Option<ClientName>,
    },
}

/// A shell's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellMachine {
    holding: Holding,
    /// When its client was last heard of.
    last_heard: Timestamp,
    /// Requests of its client that wait for an answer. After a crash nobody waits.
    #[serde(skip)]
    waiting: u32,
    /// How long it stays without a client, in milliseconds.
    idle_timeout: u64,
}

/// Why something cannot be done with a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShellRefusal {
    /// Another client holds it.
    InUse,
    /// It is disconnected, and has to be taken back first.
    Disconnected,
    /// It is not connected, so it cannot be disconnected.
    NotConnected,
    /// It is not disconnected, so it cannot be taken back.
    NotDisconnected,
    /// The idle timeout is beyond these bounds, in milliseconds.
    IdleTimeout {
        /// What was asked for.
        wanted: u64,
        /// The longest one.
        most: u64,
    },
}

impl fmt::Display for ShellRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => f.write_str("another client is connected to the shell"),
            Self::Disconnected => f.write_str("the shell is disconnected"),
            Self::NotConnected => f.write_str("the shell is not connected"),
            Self::NotDisconnected => f.write_str("the shell is not disconnected"),
            Self::IdleTimeout { wanted, most } => write!(
                f,
                "the idle timeout of {} seconds is not between {} and {} seconds",
                wanted / 1_000,
                MIN_IDLE / 1_000,
                most / 1_000
            ),
        }
    }
}

impl ShellMachine {
    /// A shell that `client` has just made.
    pub fn new(client: ClientName, idle_timeout: u64, now: Timestamp) -> Self {
        Self {
            holding: Holding::Connected { client },
            last_heard: now,
            waiting: 0,
            idle_timeout,
        }
    }

    /// How long it stays without a client, in milliseconds.
    pub fn idle_timeout(&self) -> u64 {
        self.idle_timeout
    }

    /// When its client was last heard of.
    pub fn last_heard(&self) -> Timestamp {
        self.last_heard
    }

    /// Whether a client holds it.
    pub fn is_connected(&self, now: Timestamp) -> bool {
        self.disconnected_since(now).is_none()
    }

    /// Since when nobody holds it.
    pub fn disconnected_since(&self, now: Timestamp) -> Option<Timestamp> {
        let lapse = self.last_heard.plus_millis(SILENCE);
        match &self.holding {
            Holding::Disconnected { since, .. } => Some(*since),
            Holding::Connected { .. } => (self.waiting == 0 && now >= lapse).then_some(lapse),
        }
    }

    /// When it will be over if nobody is heard of until then.
    pub fn expires(&self) -> Option<Timestamp> {
        let since = match &self.holding {
            Holding::Disconnected { since, .. } => *since,
            Holding::Connected { .. } if self.waiting > 0 => return None,
            Holding::Connected { .. } => self.last_heard.plus_millis(SILENCE),
        };
        Some(since.plus_millis(self.idle_timeout))
    }

    /// A request of `client` that needs a connected shell has come; [`Self::answered`] follows.
    pub fn asked(&mut self, client: &ClientName, now: Timestamp) -> Result<(), ShellRefusal> {
        self.lapse(now);
        match &self.holding {
            Holding::Connected { client: holder } if !are_same(holder, client) => {
                return Err(ShellRefusal::InUse);
            }
            Holding::Connected { .. } => {}
            Holding::Disconnected { silent, .. } => {
                if silent
                    .as_ref()
                    .is_none_or(|silent| !are_same(silent, client))
                {
                    return Err(ShellRefusal::Disconnected);
                }
                self.hold(client, now);
            }
        }
        self.last_heard = now;
        self.waiting += 1;
        Ok(())
    }

    /// A request has its answer, or its client has hung up.
    pub fn answered(&mut self, now: Timestamp) {
        self.waiting = self.waiting.saturating_sub(1);
        self.last_heard = now;
    }

    /// The client lets go of it, if it asks for an idle timeout of at most `most`.
    pub fn disconnect(
        &mut self,
        client: &ClientName,
        idle_timeout: Option<u64>,
        most: u64,
        now: Timestamp,
    ) -> Result<(), ShellRefusal> {
        self.lapse(now);
        match &self.holding {
            Holding::Connected { client: holder } if are_same(holder, client) => {}
            Holding::Connected { .. } => return Err(ShellRefusal::InUse),
            Holding::Disconnected { silent, .. } if silent.is_some() => {}
            Holding::Disconnected { .. } => return Err(ShellRefusal::NotConnected),
        }
        let wanted = idle_timeout.unwrap_or(self.idle_timeout);
        if !(MIN_IDLE..=most).contains(&wanted) {
            return Err(ShellRefusal::IdleTimeout { wanted, most });
        }
        self.idle_timeout = wanted;
        self.holding = Holding::Disconnected {
            since: now,
            silent: None,
        };
        Ok(())
    }

    /// The client that let go of it takes it back.
    pub fn reconnect(&mut self, client: &ClientName, now: Timestamp) -> Result<(), ShellRefusal> {
        self.lapse(now);
        match &self.holding {
            Holding::Disconnected { .. } => {
                self.hold(client, now);
                Ok(())
            }
            Holding::Connected { client: holder } if are_same(holder, client) => {
                Err(ShellRefusal::NotDisconnected)
            }
            Holding::Connected { .. } => Err(ShellRefusal::InUse),
        }
    }

    /// Any client takes it. One that has it may say so again, for it may not have heard the answer.
    pub fn connect(&mut self, client: &ClientName, now: Timestamp) -> Result<(), ShellRefusal> {
        self.lapse(now);
        let may = match &self.holding {
            Holding::Disconnected { .. } => true,
            Holding::Connected { client: holder } => {
                !client.0.is_empty() && holder.0.eq_ignore_ascii_case(&client.0)
            }
        };
        if !may {
            return Err(ShellRefusal::InUse);
        }
        self.hold(client, now);
        Ok(())
    }

    fn hold(&mut self, client: &ClientName, now: Timestamp) {
        self.holding = Holding::Connected {
            client: client.clone(),
        };
        self.last_heard = now;
    }

    /// Takes note of a client that has fallen silent.
    fn lapse(&mut self, now: Timestamp) {
        if let Holding::Connected { client } = &self.holding
            && let Some(since) = self.disconnected_since(now)
        {
            self.holding = Holding::Disconnected {
                since,
                silent: Some(client.clone()),
            };
        }
    }
}

/// Whether these may be one client: one that gives no name may be any.
fn are_same(one: &ClientName, other: &ClientName) -> bool {
    one.0.is_empty() || other.0.is_empty() || one.0.eq_ignore_ascii_case(&other.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn name(name: &str) -> ClientName {
        ClientName(name.to_owned())
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp(millis)
    }

    fn shell() -> ShellMachine {
        ShellMachine::new(name("a"), HOUR, at(0))
    }

    #[test]
    fn one_client_at_a_time() {
        let mut shell = shell();
        assert_eq!(shell.asked(&name("b"), at(1)), Err(ShellRefusal::InUse));
        assert_eq!(shell.connect(&name("b"), at(1)), Err(ShellRefusal::InUse));
        assert_eq!(shell.reconnect(&name("b"), at(1)), Err(ShellRefusal::InUse));
        assert_eq!(
            shell.reconnect(&name("A"), at(1)),
            Err(ShellRefusal::NotDisconnected)
        );
        assert_eq!(
            shell.disconnect(&name("b"), None, HOUR, at(1)),
            Err(ShellRefusal::InUse)
        );
        assert_eq!(shell.disconnect(&name("a"), None, HOUR, at(1)), Ok(()));
        assert_eq!(
            shell.asked(&name("a"), at(2)),
            Err(ShellRefusal::Disconnected)
        );
        assert_eq!(
            shell.disconnect(&name("a"), None, HOUR, at(2)),
            Err(ShellRefusal::NotConnected)
        );
        assert_eq!(shell.connect(&name("b"), at(3)), Ok(()));
        assert_eq!(shell.connect(&name("B"), at(3)), Ok(()));
        assert_eq!(shell.connect(&name(""), at(3)), Err(ShellRefusal::InUse));
        assert_eq!(shell.asked(&name("a"), at(4)), Err(ShellRefusal::InUse));
        assert_eq!(shell.asked(&name("b"), at(4)), Ok(()));
    }

    #[test]
    fn idle_timeouts_count_only_without_a_client() {
        let mut shell = shell();
        assert_eq!(shell.asked(&name("a"), at(5)), Ok(()));
        assert_eq!(shell.expires(), None);
        shell.answered(at(10));
        assert_eq!(shell.expires(), Some(at(10 + SILENCE + HOUR)));
        let wanted = 2 * MIN_IDLE;
        assert_eq!(
            shell.disconnect(&name("a"), Some(wanted), HOUR, at(20)),
            Ok(())
        );
        assert_eq!(shell.disconnected_since(at(21)), Some(at(20)));
        assert_eq!(shell.expires(), Some(at(20 + wanted)));
        assert_eq!(shell.reconnect(&name("a"), at(30)), Ok(()));
        assert_eq!(shell.idle_timeout(), wanted);
    }

    #[test]
    fn idle_timeouts_have_bounds() {
        for wanted in [MIN_IDLE - 1, HOUR + 1] {
            let mut shell = shell();
            let refusal = ShellRefusal::IdleTimeout { wanted, most: HOUR };
            assert_eq!(
                shell.disconnect(&name("a"), Some(wanted), HOUR, at(1)),
                Err(refusal)
            );
            assert!(shell.is_connected(at(2)), "nothing has changed");
        }
    }

    #[test]
    fn silent_clients_lose_a_shell_only_to_others() {
        let mut shell = shell();
        let late = SILENCE + 5;
        assert!(shell.is_connected(at(SILENCE - 1)));
        assert_eq!(shell.disconnected_since(at(late)), Some(at(SILENCE)));
        assert_eq!(
            shell.asked(&name("c"), at(late)),
            Err(ShellRefusal::Disconnected)
        );
        assert_eq!(shell.asked(&name("a"), at(late)), Ok(()), "it goes on");
        assert!(shell.is_connected(at(10 * late)), "it waits for an answer");
        shell.answered(at(10 * late));
        assert_eq!(shell.connect(&name("b"), at(20 * late)), Ok(()));
        assert_eq!(
            shell.asked(&name("a"), at(20 * late)),
            Err(ShellRefusal::InUse)
        );
    }

    #[test]
    fn clients_without_a_name_are_anybody() {
        let mut shell = ShellMachine::new(name(""), HOUR, at(0));
        assert_eq!(shell.asked(&name("x"), at(1)), Ok(()));
        assert_eq!(shell.asked(&name(""), at(1)), Ok(()));
    }
}
