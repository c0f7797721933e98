//! Pseudo-terminals.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, Termios, Winsize,
};
use winsta_domain::TerminalSize;

/// A new terminal.
pub(crate) struct Pty {
    /// The keeper's end, non-blocking.
    pub(crate) master: OwnedFd,
    /// The programs' end.
    pub(crate) slave: OwnedFd,
    /// Its name below `/dev`: `pts/3`.
    pub(crate) device: String,
}

/// Opens a terminal of this size, for UTF-8.
pub(crate) fn open(size: TerminalSize) -> rustix::io::Result<Pty> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags)?;
    rustix::fs::fcntl_setfl(&master, OFlags::NONBLOCK)?;
    rustix::pty::unlockpt(&master)?;
    let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags)?;
    let mut termios = rustix::termios::tcgetattr(&slave)?;
    termios.input_modes |= InputModes::IUTF8;
    rustix::termios::tcsetattr(&slave, OptionalActions::Now, &termios)?;
    resize(&master, size)?;
    Ok(Pty {
        device: device(&master)?,
        master,
        slave,
    })
}

/// Name of a master's terminal below `/dev`.
pub(crate) fn device(master: impl AsFd) -> rustix::io::Result<String> {
    let name = rustix::pty::ptsname(master, Vec::new())?;
    let name = name.to_string_lossy();
    Ok(name.strip_prefix("/dev/").unwrap_or(&name).to_owned())
}

/// Sets a terminal's size; its foreground programs are told if that changes it.
pub(crate) fn resize(master: impl AsFd, size: TerminalSize) -> rustix::io::Result<()> {
    let size = Winsize {
        ws_col: size.cols(),
        ws_row: size.rows(),
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(master, size)
}

/// The settings of a terminal as `stty` names them.
pub(crate) fn settings(master: impl AsFd) -> rustix::io::Result<Vec<String>> {
    let termios = rustix::termios::tcgetattr(master)?;
    Ok(NAMES
        .iter()
        .map(|(name, is_set)| {
            if is_set(&termios) {
                (*name).to_owned()
            } else {
                format!("-{name}")
            }
        })
        .collect())
}

/// A setting's name, and how to tell whether it is set.
type Setting = (&'static str, fn(&Termios) -> bool);

const NAMES: &[Setting] = &[
    ("icanon", |t| t.local_modes.contains(LocalModes::ICANON)),
    ("echo", |t| t.local_modes.contains(LocalModes::ECHO)),
    ("isig", |t| t.local_modes.contains(LocalModes::ISIG)),
    ("iexten", |t| t.local_modes.contains(LocalModes::IEXTEN)),
    ("ixon", |t| t.input_modes.contains(InputModes::IXON)),
    ("ixoff", |t| t.input_modes.contains(InputModes::IXOFF)),
    ("icrnl", |t| t.input_modes.contains(InputModes::ICRNL)),
    ("iutf8", |t| t.input_modes.contains(InputModes::IUTF8)),
    ("opost", |t| t.output_modes.contains(OutputModes::OPOST)),
    ("onlcr", |t| t.output_modes.contains(OutputModes::ONLCR)),
    ("cs8", |t| t.control_modes.contains(ControlModes::CS8)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_its_size_and_settings() {
        let size = TerminalSize::new(100, 30).unwrap();
        let pty = open(size).unwrap();
        let seen = rustix::termios::tcgetwinsize(&pty.slave).unwrap();
        assert_eq!((seen.ws_col, seen.ws_row), (100, 30));
        assert!(pty.device.starts_with("pts/"), "{}", pty.device);
        let settings = settings(&pty.master).unwrap();
        assert!(settings.contains(&"iutf8".to_owned()), "{settings:?}");
        assert!(settings.contains(&"-ixoff".to_owned()), "{settings:?}");
    }
}
