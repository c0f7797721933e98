//! What runs somewhere, as its user sees it: output as it comes, errors apart, and a way to
//! interrupt it.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use winsta_cmdlet::Bound;
use winsta_cmdlet::object::{Object, line};
use winsta_pssession::Saying;
use winsta_pssession::agent::{Agent, Ask, Job, Tell, View, say as say_to};

use super::{agent, failure, show};
use crate::report::{Exit, Failure, say};
use crate::table::layout::visible;

/// Bytes of output that are written at once.
const BUFFER: usize = 64 << 10;
/// What a line begins with that a cmdlet has printed.
const OBJECT: &str = "{\"PSTypeName\":";

/// What is heard, and how it ends the command.
pub(super) struct Listener<'a> {
    bound: &'a Bound,
    out: BufWriter<StdoutLock<'static>>,
    /// Whether each line says where it comes from.
    names: bool,
    colour: bool,
    progress: bool,
    heard: Heard,
}

/// What came of it, besides what was printed.
pub(super) struct Heard {
    pub(super) exit: Exit,
    pub(super) views: Vec<View>,
    pub(super) jobs: Vec<Job>,
    /// Whether a session was let go of.
    pub(super) let_go: bool,
}

/// Asks, and prints what comes until all has ended. Ctrl+C stops what runs; once more, and the
/// sessions are let go of with what runs in them.
pub(super) fn listen(
    agent: &mut Agent,
    bound: &Bound,
    ask: &Ask,
    names: bool,
) -> Result<Heard, Failure> {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut listener = Listener {
        bound,
        out: BufWriter::with_capacity(BUFFER, io::stdout().lock()),
        names,
        colour: colour && io::stderr().is_terminal(),
        progress: io::stderr().is_terminal(),
        heard: Heard {
            exit: Exit::Done,
            views: Vec::new(),
            jobs: Vec::new(),
            let_go: false,
        },
    };
    let interruptions = Interruptions::pass_on(agent)?;
    let heard = listener.hear_all(agent, ask);
    drop(interruptions);
    heard?;
    listener.flush()?;
    Ok(listener.heard)
}

