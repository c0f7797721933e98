//! The peers, one file each.

mod dtach;
mod raw;
mod retach;
mod screen;
mod shpool;
mod tmux;
mod winsta;

use std::path::PathBuf;

use super::peer::Peer;
use crate::workspace;

/// All of them, ours first.
pub(crate) fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(winsta::Winsta),
        Box::new(raw::Raw),
        Box::new(tmux::Tmux),
        Box::new(screen::Screen),
        Box::new(dtach::Dtach),
        Box::new(shpool::Shpool { restores: true }),
        Box::new(shpool::Shpool { restores: false }),
        Box::new(retach::Retach),
    ]
}

/// Name of our own build in tables.
pub(crate) const OURS: &str = "winsta";

/// Name of the bare terminal in tables.
pub(crate) const RAW: &str = "raw";

/// The program that `cargo install --root target/peers` put there, else the one in PATH.
fn installed(name: &str) -> PathBuf {
    let own = workspace::root().join("target/peers/bin").join(name);
    if own.exists() { own } else { name.into() }
}
