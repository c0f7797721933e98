//! A terminal as a user would have it: a PTY, read by the benchmark, with a client on it.

use std::io::{Read, Write};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use memchr::memmem;
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::place::{Argv, Place};

/// The terminal's end of a PTY, raw and of 80 by 24, and the client on the other.
pub(crate) struct Terminal {
    pty: Pty,
    child: Child,
    buffer: Vec<u8>,
}

impl Terminal {
    /// Starts a client as the leader of a session on a new terminal.
    pub(crate) fn open(place: &Place, argv: &Argv) -> Result<Self> {
        let [program, arguments @ ..] = argv.as_slice() else {
            bail!("an empty command line");
        };
        let (pty, pts) = open().context("cannot open a PTY")?;
        pty.resize(Size::new(24, 80))
            .context("cannot size the PTY")?;
        let mut settings = tcgetattr(&pts).context("cannot read the terminal's settings")?;
        settings.make_raw();
        tcsetattr(&pts, OptionalActions::Now, &settings).context("cannot set the terminal")?;
        let flags = fcntl_getfl(&pty).context("cannot read the PTY's flags")?;
        fcntl_setfl(&pty, flags | OFlags::NONBLOCK).context("cannot set the PTY's flags")?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(place.environment())
            .current_dir(place.path(""))
            .spawn(pts)
            .with_context(|| format!("cannot run {}", program.display()))?;
        let buffer = vec![0; 64 << 10];
        Ok(Self { pty, child, buffer })
    }

    /// Process id of the client.
    pub(crate) fn client(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Types.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.pty.write_all(bytes).context("cannot type")
    }

    /// What the client writes next; fails at `limit` and when the client is gone.
    pub(crate) fn read(&mut self, limit: Instant) -> Result<&[u8]> {
        let length = loop {
            match self.pty.read(&mut self.buffer) {
                Ok(0) => bail!("the client is gone"),
                Ok(length) => break length,
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::AGAIN) => self.wait(limit)?,
                    Some(Errno::INTR) => {}
                    Some(Errno::IO) => bail!("the client is gone"),
                    _ => return Err(error).context("cannot read the terminal"),
                },
            }
        };
        self.buffer.get(..length).context("read too much")
    }

    fn wait(&self, limit: Instant) -> Result<()> {
        let left = limit.saturating_duration_since(Instant::now());
        let time = Timespec::try_from(left).context("too long a time")?;
        let mut waiting = [PollFd::new(&self.pty, PollFlags::IN)];
        match poll(&mut waiting, Some(&time)) {
            Ok(0) => bail!("nothing came in time"),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("cannot wait for the terminal"),
        }
    }

    /// Reads until `marker` was shown.
    pub(crate) fn expect(&mut self, marker: &[u8], time: Duration) -> Result<()> {
        let limit = Instant::now() + time;
        let mut seen = Seen::new(marker);
        let mut start = Vec::new();
        loop {
            let part = match self.read(limit) {
                Ok(part) => part,
                Err(error) => {
                    let shown = String::from_utf8_lossy(&start).into_owned();
                    let marker = String::from_utf8_lossy(marker);
                    return Err(error.context(format!("{marker} was not shown, but {shown:?}")));
                }
            };
            if start.len() < 200 {
                start.extend(part.iter().take(200));
            }
            if seen.feed(part).is_some() {
                return Ok(());
            }
        }
    }

    /// Presses Enter until the program answers with `marker`. A peer that restores nothing shows
    /// nothing before, and one that is not attached yet may lose what is typed.
    pub(crate) fn rouse(&mut self, marker: &[u8], time: Duration) -> Result<()> {
        let limit = Instant::now() + time;
        loop {
            self.send(b"\r")?;
            match self.expect(marker, Duration::from_millis(500)) {
                Err(error) if Instant::now() >= limit => return Err(error),
                Err(_) => {}
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Reads until nothing comes for `quiet`.
    pub(crate) fn settle(&mut self, quiet: Duration) {
        while self.read(Instant::now() + quiet).is_ok() {}
    }

    /// Hangs up, as a closed window does, and waits until the client is gone.
    pub(crate) fn close(self) {
        let Self { pty, mut child, .. } = self;
        drop(pty);
        let limit = Instant::now() + Duration::from_secs(2);
        while Instant::now() < limit {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // Stopped or deaf: it has to go all the same.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Looks for a marker in a stream that comes in parts.
#[derive(Debug)]
pub(crate) struct Seen {
    marker: Vec<u8>,
    tail: Vec<u8>,
}

impl Seen {
    /// Looks for `marker`.
    pub(crate) fn new(marker: &[u8]) -> Self {
        Self {
            marker: marker.to_owned(),
            tail: Vec::new(),
        }
    }

    /// Takes a part; the offset in it behind the marker, once that was there.
    pub(crate) fn feed(&mut self, part: &[u8]) -> Option<usize> {
        let keep = self.marker.len().saturating_sub(1);
        let head = part.get(..keep.min(part.len())).unwrap_or_default();
        let before = self.tail.len();
        self.tail.extend_from_slice(head);
        if let Some(at) = memmem::find(&self.tail, &self.marker) {
            return Some((at + self.marker.len()).saturating_sub(before));
        }
        if let Some(at) = memmem::find(part, &self.marker) {
            return Some(at + self.marker.len());
        }
        if part.len() >= keep {
            self.tail.clear();
            self.tail
                .extend_from_slice(part.get(part.len() - keep..).unwrap_or_default());
        } else {
            let excess = self.tail.len().saturating_sub(keep);
            self.tail.drain(..excess);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_seen_wherever_the_stream_is_cut() {
        let stream = b"..MARK, and MAR more";
        for cut in 1..stream.len() {
            let mut seen = Seen::new(b"MARK");
            let mut taken = 0;
            let end = stream.chunks(cut).find_map(|part| {
                let found = seen.feed(part).map(|offset| taken + offset);
                taken += part.len();
                found
            });
            assert_eq!(end, Some(6), "cut into parts of {cut}");
        }
        assert_eq!(Seen::new(b"MARK").feed(b"MAR"), None);
    }
}
