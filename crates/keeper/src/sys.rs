//! The room for `unsafe`: the few calls that rustix does not offer safely.
//!
//! Nothing outside this module may use `unsafe`, here or in any other crate.
#![expect(unsafe_code, reason = "each block says why it is sound")]

pub(crate) mod exec;
pub(crate) mod fork;
pub(crate) mod limits;
pub(crate) mod map;
pub(crate) mod memory;
pub(crate) mod passing;
pub(crate) mod pidfd;
pub(crate) mod signals;
