//! The tools that Windows has: one clap definition each, from which `/SWITCH` grammar, `/?` help,
//! `--help`, completions and man pages are all made.
//!
//! What stands under a help heading is Winsta's own and not part of the `/?` help. A switch that
//! Windows knows by one letter has it as an alias.

use clap::{ArgGroup, Args};
use winsta_domain::SessionId;

use super::shared::{Care, Filters, Network, Output, Warning, seconds};

/// `query session`, `qwinsta`.
#[derive(Args, Debug)]
#[command(
    about = "Display information about Terminal Sessions.",
    after_help = "Examples:
  winsta query session                     all sessions of this machine
  winsta query session bob                 bob's sessions
  qwinsta /SERVER:web01                    another machine's, through ssh
  winsta query session --server @web -o jsonl
  winsta query session --state disc --idle-over 4h
  winsta query session -o json | jq '.[] | select(.state == \"Disconnected\") | .id'
  qwinsta /MODE /COUNTER"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each switch is one, and they are independent"
)]
pub(crate) struct QuerySession {
    /// sessionname: Identifies the session named sessionname.
    /// username: Identifies the session with user username.
    /// sessionid: Identifies the session with ID sessionid.
    #[arg(
        value_name = "sessionname | username | sessionid",
        verbatim_doc_comment
    )]
    pub(crate) target: Option<String>,
    /// The server to be queried (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    /// Display current line settings.
    #[arg(long)]
    pub(crate) mode: bool,
    /// Display current flow control settings.
    #[arg(long)]
    pub(crate) flow: bool,
    /// Display current connect settings.
    #[arg(long)]
    pub(crate) connect: bool,
    /// Display current Terminal Services counters information.
    #[arg(long)]
    pub(crate) counter: bool,
    #[command(flatten)]
    pub(crate) filters: Filters,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `query user`, `quser`.
#[derive(Args, Debug)]
#[command(
    about = "Show who is logged on, for how long, and since when each has not typed.",
    after_help = "Examples:
  winsta query user                        everybody who is logged on
  winsta query user --idle-over 1h -o csv  who has not typed for an hour, for a spreadsheet
  quser --server 'web*,db[01-04],!web07'   on many machines at once
  quser bob"
)]
pub(crate) struct QueryUser {
    /// username: Shows the sessions of user username.
    /// sessionname: Shows the user of the session named sessionname.
    /// sessionid: Shows the user of the session with ID sessionid.
    #[arg(
        value_name = "username | sessionname | sessionid",
        verbatim_doc_comment
    )]
    pub(crate) target: Option<String>,
    /// The server to ask (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    #[command(flatten)]
    pub(crate) filters: Filters,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `query process`, `qprocess`.
#[derive(Args, Debug)]
#[command(
    about = "Show the processes that run in sessions.",
    after_help = "Examples:
  winsta query process                     the processes of your own sessions
  winsta query process '*'                 those of every session
  winsta query process vim                 every process of the program vim
  qprocess /ID:3"
)]
pub(crate) struct QueryProcess {
    /// *: Shows the processes of all sessions.
    /// processid: Shows the process with ID processid.
    /// username: Shows the processes of user username.
    /// sessionname: Shows the processes of the session named sessionname.
    /// programname: Shows the processes that run the program programname.
    #[arg(
        value_name = "* | processid | username | sessionname | programname",
        verbatim_doc_comment
    )]
    pub(crate) target: Option<String>,
    /// Shows the processes of the session with ID sessionid.
    #[arg(long, value_name = "sessionid", value_parser = session_id, conflicts_with = "target")]
    pub(crate) id: Option<SessionId>,
    /// The server to ask (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `query termserver`.
