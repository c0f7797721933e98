//! A screen rebuilt by a process of its session's user: `winsta painter`.
//!
//! The machine's host runs as root, and what a session prints is its user's to choose. So root
//! passes the bytes on and reads only text back.
//!
//! The process reads a line of JSON ([`Canvas`]), then pieces until its input ends: an offset (eight
//! bytes), a length (four), both with the lowest byte first, and as many bytes. The first piece is
//! the checkpoint. It writes what the screen shows.

use std::io::{self, BufRead, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nix::unistd::User;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::time::timeout;
use winsta_wire::SnapshotInfo;

use super::{Picture, Wanted};

/// How long a screen may take to be rebuilt.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of what a screen shows.
const MAX_SHOWN: u64 = 64 << 20;
/// Most bytes of the first line.
const MAX_LINE: u64 = 64 << 10;
/// Most bytes of a piece.
const MAX_PIECE: u32 = 16 << 20;

/// What is to be painted.
#[derive(Serialize, Deserialize)]
struct Canvas {
    info: SnapshotInfo,
    ansi: bool,
    scrollback: u32,
}

/// A painter at work. It ends when its input does.
pub(super) struct Painter {
    to: pipe::Sender,
    from: pipe::Receiver,
}

impl Painter {
    /// Starts one as user `uid`.
    pub(super) async fn start(
        uid: u32,
        info: &SnapshotInfo,
        checkpoint: &[u8],
        wanted: Wanted,
    ) -> io::Result<Self> {
        let user = User::from_uid(uid.into())?;
        let user = user.ok_or_else(|| io::Error::other("its user has no entry"))?;
        let mut child = Command::new("/proc/self/exe")
            .arg("painter")
            .env_clear()
            .uid(uid)
            .gid(user.gid.as_raw())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || io::Error::other("it has no pipe");
        let to = OwnedFd::from(child.stdin.take().ok_or_else(missing)?);
        let from = OwnedFd::from(child.stdout.take().ok_or_else(missing)?);
        // It is taken in with the host's other children when it ends.
        drop(child);
        let mut painter = Self {
            to: pipe::Sender::from_owned_fd(to)?,
            from: pipe::Receiver::from_owned_fd(from)?,
        };
        let canvas = Canvas {
            info: info.clone(),
            ansi: wanted.ansi,
            scrollback: wanted.scrollback,
        };
        let mut line = serde_json::to_vec(&canvas)?;
        line.push(b'\n');
        painter.send(&line).await?;
        painter.feed(info.offset, checkpoint).await?;
        Ok(painter)
    }

    /// Takes output that begins at `offset`.
    pub(super) async fn feed(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let mut piece = offset.to_le_bytes().to_vec();
        piece.extend(length.to_le_bytes());
        piece.extend(bytes);
        self.send(&piece).await
    }

    /// What the screen shows.
    pub(super) async fn show(self) -> io::Result<String> {
        let Self { to, from } = self;
        drop(to);
        let mut shown = String::new();
        let mut bounded = from.take(MAX_SHOWN);
        timeout(PATIENCE, bounded.read_to_string(&mut shown)).await??;
        Ok(shown)
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(PATIENCE, self.to.write_all(bytes)).await?
    }
}

/// Paints what comes on standard input.
pub fn main() -> ExitCode {
    let painted = paint(io::stdin().lock());
    match painted.and_then(|shown| io::stdout().write_all(shown.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever asked sees that nothing comes.
        Err(_) => ExitCode::FAILURE,
    }
}

fn paint(mut input: impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    (&mut input).take(MAX_LINE).read_until(b'\n', &mut line)?;
    let canvas: Canvas = serde_json::from_slice(&line)?;
    let (_, checkpoint) = piece(&mut input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut picture = Picture::begin(&canvas.info, &checkpoint, canvas.scrollback as usize);
    while let Some((offset, bytes)) = piece(&mut input)? {
        picture.feed(offset, &bytes);
    }
    Ok(picture.show(canvas.ansi))
}

/// The next piece; `None` at the end.
fn piece(input: &mut impl Read) -> io::Result<Option<(u64, Vec<u8>)>> {
    let mut offset = [0; 8];
    match input.read_exact(&mut offset) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_PIECE {
        return Err(io::Error::other("a piece is too long"));
    }
    let mut bytes = vec![0; length as usize];
    input.read_exact(&mut bytes)?;
    Ok(Some((u64::from_le_bytes(offset), bytes)))
}

#[cfg(test)]
mod tests {
    use winsta_domain::TerminalSize;
    use winsta_wire::RingReport;

    use super::*;

    fn input(pieces: &[(u64, &[u8])]) -> Vec<u8> {
        let canvas = Canvas {
            info: SnapshotInfo {
                offset: 2,
                size: TerminalSize::new(6, 2).unwrap(),
                marks: Vec::new(),
                ring: RingReport {
                    base: 0,
                    end: 9,
                    capacity: 4_096,
                },
                incomplete: false,
            },
            ansi: false,
            scrollback: 0,
        };
        let mut input = serde_json::to_vec(&canvas).unwrap();
        input.push(b'\n');
        for (offset, bytes) in pieces {
            input.extend(offset.to_le_bytes());
            input.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
            input.extend(*bytes);
        }
        input
    }

    #[test]
    fn pieces_are_painted_over_the_checkpoint() {
        let whole = input(&[(2, b"ab"), (2, b"cd"), (4, b"\r\nef")]);
        assert_eq!(paint(whole.as_slice()).unwrap(), "abcd\nef\n");
        for cut in 0..whole.len() {
            // Half a piece is an error, or nothing; never a panic.
            let _ = paint(&whole[..cut]);
        }
        assert!(paint(&b"{}\n"[..]).is_err());
        let mut long = input(&[]);
        long.extend([0; 8]);
        long.extend(u32::MAX.to_le_bytes());
        assert!(paint(long.as_slice()).is_err());
    }
}
