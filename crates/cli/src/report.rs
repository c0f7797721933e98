//! How a command ends: its exit status, and what it says on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;

use winsta_api::ErrorCode;
use winsta_client::ClientError;
use winsta_domain::brief;

/// What the statuses mean, for `--help` and the manual.
pub(crate) const STATUSES: &str = "Exit status:
  0  all was done
  1  nothing matched
  2  the command line is wrong
  3  a host failed or did not answer
  4  the host refused";

/// The exit status of a command that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All was done.
    Done,
    /// Nothing matched.
    Nothing,
    /// The command line is wrong.
    Usage,
    /// A host failed or did not answer.
    HostFailed,
    /// The host refused.
    Refused,
    /// The status of a session.
    Session(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Nothing => 1,
            Exit::Usage => 2,
            Exit::HostFailed => 3,
            Exit::Refused => 4,
            Exit::Session(status) => status,
        })
    }
}

/// Why a command could not do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The status to exit with.
    pub(crate) exit: Exit,
    /// What failed, and why; lines that stand for themselves have no `winsta:` before them.
    pub(crate) text: Text,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

/// What is said of a failure.
#[derive(Debug)]
pub(crate) enum Text {
    /// `winsta: what failed: why`
    Error(String),
    /// The text alone, as Windows' tools say it: `No session exists for bob`
    Plain(String),
    /// Nothing: the reader of the output has gone away, or all has been said.
    Silent,
}

/// What a command comes to.
pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    /// A command line that cannot be carried out.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            text: Text::Error(text.into()),
            hint: None,
        }
    }

    /// Something on this machine that does not work.
    pub(crate) fn local(what: impl Into<String>, why: &dyn std::fmt::Display) -> Self {
        Self {
            exit: Exit::HostFailed,
            text: Text::Error(format!("{}: {why}", what.into())),
            hint: None,
        }
    }

    /// `No session exists for bob`
    pub(crate) fn nothing(kind: &str, name: &str) -> Self {
        let name = crate::table::layout::visible(name);
        let name = brief(&name);
        Self {
            exit: Exit::Nothing,
            text: Text::Plain(format!("No {kind} exists for {name}")),
            hint: None,
        }
    }

    /// Nothing more to say.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self {
            exit,
            text: Text::Silent,
            hint: None,
        }
    }

    /// With advice on what to do next.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A call to the host that failed.
    pub(crate) fn call(what: &str, error: &ClientError) -> Self {
        let hint = error.hint();
        let mut text = format!("{what}: {}", error.reasons());
        if error.remote {
            text = format!("{}: {text}", error.host);
        }
        for holder in error.refusal().into_iter().flat_map(|r| &r.holders) {
            let label = holder.label.as_deref().map(|label| format!(" '{label}'"));
            let _infallible = write!(
                text,
                "\n  session {}{}: {}, {}, idle {}",
                holder.id,
                label.unwrap_or_default(),
                holder.user,
                holder.state.short(),
                crate::table::idle::idle(holder.idle_seconds)
            );
        }
        Self {
            exit: exit_of(error.code()),
            text: Text::Error(text),
            hint,
        }
    }

    /// What failed and why, on one line.
    pub(crate) fn words(&self) -> String {
        match &self.text {
            Text::Error(text) | Text::Plain(text) => shown(text).replace('\n', " "),
            Text::Silent => String::new(),
        }
    }

    /// Says it on standard error in one line, without advice: one of many.
    pub(crate) fn print_line(&self) {
        let words = self.words();
        if !words.is_empty() {
            say(&words);
        }
    }

    /// Says it on standard error. What cannot be said there cannot be said at all.
    pub(crate) fn print(&self) {
        let mut err = io::stderr().lock();
        let colour = err.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let (red, dim, off) = if colour {
            ("\x1b[1;31m", "\x1b[2m", "\x1b[0m")
        } else {
            ("", "", "")
        };
        let _gone = match &self.text {
            Text::Error(text) => writeln!(err, "{red}winsta:{off} {}", shown(text)),
            Text::Plain(text) => writeln!(err, "{}", shown(text)),
            Text::Silent => Ok(()),
        };
        if let Some(hint) = &self.hint {
            let _gone = writeln!(err, "{dim}hint:{off} {}", shown(hint));
        }
    }
}

/// Says how far long work is, on standard error.
pub(crate) fn say(text: &str) {
    let _gone = writeln!(io::stderr(), "winsta: {}", shown(text));
}

/// The lines of a text without control characters, and no longer than people read: parts of it
/// may come from elsewhere.
fn shown(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(crate::table::layout::visible).collect();
    brief(&lines.join("\n")).into_owned()
}

/// The exit status that an answer of the host stands for.
fn exit_of(code: Option<ErrorCode>) -> Exit {
    match code {
        Some(ErrorCode::Invalid) => Exit::Usage,
        Some(ErrorCode::NotFound) => Exit::Nothing,
        Some(
            ErrorCode::Forbidden
            | ErrorCode::Conflict
            | ErrorCode::Stale
            | ErrorCode::Unsupported
            | ErrorCode::Quota,
        ) => Exit::Refused,
        Some(ErrorCode::Exhausted | ErrorCode::Exec | ErrorCode::Internal | ErrorCode::Other)
        | None => Exit::HostFailed,
    }
}