#[derive(Args, Debug)]
#[command(
    about = "Show the hosts that are known, and whether they answer.",
    after_help = "Examples:
  winsta query termserver
  winsta query termserver -o json"
)]
pub(crate) struct QueryTermserver {
    /// servername: Shows this host only.
    #[arg(value_name = "servername", verbatim_doc_comment)]
    pub(crate) target: Option<String>,
    /// Show the address at which each host is reached.
    #[arg(long)]
    pub(crate) address: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `reset session`, `rwinsta`.
#[derive(Args, Debug)]
// The seed's own spelling, which is what Windows prints.
#[command(
    about = "Reset the session subsytem hardware and software to known initial values.",
    group(ArgGroup::new("which").required(true).multiple(true)
        .args(["target", "state", "idle_over", "user", "source", "label", "all"])),
    after_help = "A reset ends the session at once: its programs are killed without a chance to save.
'winsta logoff' asks them to end first.

Examples:
  winsta reset session 3                   ends session 3 now
  winsta reset session --state down --all  clears what is left over
  winsta reset session 3 --warn 60 --message 'Session 3 hangs: I restart it.'
  rwinsta 1 /V"
)]
pub(crate) struct ResetSession {
    /// sessionname: Identifies the session with name sessionname.
    /// sessionid: Identifies the session with ID sessionid.
    #[arg(value_name = "sessionname | sessionid", verbatim_doc_comment)]
    pub(crate) target: Option<String>,
    /// The server containing the session (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    /// Display additional information.
    #[arg(short, long, alias = "v")]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) filters: Filters,
    #[command(flatten)]
    pub(crate) care: Care,
    #[command(flatten)]
    pub(crate) warning: Warning,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `logoff`.
#[derive(Args, Debug)]
#[command(
    about = "End a session in good order: its programs are asked first, and killed last.",
    after_help = "Without a session, the one that you are in is ended. Its programs get HUP, then TERM, then KILL,
with time to save in between; what ended it is shown with --verbose.

Examples:
  winsta logoff 3                          ends session 3
  winsta logoff --state disc --idle-over 4h --exclude root --what-if
  winsta logoff bob --all --warn 120 --message 'The host restarts at noon.'
  logoff pty#2 /V"
)]
pub(crate) struct Logoff {
    /// sessionname: Ends the session named sessionname.
    /// sessionid: Ends the session with ID sessionid.
    #[arg(value_name = "sessionname | sessionid", verbatim_doc_comment)]
    pub(crate) target: Option<String>,
    /// The server that has the session (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    /// Say what is done.
    #[arg(short, long, alias = "v")]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) filters: Filters,
    #[command(flatten)]
    pub(crate) care: Care,
    #[command(flatten)]
    pub(crate) warning: Warning,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `tsdiscon`.
#[derive(Args, Debug)]
#[command(
    about = "Disconnect a session: its client goes, its programs run on.",
    after_help = "Without a session, the one that you are in is disconnected. 'winsta connect' goes back to it.

Examples:
  winsta tsdiscon                          leave this session, keep it running
  winsta tsdiscon 3 --verbose
  tsdiscon pty#2"
)]
pub(crate) struct Tsdiscon {
    /// sessionid: Disconnects the session with ID sessionid.
    /// sessionname: Disconnects the session named sessionname.
    #[arg(value_name = "sessionid | sessionname", verbatim_doc_comment)]
    pub(crate) target: Option<String>,
    /// The server that has the session (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    /// Say what is done.
    #[arg(short, long, alias = "v")]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) filters: Filters,
    #[command(flatten)]
    pub(crate) care: Care,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `tscon`.
#[derive(Args, Debug)]
#[command(
    about = "Connect a terminal to a session.",
    after_help = "Without /DEST this terminal is connected. With it, the terminal of the session named there
leaves that session, which runs on disconnected, and shows the other one.

Examples:
  winsta tscon 3                           go to session 3
  tscon 3 /DEST:pty#2                      let the terminal at pty#2 show session 3"
)]
pub(crate) struct Tscon {
    /// sessionid: Connects to the session with ID sessionid.
    /// sessionname: Connects to the session named sessionname.
    #[arg(
        value_name = "sessionid | sessionname",
        required = true,
        verbatim_doc_comment
    )]
    pub(crate) target: String,
    /// The connection whose terminal is to show the session.
    #[arg(long, value_name = "sessionname")]
    pub(crate) dest: Option<String>,
    /// Say what is done.
    #[arg(short, long, alias = "v")]
    pub(crate) verbose: bool,
}

