//! What may be written on a command line.

pub(crate) mod gateway;
pub(crate) mod generate;
pub(crate) mod normalise;
pub(crate) mod shared;
pub(crate) mod unix;
pub(crate) mod windows;
pub(crate) mod windows_help;