impl Listener<'_> {
    /// Hears all that comes of it. What is printed waits no longer than what is there to be heard.
    fn hear_all(&mut self, agent: &mut Agent, ask: &Ask) -> Result<(), Failure> {
        let lost = |error| agent::lost(&error);
        agent.ask(ask).map_err(lost)?;
        while let Some(tell) = agent.hear().map_err(lost)? {
            self.hear(tell)?;
            if !agent.has_more() {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn hear(&mut self, tell: Tell) -> Result<(), Failure> {
        match tell {
            Tell::Said(told) => self.said(&told.computer_name, told.saying)?,
            Tell::Ended { exit, why, .. } => self.ended(exit, why.as_deref()),
            Tell::Session(view) => self.heard.views.push(*view),
            Tell::Job(job) => self.heard.jobs.push(job),
            Tell::LetGo(view) => {
                self.heard.let_go = true;
                say(&format!(
                    "the session {} is disconnected, and what runs in it runs on; \
                     'Receive-PSSession -Id {}' gets it back",
                    view.name, view.id
                ));
            }
            Tell::Waiting {
                computer_name,
                left,
            } => waiting(&computer_name, left),
            Tell::Failed(failed) => {
                failure(self.bound.cmdlet(), &failed.why).print();
                self.heard.exit = self.heard.exit.max(agent::status(&failed));
            }
            Tell::Done => {}
        }
        Ok(())
    }

    fn said(&mut self, computer: &str, saying: Saying) -> Result<(), Failure> {
        let (before, off) = match (&saying, self.colour) {
            (Saying::Error { .. }, true) => ("\x1b[31m", "\x1b[0m"),
            (Saying::Warning { .. } | Saying::Verbose { .. }, true) => ("\x1b[33m", "\x1b[0m"),
            _ => ("", ""),
        };
        let common = self.bound.common();
        let (kind, text) = match saying {
            Saying::Output { text, .. } => return self.output(computer, &text),
            Saying::Error { text } | Saying::Information { text } => ("", text),
            Saying::Warning { text } => ("WARNING: ", text),
            Saying::Verbose { text } if common.verbose => ("VERBOSE: ", text),
            Saying::Debug { text } if common.debug => ("DEBUG: ", text),
            Saying::Progress {
                activity,
                status,
                percent,
            } if self.progress => {
                let percent = if percent < 0 {
                    String::new()
                } else {
                    format!(" {percent}%")
                };
                ("", format!("{activity}: {status}{percent}"))
            }
            _ => return Ok(()),
        };
        let name = if self.names {
            format!("{computer}: ")
        } else {
            String::new()
        };
        self.flush()?;
        // Whoever does not read errors does not get them.
        let _gone = writeln!(io::stderr(), "{before}{name}{kind}{text}{off}");
        Ok(())
    }

    fn output(&mut self, computer: &str, text: &str) -> Result<(), Failure> {
        let object = self.object(computer, text);
        let text = object.as_deref().unwrap_or(text);
        let written = if self.names && object.is_none() {
            let computer = visible(computer);
            text.split('\n')
                .try_for_each(|line| writeln!(self.out, "{computer}: {line}"))
        } else {
            writeln!(self.out, "{text}")
        };
        written.map_err(|error| gone(&error))
    }

    /// An object that a cmdlet there has printed, with the machine that it comes from.
    fn object(&self, computer: &str, text: &str) -> Option<String> {
        if !text.starts_with(OBJECT) {
            return None;
        }
        let Ok(Object::Other(mut properties)) = Object::parse(text) else {
            return None;
        };
        let shows = !self.bound.switch("HideComputerName");
        properties.insert("PSComputerName".to_owned(), computer.into());
        properties.insert("PSShowComputerName".to_owned(), shows.into());
        Some(line(&properties))
    }

    fn ended(&mut self, exit: Option<i64>, why: Option<&str>) {
        if let Some(why) = why {
            failure(self.bound.cmdlet(), why).print();
        }
        let status = match exit {
            Some(0) | None if why.is_none() => return,
            Some(status) => u8::try_from(status & 0xff).unwrap_or(1).max(1),
            None => 1,
        };
        if self.heard.exit == Exit::Done {
            self.heard.exit = Exit::Session(status);
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| gone(&error))
    }
}

/// Says how a broken network stands.
fn waiting(computer: &str, left: Option<u64>) {
    say(&match left {
        Some(left) => format!(
            "the network connection to {computer} is interrupted; trying for {left} more seconds"
        ),
        None => format!("the network connection to {computer} is back"),
    });
}

/// Whoever reads has gone away: there is nothing more to say.
fn gone(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::silent(Exit::Done),
        _ => Failure::local("cannot write to standard output", error),
    }
}

/// Passes Ctrl+C on to the agent until it is dropped.
struct Interruptions(signal_hook::iterator::Handle);

impl Interruptions {
    fn pass_on(agent: &Agent) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::local("cannot wait for Ctrl+C", &error);
        let mut signals = Signals::new([SIGINT]).map_err(failed)?;
        let handle = signals.handle();
        let mut second = agent.second().map_err(failed)?;
        let count = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for _ in signals.forever() {
                let ask = match count.fetch_add(1, Ordering::Relaxed) {
                    0 => Ask::Interrupt,
                    1 => Ask::LetGo,
                    // Nothing helps: the agent and its sessions stay as they are.
                    _ => std::process::exit(130),
                };
                if say_to(&mut second, &ask).is_err() {
                    return;
                }
            }
        });
        Ok(Self(handle))
    }
}

impl Drop for Interruptions {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Prints what came of it.
pub(super) fn show(heard: &Heard) -> Result<(), Failure> {
    show::sessions(&heard.views)?;
    show::jobs(&heard.jobs)
}
