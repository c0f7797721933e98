//! How the benchmark and the programs in sessions tell each other where they are: two FIFOs.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::place::Place;

/// `read x < go` in a script waits for [`go`](Self::go); `echo x > done` answers
/// [`wait`](Self::wait).
#[derive(Debug)]
pub(crate) struct Signals {
    go: File,
    done: File,
    paths: [PathBuf; 2],
}

impl Signals {
    /// Two FIFOs in `place`.
    pub(crate) fn new(place: &Place) -> Result<Self> {
        let paths = [place.path("go"), place.path("done")];
        let open = |path: &PathBuf| {
            let mode = Mode::RUSR | Mode::WUSR;
            mknodat(CWD, path, FileType::Fifo, mode, 0).context("cannot create a FIFO")?;
            // Both ways, so that opening waits for nobody.
            let file = OpenOptions::new().read(true).write(true).open(path);
            file.context("cannot open a FIFO")
        };
        let [go, done] = &paths;
        let (go, done) = (open(go)?, open(done)?);
        Ok(Self { go, done, paths })
    }

    /// Shell commands that wait for the benchmark.
    pub(crate) fn wait_for_go(&self) -> String {
        let [go, _] = &self.paths;
        format!("read x < {}", go.display())
    }

    /// Shell commands that tell the benchmark.
    pub(crate) fn say_done(&self) -> String {
        let [_, done] = &self.paths;
        format!("echo x > {}", done.display())
    }

    /// Lets one script go on.
    pub(crate) fn go(&mut self) -> Result<()> {
        self.go.write_all(b"x\n").context("cannot write to a FIFO")
    }

    /// Waits until `count` scripts have said that they are done.
    pub(crate) fn wait(&mut self, count: usize, time: Duration) -> Result<()> {
        let limit = Instant::now() + time;
        let mut left = count * 2;
        while left > 0 {
            let rest = limit.saturating_duration_since(Instant::now());
            let rest = Timespec::try_from(rest).context("too long a time")?;
            let mut waiting = [PollFd::new(&self.done, PollFlags::IN)];
            if poll(&mut waiting, Some(&rest)).context("cannot wait for a FIFO")? == 0 {
                bail!("the program did not get on within {} s", time.as_secs());
            }
            let mut buffer = vec![0; left];
            let length = self.done.read(&mut buffer).context("cannot read a FIFO")?;
            left = left.saturating_sub(length);
        }
        Ok(())
    }
}
