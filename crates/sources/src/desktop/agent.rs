//! The process in front of one desktop: `winsta desktop`, run as the desktop's user.
//!
//! It reads lines and answers each with one: `idle` with `idle MILLISECONDS`; `tell SECONDS FROM`
//! and the lines of a message, apart by U+001F, with `shown` once it is on the screen. It ends when
//! its input does.
//!
//! A message is a window where there is an X server that lets this process in, for that is seen
//! whatever the desktop does with notifications. On any other desktop it is a notification.

mod notification;
mod windows;

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use self::windows::Windows;
use super::SEPARATOR;

/// Most bytes of a line.
const MAX_LINE: usize = 64 << 10;

type Failed = Box<dyn Error>;

/// What is to be shown.
struct Message<'a> {
    /// Whose it is, in words.
    title: String,
    /// Its lines.
    lines: Vec<&'a str>,
    /// For how long; 0 is until the user closes it.
    seconds: u32,
}

/// Serves until the input ends.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever asked waits for a line.
            let _ = writeln!(io::stdout(), "failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Failed> {
    let mut windows: Option<Windows> = None;
    let mut input = Vec::new();
    loop {
        if let Some(windows) = &mut windows {
            windows.tend()?;
        }
        if wait(windows.as_ref())? && !read(&mut input)? {
            return Ok(());
        }
        while let Some(end) = input.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = input.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            command(&mut windows, line.trim_end_matches('\n'))?;
        }
    }
}

/// Waits until there is something to do; whether it is input.
fn wait(windows: Option<&Windows>) -> Result<bool, Failed> {
    let stdin = io::stdin();
    let mut waiting = vec![PollFd::new(&stdin, PollFlags::IN)];
    waiting
        .extend(windows.map(|windows| PollFd::from_borrowed_fd(windows.server(), PollFlags::IN)));
    let due = windows.and_then(Windows::due);
    let patience = due.map(|due| due.saturating_duration_since(Instant::now()));
    let patience = patience.map(Timespec::try_from).transpose()?;
    rustix::io::retry_on_intr(|| poll(&mut waiting, patience.as_ref()))?;
    Ok(waiting
        .first()
        .is_some_and(|stdin| !stdin.revents().is_empty()))
}

/// Takes what has come; `false` at the end of the input.
fn read(input: &mut Vec<u8>) -> Result<bool, Failed> {
    let mut buffer = [0; 4_096];
    let count = io::stdin().read(&mut buffer)?;
    if input.len() + count > MAX_LINE {
        return Err("a line is too long".into());
    }
    input.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count > 0)
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn command(windows: &mut Option<Windows>, line: &str) -> Result<(), Failed> {
    // A server may come later than this process.
    let opened = match windows.take() {
        Some(open) => Ok(open),
        None => Windows::open(),
    };
    let opened = opened.map(|open| windows.insert(open));
    if line == "idle" {
        let said = match opened {
            Ok(windows) => format!("idle {}", windows.idle()?),
            Err(error) => format!("failed: {error}"),
        };
        return Ok(say(&said)?);
    }
    let mut parts = line.split(SEPARATOR);
    let first = parts.next().and_then(|first| first.strip_prefix("tell "));
    let Some((seconds, from)) = first.and_then(|first| first.split_once(' ')) else {
        return Ok(say("failed: what?")?);
    };
    let message = Message {
        title: format!("Message from {from}"),
        lines: parts.collect(),
        seconds: seconds.parse()?,
    };
    match opened {
        Ok(windows) => windows.tell(&message),
        Err(error) => Ok(say(&match notification::show(&message) {
            Ok(()) => "shown".to_owned(),
            Err(failed) => format!("failed: {error}; {failed}"),
        })?),
    }
}
