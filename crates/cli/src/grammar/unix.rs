//! The tools that only Winsta has.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use winsta_domain::{Glob, Label, TerminalSize};

use super::shared::{Network, Output, Server, seconds};

/// `new`.
#[derive(Args, Debug)]
#[command(
    about = "Start a session and connect this terminal to it.",
    after_help = "The session has your environment and working folder. Its exit status becomes that of this command,
unless you disconnect.

Examples:
  winsta new                               a login shell
  winsta new -n build -- make -j8          a command, in a session labelled 'build'
  id=$(winsta new -d -- ./simulation)      in the background; prints the id alone"
)]
pub(crate) struct New {
    /// A label to find the session by: 1 to 64 characters, not a number.
    #[arg(short = 'n', long = "name", alias = "label", value_name = "LABEL", value_parser = label)]
    pub(crate) label: Option<Label>,
    /// Do not connect; print the session's id.
    #[arg(short, long, alias = "detach")]
    pub(crate) detached: bool,
    /// Size of the session's terminal, for example 120x40; this terminal's unless given.
    #[arg(long, value_name = "COLSxROWS", value_parser = size)]
    pub(crate) size: Option<TerminalSize>,
    #[command(flatten)]
    pub(crate) on: Server,
    /// Program and arguments; your login shell unless given.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// `login`.
#[derive(Args, Debug)]
#[command(
    about = "Give an ssh login a hosted session, which outlives its connection.",
    after_help = "What is no interactive login (a command, scp, sftp, rsync, git, port forwarding) goes to your shell untouched.
If there is no host, or it fails, you get a plain shell, and are told so. As a login shell the program is
called winsta-login (see install-links). What becomes of sessions that earlier logins left is said in
config.toml: under [login], reconnect = \"capture\" leads back to the one left last, \"close\" ends
them, \"new\" leaves them.

Examples:
  winsta login                             in sshd_config, after ForceCommand
  winsta-login                             in /etc/passwd, as a user's shell
  winsta login --profile && exit           at the end of your ~/.profile"
)]
pub(crate) struct Login {
    /// From a profile: for interactive ssh logins alone; fails where there is no hosted session, so
    /// that the profile goes on.
    #[arg(long)]
    pub(crate) profile: bool,
    /// As a login shell: let your shell run this command.
    #[arg(short = 'c', value_name = "COMMAND", conflicts_with = "profile")]
    pub(crate) command: Option<OsString>,
    /// As a login shell: ignored, a login shell it is.
    #[arg(short = 'l', long = "login", hide = true)]
    pub(crate) login: bool,
    /// What follows a command is for it.
    #[arg(
        hide = true,
        requires = "command",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) arguments: Vec<OsString>,
}

/// `connect`.
#[derive(Args, Debug)]
#[command(
    about = "Connect this terminal to a session.",
    after_help = "Without a session: your disconnected one, the latest if there are several. A client that is connected
already is sent away, unless you say --share or --view.

