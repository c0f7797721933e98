//! `Enter-PSSession`: lines typed here that run there.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Completer, Config, Editor, Helper, Highlighter, Hinter};
use winsta_client::Dirs;
use winsta_cmdlet::Bound;
use winsta_pssession::Saying;
use winsta_pssession::agent::{Agent, Ask, Options, Run, RunIn, Tell, View};

use super::listen::{Heard, listen};
use super::select::select;
use super::{agent, target};
use crate::report::{Exit, Failure, Outcome, say};
use crate::table::layout::visible;

/// What asks a session for its prompt.
const PROMPT: &str = "prompt";
/// Lines that lead out of the session.
const WAYS_OUT: [&str; 3] = ["exit", "logout", "exit-pssession"];
/// Lines that are kept for the next time.
const HISTORY: usize = 1_000;

/// `Enter-PSSession`.
pub(super) fn enter(bounds: &[Bound]) -> Outcome {
    let [bound] = bounds else {
        return Err(Failure::usage(
            "Enter-PSSession enters one session at a time",
        ));
    };
    let mut agent = agent::connect()?;
    let targets = target::named(bound)?;
    let is_own = !targets.is_empty();
    let view = if is_own {
        make(&mut agent, bound, targets)?
    } else {
        one(&mut agent, bound)?
    };
    let mut room = Room {
        bound,
        agent,
        view,
        is_lost: false,
    };
    let entered = room.sit_down();
    let exit = entered.and_then(|()| room.talk());
    if is_own && !room.is_lost {
        room.leave()?;
    }
    exit
}

/// A session of its own, which ends when it is left.
fn make(
    agent: &mut Agent,
    bound: &Bound,
    targets: Vec<winsta_pssession::agent::Target>,
) -> Result<View, Failure> {
    let configuration = bound.text("ConfigurationName");
    let ask = Ask::New {
        targets,
        names: Vec::new(),
        configuration: configuration.unwrap_or(Options::CONFIGURATION).to_owned(),
        options: target::options(bound)?,
        throttle: 0,
    };
    let mut heard = listen(agent, bound, &ask, false)?;
    heard.views.pop().ok_or_else(|| Failure::silent(heard.exit))
}

/// The one session that is meant.
fn one(agent: &mut Agent, bound: &Bound) -> Result<View, Failure> {
    let mut found = select(agent, std::slice::from_ref(bound))?;
    match (found.views.pop(), found.views.is_empty()) {
        (Some(view), true) => Ok(view),
        (Some(_), false) => Err(Failure::usage(
            "several sessions have that name; Enter-PSSession -Id enters one of them",
        )),
        (None, _) => Err(Failure::silent(found.exit)),
    }
}

/// A session that somebody sits in front of.
struct Room<'a> {
    bound: &'a Bound,
    agent: Agent,
    view: View,
    /// Whether the connection broke: the session is disconnected, and may be taken back.
    is_lost: bool,
}

