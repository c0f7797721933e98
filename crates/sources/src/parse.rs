//! What the kernel, sshd and xrdp say in text: bytes in, values out, no I/O.
//!
//! All of it comes from outside, and process titles from anybody: what is not understood is left
//! out, never guessed.

pub mod cgroup;
pub mod net;
pub mod settings;
pub mod sshd;
pub mod stat;
pub mod tty;
pub mod unix;
pub mod xrdp;