Examples:
  winsta connect                           back to where you were
  winsta connect 3 --view                  watch session 3
  winsta connect console                   the host's own session, for administrators"
)]
pub(crate) struct Connect {
    /// Id, name or label of the session, or its user if they have one only.
    #[arg(value_name = "SESSION")]
    pub(crate) target: Option<String>,
    /// Stay beside the clients that are connected already.
    #[arg(long)]
    pub(crate) share: bool,
    /// Only watch.
    #[arg(long, conflicts_with = "share")]
    pub(crate) view: bool,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `disconnect`.
#[derive(Args, Debug)]
#[command(
    about = "Disconnect a session: its client goes, its programs run on.",
    after_help = "Examples:
  winsta disconnect                        leave this session, keep it running
  winsta disconnect build"
)]
pub(crate) struct Disconnect {
    /// Id, name or label of the session; the one that you are in unless given.
    #[arg(value_name = "SESSION")]
    pub(crate) target: Option<String>,
    /// Say what is done.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `send`.
#[derive(Args, Debug)]
#[command(
    about = "Type into a session.",
    after_help = "The words are typed with one blank between them, and nothing after them unless you say --enter.
Options stand before the text; what follows its first word belongs to it.

Key names for --keys: Enter Tab Space Escape Backspace Delete Insert Up Down Left Right Home End PageUp PageDown
F1 to F12, C-x for Ctrl+x, M-x for Alt+x; any other word is typed as it is.

Examples:
  winsta send 3 --enter make test
  winsta send 3 --keys C-c Up Enter
  winsta send 3 - < script.txt             what standard input has"
)]
pub(crate) struct Send {
    /// Id, name or label of the session.
    #[arg(value_name = "SESSION")]
    pub(crate) target: String,
    /// Press Enter after the text.
    #[arg(short, long)]
    pub(crate) enter: bool,
    /// The words are names of keys.
    #[arg(short, long)]
    pub(crate) keys: bool,
    /// The text; '-' alone reads standard input.
    #[arg(
        value_name = "TEXT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) text: Vec<OsString>,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `screen`.
#[derive(Args, Debug)]
#[command(
    about = "Print what a session's terminal shows now.",
    after_help = "Examples:
  winsta screen 3
  winsta screen build --ansi --scrollback 1000 | less -R"
)]
pub(crate) struct Screen {
    /// Id, name or label of the session.
    #[arg(value_name = "SESSION")]
    pub(crate) target: String,
    /// With colours and attributes, as escape sequences.
    #[arg(long)]
    pub(crate) ansi: bool,
    /// So many lines that have left the screen before it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) scrollback: u32,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `read`.
#[derive(Args, Debug)]
#[command(
    about = "Print a session's raw output.",
    after_help = "Examples:
  winsta read 3                            all that is kept
  winsta read 3 --from 4096 --follow       from an offset on, and what comes until the session ends"
)]
pub(crate) struct Read {
    /// Id, name or label of the session.
    #[arg(value_name = "SESSION")]
    pub(crate) target: String,
    /// Offset in bytes since the session's start; 0 is the oldest that is kept.
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    pub(crate) from: u64,
    /// Go on until the session ends.
    #[arg(short, long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `wait`.
#[derive(Args, Debug)]
#[command(
    about = "Wait until a session ends, and take its exit status.",
    after_help = "The exit status is the session's: 128 + N if signal N ended it.

Examples:
  winsta wait build && echo built"
)]
pub(crate) struct Wait {
    /// Id, name or label of the session.
    #[arg(value_name = "SESSION")]
    pub(crate) target: String,
    /// Say how it ended.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `audit`.
#[derive(Args, Debug)]
#[command(
    about = "Show who did what to which session.",
    after_help = "Examples:
  winsta audit                             the latest 100 entries
  winsta audit --limit 0 -o jsonl          all of them, for a program"
)]
pub(crate) struct Audit {
    /// At most so many entries, the latest; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `warnings`.
#[derive(Args, Debug)]
#[command(
    about = "List warnings that count down, or cancel one.",
    after_help = "A session that is to be ended with --warn is not, if its warning is cancelled in time.

Examples:
  winsta warnings
  winsta warnings --cancel 2"
)]
pub(crate) struct Warnings {
    /// Cancel the warning of this number.
    #[arg(long, value_name = "WARNING")]
    pub(crate) cancel: Option<u32>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) on: Server,
}

/// `find`.
#[derive(Args, Debug)]
#[command(
    about = "Find a user's sessions on all hosts that are known.",
    after_help = "Known are this machine and the hosts of hosts.toml.

Examples:
  winsta find bob
  winsta find bob --server @web -o json"
)]
pub(crate) struct Find {
    /// The user; * and ? stand for any text and character.
    #[arg(value_name = "USER", value_parser = glob)]
    pub(crate) user: Glob,
    /// Only on these hosts: names, web[01-20], web*, @group, !web03.
    #[arg(long, value_name = "HOSTS", help_heading = "Hosts")]
    pub(crate) server: Option<String>,
    #[command(flatten)]
    pub(crate) network: Network,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `dial-stdio`.
#[derive(Args, Debug)]
#[command(
    about = "Connect standard input and output with this machine's host; what other machines call through ssh.",
    after_help = "The host is started if it does not run. The bytes are HTTP.

Examples:
  winsta dial-stdio --hello                what runs at the other end of: ssh web01 winsta dial-stdio --hello"
)]
pub(crate) struct DialStdio {
    /// Say in a line of its own that the connection is there.
    #[arg(long)]
    pub(crate) hello: bool,
    /// Connect with this Unix socket instead: that of a keeper.
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// Connect with your own host, also where one serves all users.
    #[arg(long, conflicts_with = "socket")]
    pub(crate) own: bool,
}

/// `doctor`.
#[derive(Args, Debug)]
#[command(
    about = "Say what is missing on this machine to see and control all its sessions, and how to get it.",
    after_help = "Verdicts: good; limited: something works with less; absent: not there, and need not be.

