//! Signals as a descriptor, and giving children the usual ones back.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};

fn set_of(signals: &[libc::c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, sigaddset takes it initialised.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        set.assume_init()
    }
}

/// Blocks `signals` and returns a non-blocking descriptor that is readable while one is pending.
pub(crate) fn descriptor(signals: &[libc::c_int]) -> io::Result<OwnedFd> {
    let set = set_of(signals);
    // SAFETY: the set is initialised; signalfd returns a new descriptor, which nobody else owns.
    unsafe {
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        let fd = libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        if fd < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(OwnedFd::from_raw_fd(fd))
        }
    }
}

/// The number of the next pending signal in `descriptor`, if there is one.
pub(crate) fn next(descriptor: &OwnedFd) -> Option<u32> {
    let mut info = [0; size_of::<libc::signalfd_siginfo>()];
    let read = rustix::io::read(descriptor, &mut info).ok()?;
    let number = info.first_chunk::<4>().filter(|_| read == info.len())?;
    Some(u32::from_ne_bytes(*number))
}

/// Gives every signal its default action and blocks none; for use between fork and exec.
pub(crate) fn reset() {
    let set = set_of(&[]);
    // SAFETY: SIG_DFL is a valid action for every signal (the kernel refuses KILL, STOP and
    // numbers that do not exist, which changes nothing), and both calls are async-signal-safe.
    unsafe {
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
    }
}

/// Ignores `signal` in this process.
pub(crate) fn ignore(signal: libc::c_int) {
    // SAFETY: SIG_IGN installs no handler.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}
