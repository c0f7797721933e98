//! All tools: their names, their grammar and what carries them out.

use clap::{ArgMatches, Args, Command};

use crate::grammar::{gateway, generate, unix, windows};
use crate::report::{Outcome, STATUSES};

/// A tool that can be carried out.
pub(crate) trait Execute {
    /// Does it.
    fn execute(self) -> Outcome;
}

/// One tool.
pub(crate) struct Tool {
    /// The words that name it after `winsta`: `query session`.
    pub(crate) words: &'static [&'static str],
    /// What it is called as a program of its own, if not by its only word: `qwinsta`.
    pub(crate) alias: Option<&'static str>,
    /// Whether it takes `/SWITCH`es and can be called through a link.
    pub(crate) windows: bool,
    define: fn(Command) -> Command,
    execute: fn(&ArgMatches) -> Result<Outcome, clap::Error>,
}

impl Tool {
    const fn new<A: Args + Execute>(
        words: &'static [&'static str],
        alias: Option<&'static str>,
        windows: bool,
    ) -> Self {
        Self {
            words,
            alias,
            windows,
            define: A::augment_args,
            execute: |matches| Ok(A::from_arg_matches(matches)?.execute()),
        }
    }

    const fn windows<A: Args + Execute>(
        words: &'static [&'static str],
        alias: Option<&'static str>,
    ) -> Self {
        Self::new::<A>(words, alias, true)
    }

    const fn unix<A: Args + Execute>(words: &'static [&'static str]) -> Self {
        Self::new::<A>(words, None, false)
    }

    /// Its grammar; `called` is what the user called it.
    pub(crate) fn command(&self, called: &str) -> Command {
        let name = self.words.last().copied().unwrap_or("winsta");
        self.command_named(name).bin_name(called)
    }

    fn command_named(&self, name: &'static str) -> Command {
        let command = (self.define)(Command::new(name));
        let examples = command.get_after_help().map(ToString::to_string);
        let after = match examples {
            Some(examples) => format!("{examples}\n\n{STATUSES}"),
            None => STATUSES.to_owned(),
        };
        command.after_help(after)
    }

    /// Carries it out; an error if what clap matched is not what the tool takes.
    pub(crate) fn execute(&self, matches: &ArgMatches) -> Result<Outcome, clap::Error> {
        (self.execute)(matches)
    }

    /// Its name as a program of its own, if it can be one.
    pub(crate) fn link(&self) -> Option<&'static str> {
        match (self.alias, self.words) {
            (Some(alias), _) => Some(alias),
            (None, [word]) if self.windows => Some(word),
            (None, _) => None,
        }
    }

    /// Its name as Windows' help prints it: `QUERY SESSION`.
    pub(crate) fn title(&self) -> String {
        self.words.join(" ").to_ascii_uppercase()
    }
}

/// A word that only stands before others.
pub(crate) struct Group {
    /// The word.
    pub(crate) word: &'static str,
    /// What its tools do.
    pub(crate) about: &'static str,
}

/// All groups.
pub(crate) const GROUPS: [Group; 2] = [
    Group {
        word: "query",
        about: "Show sessions, users, processes or hosts.",
    },
    Group {
        word: "reset",
        about: "End what hangs.",
    },
];

/// All tools.
pub(crate) const TOOLS: [Tool; 32] = [
    Tool::windows::<windows::QuerySession>(&["query", "session"], Some("qwinsta")),
    Tool::windows::<windows::QueryUser>(&["query", "user"], Some("quser")),
    Tool::windows::<windows::QueryProcess>(&["query", "process"], Some("qprocess")),
    Tool::windows::<windows::QueryTermserver>(&["query", "termserver"], None),
    Tool::windows::<windows::ResetSession>(&["reset", "session"], Some("rwinsta")),
    Tool::windows::<windows::Logoff>(&["logoff"], None),
    Tool::windows::<windows::Tsdiscon>(&["tsdiscon"], None),
    Tool::windows::<windows::Tscon>(&["tscon"], None),
    Tool::windows::<windows::Tskill>(&["tskill"], None),
    Tool::windows::<windows::Msg>(&["msg"], None),
    Tool::windows::<windows::Shadow>(&["shadow"], None),
    Tool::unix::<unix::New>(&["new"]),
    Tool::new::<unix::Login>(&["login"], Some("winsta-login"), false),
    Tool::unix::<unix::Find>(&["find"]),
    Tool::unix::<unix::Connect>(&["connect"]),
    Tool::unix::<unix::Disconnect>(&["disconnect"]),
    Tool::unix::<unix::Send>(&["send"]),
    Tool::unix::<unix::Screen>(&["screen"]),
    Tool::unix::<unix::Read>(&["read"]),
    Tool::unix::<unix::Wait>(&["wait"]),
    Tool::unix::<unix::Audit>(&["audit"]),
    Tool::unix::<unix::Warnings>(&["warnings"]),
    Tool::unix::<unix::Doctor>(&["doctor"]),
    Tool::unix::<unix::Passwd>(&["passwd"]),
    Tool::unix::<unix::Trust>(&["trust"]),
    Tool::unix::<unix::Host>(&["host"]),
    Tool::unix::<gateway::Gateway>(&["gateway"]),
    Tool::unix::<unix::DialStdio>(&["dial-stdio"]),
    Tool::unix::<unix::InstallLinks>(&["install-links"]),
    Tool::unix::<generate::Completions>(&["completions"]),
    Tool::unix::<generate::Aliases>(&["aliases"]),
    Tool::unix::<generate::Man>(&["man"]),
];

/// Names under which links to this program are tools.
pub(crate) fn links() -> impl Iterator<Item = &'static str> {
    let tools = TOOLS.iter().filter_map(Tool::link);
    tools.chain(GROUPS.iter().map(|group| group.word))
}

/// The grammar of a group.
pub(crate) fn group_command(group: &Group) -> Command {
    let tools = TOOLS.iter().filter_map(|tool| match tool.words {
        [first, second] if *first == group.word => Some(tool.command_named(second)),
        _ => None,
    });
    Command::new(group.word)
        .about(group.about)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(tools)
}

/// The grammar of everything: for help, completions and the manual. Names of links are hidden.
pub(crate) fn all() -> Command {
    let root = Command::new("winsta")
        .version(env!("CARGO_PKG_VERSION"))
        .about("See who has a session on which host, and keep, disconnect, reconnect, reset or end it.")
        .after_help(format!(
            "The tools that Windows has also take its switches (/SERVER:name), print its help with /?, \
             and can be called by \
             their own names: see 'winsta install-links'.\n\nPowerShell's cmdlets for \
             PSSessions are commands too (winsta New-PSSession): 'winsta help New-PSSession' describes \
             one, 'winsta aliases bash' makes them words of your shell.\n\n{STATUSES}"
        ))
        .subcommand_required(true)
        .arg_required_else_help(true);
    let root = GROUPS
        .iter()
        .fold(root, |root, group| root.subcommand(group_command(group)));
    let root = TOOLS.iter().fold(root, |root, tool| match tool.words {
        [word] => root.subcommand(tool.command_named(word)),
        _ => root,
    });
    TOOLS.iter().fold(root, |root, tool| match tool.alias {
        Some(alias) => root.subcommand(tool.command_named(alias).hide(true)),
        None => root,
    })
}