Examples:
  winsta doctor
  winsta doctor -o json"
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `passwd`.
#[derive(Args, Debug)]
#[command(
    about = "Give a user of remote shells a password.",
    long_about = "Give a user of remote shells a password: who shows it to 'winsta host run --wsman' gets shells as the host's own user. The password is asked for twice; without a terminal it is read from standard input, twice.",
    after_help = "Examples:
  winsta passwd users ann
  winsta host run --wsman http://127.0.0.1:5985 --users users"
)]
pub(crate) struct Passwd {
    /// The file of users; made if it is not there.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The user: no account of the machine, a name that is known here only.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// `trust`.
#[derive(Args, Debug)]
#[command(
    about = "Come to know a host that is reached over TLS, and have it know you.",
    long_about = "Come to know a host that is reached over TLS, and have it know you: makes a key and a certificate for you if there is none, brings it to the host with a token that 'winsta host token' printed there, and remembers the host's certificate. With --fingerprint only the host becomes known here.",
    after_help = "Examples:
  winsta trust winsta1/web01:5986/9f86…/60b7…
  winsta trust - < token                        read, so that it is on no command line
  winsta trust web01:5986 --fingerprint 9f86…   what 'winsta host trusted' says there
  winsta query session --server tls://web01:5986"
)]
pub(crate) struct Trust {
    /// The token, - to read it from standard input; with --fingerprint the host: NAME:PORT.
    #[arg(value_name = "TOKEN")]
    pub(crate) what: String,
    /// SHA-256 of the certificate by which the host is known from now on.
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) fingerprint: Option<String>,
    /// What the host shall call your certificate; your name and machine unless given.
    #[arg(long, value_name = "NAME", conflicts_with = "fingerprint")]
    pub(crate) name: Option<String>,
    /// Give the host up if it has not answered after this time: 10, 30s, 2m.
    #[arg(long, value_name = "TIME", default_value_t = 10, value_parser = seconds)]
    pub(crate) timeout: u32,
}

/// `host`.
#[derive(Args, Debug)]
#[command(about = "Look after the host, which keeps this machine's sessions.")]
pub(crate) struct Host {
    /// Be the host that serves all users of this machine (root; see packaging/).
    #[arg(long)]
    pub(crate) system: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<HostVerb>,
}

/// What `host` does.
#[derive(Debug, Subcommand)]
pub(crate) enum HostVerb {
    /// Show the host's state.
    Status {
        #[command(flatten)]
        output: Output,
    },
    /// End the host; refused while it has sessions.
    Stop {
        /// End its sessions too.
        #[arg(long)]
        force: bool,
    },
    /// Replace the running host and keeper by this program; sessions run on.
    Upgrade {
        /// The program to run instead of this one.
        #[arg(long, value_name = "PATH")]
        program: Option<PathBuf>,
    },
    /// Print a token with which somebody can enrol a certificate, once and within ten minutes.
    #[command(
        after_help = "The host has to be published: winsta host run --tls 0.0.0.0:5986

Examples:
  winsta host token                        whoever has it can do what you can
  winsta host token --user ann             remote shells of ann, and nothing else"
    )]
    Token {
        /// The name or address by which clients reach this machine: NAME or NAME:PORT.
        #[arg(long, value_name = "ADDRESS")]
        address: Option<String>,
        /// The certificate is for remote shells of this user alone.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// List certificates that are enrolled, or take one off the list.
    Trusted {
        /// Take this one off the list: its fingerprint, the beginning of it, or its name.
        #[arg(long, value_name = "CERTIFICATE")]
        remove: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Be the host, in the foreground.
    #[command(
        after_help = "With --tls ADDRESS:PORT, or --wsman https://ADDRESS:PORT, other machines reach it, with certificates
that are enrolled (winsta host token); with --users FILE also clients of WS-Management with passwords.
--wsman http://127.0.0.1:PORT serves these on this machine.

Examples:
  winsta host run --tls 0.0.0.0:5986
  winsta host run --wsman https://0.0.0.0:5986 --users users"
    )]
    Run {
        /// What the host's own program understands.
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// `install-links`.
#[derive(Args, Debug)]
#[command(
    about = "Make links under which the tools have their Windows names.",
    after_help = "Links that exist already are renewed; a file that is no link to this program is never touched.
'reset' with anything but 'session' after it still runs the terminal's reset(1).

Examples:
  winsta install-links ~/.local/bin"
)]
pub(crate) struct InstallLinks {
    /// Folder for the links.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

fn glob(text: &str) -> Result<Glob, std::convert::Infallible> {
    text.parse()
}

fn label(text: &str) -> Result<Label, String> {
    Label::try_from(text.to_owned()).map_err(|error| error.to_string())
}

fn size(text: &str) -> Result<TerminalSize, String> {
    text.parse::<TerminalSize>()
        .map_err(|error| error.to_string())
}
