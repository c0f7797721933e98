//! Connections on which time runs out.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use winsta_client::Connection;

/// What a byte is worth: no network is slower than 16 KiB a second.
const BYTE: Duration = Duration::from_nanos(1_000_000_000 / (16 << 10));
/// How far the connection's own timeout may be beyond what is left.
const SLACK: Duration = Duration::from_secs(1);

/// A connection whose timeout is for all that is said on it until the next one is set. A peer gains
/// time by bytes, but not by single ones now and then.
pub(crate) struct Paced {
    connection: Box<dyn Connection>,
    until: Option<Instant>,
    /// What the connection waits at most.
    set: Option<Duration>,
}

impl Paced {
    pub(crate) fn new(connection: Box<dyn Connection>) -> Self {
        Self {
            connection,
            until: None,
            set: None,
        }
    }

    /// Does something that may wait, for no longer than there is time.
    fn in_time(
        &mut self,
        mut what: impl FnMut(&mut dyn Connection) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            self.limit()?;
            match what(&mut *self.connection) {
                Ok(count) => {
                    let worth = BYTE * u32::try_from(count).unwrap_or(u32::MAX);
                    self.until = self.until.map(|until| until + worth);
                    return Ok(count);
                }
                // Sleep and waking interrupt. A timeout may be one from before there was more time.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) && self.until.is_some() => self.set = None,
                Err(error) => return Err(error),
            }
        }
    }

    fn limit(&mut self) -> io::Result<()> {
        let Some(until) = self.until else {
            return Ok(());
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        // One that is too short is only looked at more often.
        let will_do = |set: Duration| set <= left + SLACK && set >= left / 8;
        if !self.set.is_some_and(will_do) {
            // Zero would be for ever.
            let left = left.max(Duration::from_millis(1));
            self.connection.set_timeout(Some(left))?;
            self.set = Some(left);
        }
        Ok(())
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Read for Paced {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.in_time(|connection| connection.read(buffer))
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.in_time(|connection| connection.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.in_time(|connection| connection.flush().map(|()| 0))
            .map(drop)
    }
}

impl Connection for Paced {
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if self.until.is_some() {
            // The connection hears of it when something is to be done on it.
            return Ok(());
        }
        self.set = None;
        self.connection.set_timeout(timeout)
    }

    fn end_point(&self) -> Option<Vec<u8>> {
        self.connection.end_point()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at each read, and knows how long it may wait.
    struct Dripping(Vec<Duration>);

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(5));
            buffer.fill(b'x');
            Ok(1)
        }
    }

    impl Write for Dripping {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Connection for Dripping {
        fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
            self.0.extend(timeout);
            Ok(())
        }
    }

    #[test]
    fn single_bytes_gain_no_time_and_many_do() {
        let mut paced = Paced::new(Box::new(Dripping(Vec::new())));
        paced
            .set_timeout(Some(Duration::from_millis(50)))
            .expect("it can be set");
        let read = io::copy(&mut paced, &mut io::sink());
        assert_eq!(read.expect_err("no time").kind(), ErrorKind::TimedOut);
        paced
            .set_timeout(Some(Duration::from_millis(50)))
            .expect("it can be set");
        paced.write_all(&vec![0; 1 << 20]).expect("it is all taken");
        let left = paced.until.expect("a deadline") - Instant::now();
        assert!(left > Duration::from_secs(60), "{left:?}");
    }
}
