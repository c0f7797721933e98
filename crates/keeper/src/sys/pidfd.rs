//! What the kernel still knows of a process through a pidfd.

use std::os::fd::{AsRawFd, BorrowedFd};

use winsta_domain::ExitStatus;

/// `struct pidfd_info` of <linux/pidfd.h>, first version and the fields up to `exit_code`.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroupid: u64,
    pid: u32,
    tgid: u32,
    ppid: u32,
    ruid: u32,
    rgid: u32,
    euid: u32,
    egid: u32,
    suid: u32,
    sgid: u32,
    fsuid: u32,
    fsgid: u32,
    exit_code: i32,
}

const MASK_EXIT: u64 = 1 << 3;
/// `_IOWR(0xFF, 11, struct pidfd_info)` with the size of [`Info`].
const GET_INFO: libc::c_ulong =
    (3 << 30) | ((size_of::<Info>() as libc::c_ulong) << 16) | (0xff << 8) | 0x0b;

/// How a process that is not this one's child ended; `Unknown` on kernels that do not say
/// (before 6.13), or while it has not been reaped.
pub(crate) fn exit_of(pidfd: BorrowedFd<'_>) -> ExitStatus {
    let mut info = Info {
        mask: MASK_EXIT,
        ..Info::default()
    };
    // SAFETY: the request's number carries the size of `Info`, which is what the kernel writes.
    let result = unsafe { libc::ioctl(pidfd.as_raw_fd(), GET_INFO, &raw mut info) };
    if result != 0 || info.mask & MASK_EXIT == 0 {
        return ExitStatus::Unknown;
    }
    from_wait(info.exit_code)
}

/// An exit status as the kernel encodes it for `wait`.
pub(crate) fn from_wait(code: i32) -> ExitStatus {
    let [low, high, ..] = code.to_le_bytes();
    match low & 0x7f {
        0 => ExitStatus::Code(high),
        signal => ExitStatus::Signal(signal),
    }
}
