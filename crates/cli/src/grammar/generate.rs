//! What can be written on the command lines of what is generated: completions, the manual, names
//! for shells.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `completions`.
#[derive(Args, Debug)]
#[command(
    about = "Print a completion script for a shell.",
    after_help = "Examples:
  winsta completions bash > ~/.local/share/bash-completion/completions/winsta
  winsta completions zsh qwinsta > ~/.zfunc/_qwinsta"
)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
    /// The command to complete: winsta, or a link's name.
    #[arg(value_name = "NAME", default_value = "winsta")]
    pub(crate) name: String,
}

/// `aliases`.
#[derive(Args, Debug)]
#[command(
    about = "Print what makes PowerShell's cmdlets words of your shell.",
    after_help = "Examples:
  eval \"$(winsta aliases bash)\"
  winsta aliases fish | source"
)]
pub(crate) struct Aliases {
    /// The shell: bash, zsh or fish.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: String,
}

/// `man`.
#[derive(Args, Debug)]
#[command(
    about = "Print this program's manual page, or write all of them into a folder.",
    after_help = "Examples:
  winsta man | man -l -
  winsta man ~/.local/share/man/man1"
)]
pub(crate) struct Man {
    /// Folder to write winsta.1, winsta-query-session.1, qwinsta.1 … into.
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
