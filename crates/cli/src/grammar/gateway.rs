//! `gateway`.

use clap::{Args, Subcommand};

use super::shared::Output;

/// `gateway`.
#[derive(Args, Debug)]
#[command(
    about = "Look after certificates that stand for users of this machine in front of its gateway.",
    long_about = "Look after certificates that stand for users of this machine in front of its gateway, which leads clients from elsewhere to the remote shells of all users: systemctl enable --now winsta-gateway. For root.",
    after_help = "Examples:
  winsta gateway token --user ann
  winsta gateway token --user ann --address web01.example.org
  winsta gateway trusted
  winsta gateway trusted --remove laptop"
)]
pub(crate) struct Gateway {
    #[command(subcommand)]
    pub(crate) verb: GatewayVerb,
}

/// What `gateway` does.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayVerb {
    /// Print a token with which somebody's certificate comes to stand for a user, once and within
    /// ten minutes.
    Token {
        /// The user.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// The name or address by which clients reach this machine: NAME or NAME:PORT.
        #[arg(long, value_name = "ADDRESS")]
        address: Option<String>,
    },
    /// List certificates that are enrolled, or take one off the list.
    Trusted {
        /// Take this one off the list: its fingerprint, the beginning of it, or its name.
        #[arg(long, value_name = "CERTIFICATE")]
        remove: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}
