//! Options that several tools have.

use std::time::Duration;

use clap::{Args, ValueEnum};
use winsta_domain::select::Filter;
use winsta_domain::{Glob, Span, State};

/// Form of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people, as Windows has them.
    #[default]
    Table,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// A line of names, then a line a row, quoted as in RFC 4180.
    Csv,
}

/// How a listing is printed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Form of the listing; all but the table have full names, UTC times and idle seconds.
    #[arg(
        short = 'o',
        long = "output",
        value_enum,
        value_name = "FORMAT",
        default_value = "table",
        help_heading = "Output"
    )]
    pub(crate) format: Format,
}

/// Conditions that narrow a list of sessions.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Filters {
    /// Only sessions in this state: active, disc, conn, idle, down … (several with commas).
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state, help_heading = "Filters")]
    pub(crate) state: Vec<State>,
    /// Only sessions idle for longer than this: 90s, 15m, 4h, 2d, 1h30m.
    #[arg(long, value_name = "TIME", value_parser = span, help_heading = "Filters")]
    pub(crate) idle_over: Option<Span>,
    /// Only sessions of this user (several with commas).
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = "Filters"
    )]
    pub(crate) user: Vec<String>,
    /// Leave out sessions that this user, session name, id or label names (several with commas).
    #[arg(
        long,
        value_name = "WHO",
        value_delimiter = ',',
        help_heading = "Filters"
    )]
    pub(crate) exclude: Vec<String>,
    /// Only sessions from this source: hosted, ssh, xrdp, console, windows (several with commas).
    #[arg(
        long,
        value_name = "SOURCE",
        value_delimiter = ',',
        value_parser = ["hosted", "ssh", "xrdp", "console", "windows"],
        ignore_case = true,
        help_heading = "Filters"
    )]
    pub(crate) source: Vec<String>,
    /// Only sessions whose label matches this pattern; * and ? stand for any text and character.
    #[arg(long, value_name = "PATTERN", value_parser = glob, help_heading = "Filters")]
    pub(crate) label: Vec<Glob>,
}

impl Filters {
    /// The filter that the options describe.
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            states: self.state.clone(),
            idle_over: self.idle_over,
            users: self.user.clone(),
            exclude: self.exclude.clone(),
            sources: self.source.clone(),
            labels: self.label.clone(),
        }
    }
}

/// How other hosts are asked.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Network {
    /// Ask at most so many hosts at the same time.
    #[arg(long, value_name = "N", default_value_t = AT_ONCE, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Hosts")]
    pub(crate) throttle: u16,
    /// Give a host up that has not answered after this time: 10, 30s, 2m.
    #[arg(long, value_name = "TIME", default_value_t = TIMEOUT, value_parser = seconds, help_heading = "Hosts")]
    pub(crate) timeout: u32,
}

/// Hosts that are asked at the same time.
const AT_ONCE: u16 = 32;
/// How long a host may take, in seconds.
const TIMEOUT: u32 = 10;

impl Default for Network {
    fn default() -> Self {
        Self::within(TIMEOUT)
    }
}

impl Network {
    /// With this time for each host, in seconds.
    pub(crate) fn within(timeout: u32) -> Self {
        Self {
            throttle: AT_ONCE,
            timeout,
        }
    }

    /// How long a host may take.
    pub(crate) fn time(self) -> Duration {
        Duration::from_secs(self.timeout.max(1).into())
    }
}

/// The host that is meant.
#[derive(Args, Clone, Debug)]
pub(crate) struct Server {
    /// The host that has the session, as ssh or hosts.toml call it; this one unless given.
    #[arg(long, value_name = "HOST", help_heading = "Hosts")]
    pub(crate) server: Option<String>,
    /// Give the host up if it has not answered after this time: 10, 30s, 2m.
    #[arg(long, value_name = "TIME", default_value_t = TIMEOUT, value_parser = seconds, help_heading = "Hosts")]
    pub(crate) timeout: u32,
}

/// What may be looked at, or asked, before a verb is carried out.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Care {
    /// Every session that is meant, where a name means several; alone, every user's session.
    #[arg(long, help_heading = "Filters")]
    pub(crate) all: bool,
    /// Only say what would be done.
    #[arg(long, help_heading = "Care")]
    pub(crate) what_if: bool,
    /// Ask before each session.
    #[arg(long, help_heading = "Care")]
    pub(crate) confirm: bool,
}

/// A warning to the user before a session is ended.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Warning {
    /// Warn the session's user, and end it only when this time is over: 120, 90s, 5m.
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "Care")]
    pub(crate) warn: Option<u32>,
    /// What the warning says.
    #[arg(long, value_name = "TEXT", requires = "warn", help_heading = "Care")]
    pub(crate) message: Option<String>,
    /// Let the session's user cancel it.
    #[arg(long, requires = "warn", help_heading = "Care")]
    pub(crate) user_may_cancel: bool,
}

fn state(text: &str) -> Result<State, String> {
    State::from_name(text).ok_or_else(|| {
        let known: Vec<_> = State::ALL.iter().map(|s| s.short()).collect();
        format!("there is no such state; there are {}", known.join(", "))
    })
}

fn span(text: &str) -> Result<Span, String> {
    text.parse::<Span>().map_err(|error| error.to_string())
}

fn glob(text: &str) -> Result<Glob, std::convert::Infallible> {
    text.parse()
}

/// Seconds, as Windows writes them (`120`) or with units (`2m`).
pub(crate) fn seconds(text: &str) -> Result<u32, String> {
    let seconds = match text.parse::<u64>() {
        Ok(number) => number,
        Err(_) => span(text)?.0,
    };
    u32::try_from(seconds).map_err(|_| "this is too long".to_owned())
}
