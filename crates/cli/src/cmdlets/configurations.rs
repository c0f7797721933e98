//! Session configurations of hosts.

use winsta_cmdlet::{Bound, Cmdlet};

use super::failure;
use crate::report::Outcome;

/// Carries out a cmdlet about session configurations.
pub(super) fn run(cmdlet: &'static Cmdlet, _bounds: &[Bound]) -> Outcome {
    Err(failure(
        cmdlet,
        "this host has no session configurations that can be changed",
    ))
}
