//! What commands and the agent say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::negotiate::Mechanism;
use crate::saying::Saying;

/// How a machine is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// It is this one.
    #[default]
    Local,
    /// Through the user's own ssh.
    HostName,
    /// By TLS; by HTTP on this machine, and to others where what is said is sealed.
    ComputerName,
}

/// How a client proves to a service of WS-Management who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Authentication {
    /// By the password within TLS if there is one, else by the connection's certificate.
    #[default]
    Default,
    /// By the password within TLS.
    Basic,
    /// As Windows does, with Kerberos or NTLM.
    Negotiate,
    /// With Kerberos alone.
    Kerberos,
}

impl Authentication {
    /// Whether it is the usual way.
    pub fn is_default(&self) -> bool {
        *self == Self::Default
    }

    /// How to log on as Windows does, if that is the way.
    pub fn mechanism(self) -> Option<Mechanism> {
        match self {
            Self::Default | Self::Basic => None,
            Self::Negotiate => Some(Mechanism::Negotiate),
            Self::Kerberos => Some(Mechanism::Kerberos),
        }
    }
}

/// A service, and as whom it is used.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What the user calls the machine.
    pub computer_name: String,
    /// How it is reached.
    pub transport: Transport,
    /// Where exactly, if the name does not say: `https://web01:5986/wsman`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The port, if it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The user there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Their password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// How to prove who that is.
    #[serde(default, skip_serializing_if = "Authentication::is_default")]
    pub authentication: Authentication,
    /// Whether a certificate that nobody vouches for will do.
    #[serde(default)]
    pub skip_ca_check: bool,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the password.
        f.debug_struct("Target")
            .field("computer_name", &self.computer_name)
            .field("transport", &self.transport)
            .field("user", &self.user)
            .field("authentication", &self.authentication)
            .finish_non_exhaustive()
    }
}

/// What a session is to be like, times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// How long it stays without a client.
    pub idle_timeout_ms: Option<u64>,
    /// `Block` or `Drop`.
    pub output_buffering_mode: Option<String>,
    /// How long opening it may take.
    pub open_timeout_ms: Option<u64>,
    /// How long one tries to get through a broken network.
    pub retry_ms: Option<u64>,
}

impl Options {
    /// The session configuration that every host has.
    pub const CONFIGURATION: &'static str = "Microsoft.PowerShell";
}

/// Where something is to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunIn {
    /// In sessions that are there, by their instance ids.
    Sessions(Vec<String>),
    /// In a session for each of these, which ends with it.
    Targets(Vec<Target>),
    /// In a session for each of these, which is let go of at once and stays.
    Disconnected(Vec<Target>),
}

/// A job is to be made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsJob {
    /// Its name.
    pub name: Option<String>,
}

/// Something to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Where.
    pub place: RunIn,
    /// The script.
    pub script: String,
    /// What it gets.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Lines of its input.
    #[serde(default)]
    pub input: Option<Vec<String>>,
    /// Names for sessions that are made.
    #[serde(default)]
    pub names: Vec<String>,
    /// Configuration of sessions that are made.
    #[serde(default)]
    pub configuration: Option<String>,
    /// Options of sessions that are made.
    #[serde(default)]
    pub options: Options,
    /// Whether a job is made of it.
    #[serde(default)]
    pub job: Option<AsJob>,
    /// Most that are done at once.
    pub throttle: usize,
}