impl Room<'_> {
    fn sit_down(&mut self) -> Result<(), Failure> {
        if self.view.state != "Opened" {
            let sessions = vec![self.view.instance_id.clone()];
            self.hear(&Ask::Connect {
                sessions,
                throttle: 0,
            })?;
        }
        let session = self.view.instance_id.clone();
        let heard = self.hear(&Ask::Enter { session })?;
        match heard.exit {
            Exit::Done => Ok(()),
            exit => Err(Failure::silent(exit)),
        }
    }

    fn hear(&mut self, ask: &Ask) -> Result<Heard, Failure> {
        listen(&mut self.agent, self.bound, ask, false)
    }

    /// Line after line, until somebody goes.
    fn talk(&mut self) -> Outcome {
        let mut lines = Lines::open()?;
        loop {
            let prompt = self.prompt()?;
            let Some(line) = lines.next(&prompt)? else {
                return Ok(Exit::Done);
            };
            let word = line.trim().to_ascii_lowercase();
            if WAYS_OUT.contains(&word.as_str()) {
                return Ok(Exit::Done);
            }
            if self.is_lost {
                self.take_back()?;
            } else if !word.is_empty() {
                self.run(line)?;
            }
        }
    }

    fn run(&mut self, script: String) -> Result<(), Failure> {
        let ask = self.asked(script);
        let heard = self.hear(&ask)?;
        self.note(&heard);
        Ok(())
    }

    fn asked(&self, script: String) -> Ask {
        Ask::Invoke(Box::new(Run {
            place: RunIn::Sessions(vec![self.view.instance_id.clone()]),
            script,
            arguments: Vec::new(),
            input: None,
            names: Vec::new(),
            configuration: None,
            options: Options::default(),
            job: None,
            throttle: 1,
        }))
    }

    /// Notes whether the session was let go of.
    fn note(&mut self, heard: &Heard) {
        self.is_lost = heard.let_go || heard.exit == Exit::HostFailed;
        if self.is_lost {
            say("an empty line takes the session back, 'exit' leaves it disconnected");
        }
    }

    /// Takes a session back whose connection broke, with what it said meanwhile.
    fn take_back(&mut self) -> Result<(), Failure> {
        let sessions = vec![self.view.instance_id.clone()];
        let heard = self.hear(&Ask::Receive {
            sessions,
            job: None,
        })?;
        if matches!(heard.exit, Exit::Done | Exit::Session(_)) {
            self.is_lost = false;
            return self.sit_down();
        }
        self.note(&heard);
        Ok(())
    }

    /// `[web01]: bob@web01:~$ `
    fn prompt(&mut self) -> Result<String, Failure> {
        let mut theirs = String::new();
        if !self.is_lost {
            let ask = self.asked(PROMPT.to_owned());
            agent::ask(&mut self.agent, &ask, |tell| {
                if let Tell::Said(told) = tell
                    && let Saying::Output { text, .. } = told.saying
                {
                    theirs = text;
                }
                Ok(())
            })?;
        }
        let theirs = if theirs.is_empty() { "> " } else { &theirs };
        let name = &self.view.target.computer_name;
        Ok(format!("[{}]: {}", visible(name), visible(theirs)))
    }

    /// Ends a session of its own.
    fn leave(&mut self) -> Result<(), Failure> {
        let sessions = vec![self.view.instance_id.clone()];
        self.hear(&Ask::Remove {
            sessions,
            throttle: 0,
        })?;
        Ok(())
    }
}

/// Whoever types, and what they typed before.
struct Lines {
    editor: Editor<Whole, FileHistory>,
    history: Option<PathBuf>,
}

impl Lines {
    fn open() -> Result<Self, Failure> {
        let failed = |error: ReadlineError| Failure::local("the terminal cannot be read", &error);
        let config = Config::builder()
            .max_history_size(HISTORY)
            .map_err(failed)?
            .build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(Whole::new()));
        let history = Dirs::from_env().ok().filter(|_| io::stdin().is_terminal());
        let history = history.map(|dirs| dirs.state().join("pssession-history"));
        if let Some(path) = &history {
            // The first time there is none.
            let _ = editor.load_history(path);
        }
        Ok(Self { editor, history })
    }

    /// The next line, or several that belong together; `None` at the end.
    fn next(&mut self, prompt: &str) -> Result<Option<String>, Failure> {
        loop {
            match self.editor.readline(prompt) {
                Ok(line) => {
                    self.keep(&line);
                    return Ok(Some(line));
                }
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => {
                    let _gone = writeln!(io::stdout());
                    return Ok(None);
                }
                Err(error) => return Err(Failure::local("the terminal cannot be read", &error)),
            }
        }
    }

    fn keep(&mut self, line: &str) {
        let Some(path) = &self.history else { return };
        let is_new = self.editor.add_history_entry(line).unwrap_or_default();
        if is_new
            && path
                .parent()
                .is_some_and(|folder| fs::create_dir_all(folder).is_ok())
        {
            // Without it the next session has no history.
            let _ = self.editor.append_history(path);
        }
    }
}

/// Knows whether a command is whole: bash says so, where there is one.
#[derive(Completer, Helper, Highlighter, Hinter)]
struct Whole {
    has_bash: bool,
}

impl Whole {
    fn new() -> Self {
        Self {
            has_bash: fs::exists("/bin/bash").unwrap_or_default(),
        }
    }

    fn is_whole(&self, line: &str) -> bool {
        if !self.has_bash || line.trim().is_empty() {
            return true;
        }
        let said = Command::new("/bin/bash")
            .args(["--norc", "--noprofile", "-n", "-c", line])
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output();
        let Ok(said) = said else { return true };
        let errors = String::from_utf8_lossy(&said.stderr);
        let is_open = errors.contains("unexpected end of file")
            || errors.contains("unexpected EOF")
            || errors.contains("here-document at line");
        !is_open && !line.ends_with('\\')
    }
}

impl Validator for Whole {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if self.is_whole(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}