/// `tskill`.
#[derive(Args, Debug)]
#[command(
    about = "Kill a process of a session.",
    after_help = "The last resort when 'reset session' does not end a session: kill its first process, then the others
by their ids, as 'winsta query process' lists them. A name means the processes of the session that you are in;
/ID names another session, /A all of them.

Examples:
  winsta tskill 4711
  winsta tskill vim --id 3
  tskill vim /A /V"
)]
pub(crate) struct Tskill {
    /// processid: Kills the process with ID processid.
    /// processname: Kills every process of the program processname.
    #[arg(
        value_name = "processid | processname",
        required = true,
        verbatim_doc_comment
    )]
    pub(crate) target: String,
    /// The server that runs the process (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    /// Look for the name in the session with ID sessionid.
    #[arg(long, value_name = "sessionid", value_parser = session_id)]
    pub(crate) id: Option<SessionId>,
    /// Look for the name in all sessions.
    #[arg(long, alias = "a", conflicts_with = "id")]
    pub(crate) all: bool,
    /// Say what is done.
    #[arg(short, long, alias = "v")]
    pub(crate) verbose: bool,
    /// Only say what would be killed.
    #[arg(long, help_heading = "Care")]
    pub(crate) what_if: bool,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `msg`.
#[derive(Args, Debug)]
#[command(
    about = "Show a message to the users of sessions.",
    after_help = "Without a message the text is read from standard input. Switches stand before the message;
what follows its first word belongs to it.

Examples:
  winsta msg bob 'Lunch?'
  winsta msg '*' --time 0 --state active 'The host restarts at noon.'
  msg @team.txt /W /TIME:60 Are you still there?"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each switch is one, and they are independent"
)]
pub(crate) struct Msg {
    /// username: Tells user username.
    /// sessionname: Tells the user of the session named sessionname.
    /// sessionid: Tells the user of the session with ID sessionid.
    /// @filename: Tells those whom the file filename names, one a line.
    /// *: Tells the users of all sessions.
    #[arg(
        value_name = "username | sessionname | sessionid | @filename | *",
        required = true,
        verbatim_doc_comment
    )]
    pub(crate) target: String,
    /// The server to ask (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    /// How long the message is shown: seconds; 0 until it is acknowledged.
    #[arg(long, value_name = "seconds", value_parser = seconds)]
    pub(crate) time: Option<u32>,
    /// Say who was told.
    #[arg(short, long, alias = "v")]
    pub(crate) verbose: bool,
    /// Wait for the answer; with /TIME at most so long.
    #[arg(long, alias = "w")]
    pub(crate) wait: bool,
    /// message: The text.
    #[arg(value_name = "message", trailing_var_arg = true, verbatim_doc_comment)]
    pub(crate) message: Vec<String>,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// Only say who would be told.
    #[arg(long, help_heading = "Care")]
    pub(crate) what_if: bool,
    /// Ask before each session.
    #[arg(long, help_heading = "Care")]
    pub(crate) confirm: bool,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `shadow`.
#[derive(Args, Debug)]
#[command(
    about = "Watch a session, or control it if its user agrees.",
    after_help = "Examples:
  winsta shadow 3                          ask its user for control, and take part
  winsta shadow 3 --view                   only watch
  shadow pty#2 /V"
)]
pub(crate) struct Shadow {
    /// sessionname: Identifies the session named sessionname.
    /// sessionid: Identifies the session with ID sessionid.
    #[arg(
        value_name = "sessionname | sessionid",
        required = true,
        verbatim_doc_comment
    )]
    pub(crate) target: String,
    /// The server that has the session (default is current).
    #[arg(long, value_name = "servername")]
    pub(crate) server: Option<String>,
    /// Say what is done.
    #[arg(short, long, alias = "v")]
    pub(crate) verbose: bool,
    /// Only watch: nobody is asked, nothing can be typed.
    #[arg(long, help_heading = "Care")]
    pub(crate) view: bool,
    #[command(flatten)]
    pub(crate) network: Network,
}

fn session_id(text: &str) -> Result<SessionId, String> {
    text.parse()
        .map_err(|_| "a session id is a number".to_owned())
}