/// What a command asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Which sessions the agent knows.
    Known,
    /// Which sessions there are on these machines.
    List {
        /// The machines.
        targets: Vec<Target>,
        /// Most that are asked at once.
        throttle: usize,
    },
    /// Make sessions.
    New {
        /// One for each of these.
        targets: Vec<Target>,
        /// Their names, in order.
        names: Vec<String>,
        /// Their configuration.
        configuration: String,
        /// What they are to be like.
        options: Options,
        /// Most that are made at once.
        throttle: usize,
    },
    /// Let go of sessions.
    Disconnect {
        /// Their instance ids.
        sessions: Vec<String>,
        /// How long they stay from now on.
        idle_timeout_ms: Option<u64>,
        /// `Block` or `Drop` from now on.
        output_buffering_mode: Option<String>,
        /// Most that are done at once.
        throttle: usize,
    },
    /// Take sessions.
    Connect {
        /// Their instance ids.
        sessions: Vec<String>,
        /// Most that are done at once.
        throttle: usize,
    },
    /// Take sessions, and give what runs in them.
    Receive {
        /// Their instance ids.
        sessions: Vec<String>,
        /// Whether a job is made of it.
        job: Option<AsJob>,
    },
    /// End sessions.
    Remove {
        /// Their instance ids.
        sessions: Vec<String>,
        /// Most that are done at once.
        throttle: usize,
    },
    /// Run something.
    Invoke(Box<Run>),
    /// This session is used by somebody who sits in front of it, until the connection ends.
    Enter {
        /// Its instance id.
        session: String,
    },
    /// Which jobs there are.
    Jobs,
    /// What a job has given since it was asked last.
    ReceiveJob {
        /// Its number.
        job: u32,
        /// Whether it is given again the next time.
        keep: bool,
        /// Whether to wait for its end.
        wait: bool,
    },
    /// Wait for the ends of jobs.
    WaitJobs {
        /// Their numbers.
        jobs: Vec<u32>,
        /// Whether the first will do.
        any: bool,
        /// How long, in seconds.
        seconds: Option<u64>,
    },
    /// Stop jobs.
    StopJobs {
        /// Their numbers.
        jobs: Vec<u32>,
    },
    /// Forget jobs.
    RemoveJobs {
        /// Their numbers.
        jobs: Vec<u32>,
        /// Also those that run.
        force: bool,
    },
    /// Interrupt what this connection waits for.
    Interrupt,
    /// Let go of the sessions that this connection waits for; what runs in them runs on.
    LetGo,
}

/// A session, as its client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its number in this agent.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its id everywhere, a GUID.
    pub instance_id: String,
    /// Where it is, without the password.
    pub target: Target,
    /// The service's address.
    pub address: String,
    /// `Opened`, `Disconnected`, `Broken`, `Closed`.
    pub state: String,
    /// `Available`, `Busy`, `None`.
    pub availability: String,
    /// Its configuration.
    pub configuration_name: String,
    /// How long it stays without a client, in milliseconds.
    pub idle_timeout_ms: Option<u64>,
    /// `Block` or `Drop`, if that is known.
    pub output_buffering_mode: Option<String>,
    /// What it was made with.
    pub options: Options,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobState {
    /// It runs.
    Running,
    /// It has ended.
    Completed,
    /// It has ended with an error.
    Failed,
    /// It was stopped.
    Stopped,
    /// Its session was let go of, and it runs on.
    Disconnected,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: JobState,
    /// Whether it has something to give.
    pub has_more_data: bool,
    /// Where it runs.
    pub location: String,
    /// What it runs.
    pub command: String,
}

/// Something that was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The machine.
    pub computer_name: String,
    /// The session, if there is one.
    pub session: Option<String>,
    /// Why, in a sentence.
    pub why: String,
    /// A short name of the error.
    pub error_id: String,
}

/// What the agent tells about one session or job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Number of the session; 0 if there is none.
    pub session: u32,
    /// Its machine.
    pub computer_name: String,
    /// What it says.
    pub saying: Saying,
}

/// What the agent says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Tell {
    /// A session.
    Session(Box<View>),
    /// A job.
    Job(Job),
    /// Something that runs says something.
    Said(Told),
    /// Something that ran has ended.
    Ended {
        /// Number of its session; 0 if there is none.
        session: u32,
        /// Its machine.
        computer_name: String,
        /// Its exit status, if its service tells.
        exit: Option<i64>,
        /// Why it failed, if it did.
        why: Option<String>,
    },
    /// A session was let go of while something runs in it.
    LetGo(Box<View>),
    /// The network to a machine is broken: how many seconds one goes on trying; `None` once it is
    /// back.
    Waiting {
        /// The machine.
        computer_name: String,
        /// Seconds.
        left: Option<u64>,
    },
    /// Something was not done.
    Failed(Failed),
    /// All was told.
    Done,
}
