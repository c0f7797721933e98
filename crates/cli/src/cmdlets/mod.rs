//! PowerShell's cmdlets for `PSSessions`: from what was typed to what the agent is asked, and from
//! what it tells to what is printed.

mod agent;
mod configurations;
mod consent;
mod credential;
mod enter;
mod format;
mod invoke;
mod jobs;
mod listen;
mod options;
mod property;
mod roads;
mod select;
mod sessions;
mod show;
mod target;

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal};

use winsta_cmdlet::{Bound, Cmdlet, CmdletId, Outcome as Binding, Partial, bind};

use crate::output;
use crate::report::{Exit, Failure, Outcome, Text};

pub(crate) use agent::main as agent_main;
pub(crate) use property::property;

/// Most lines that are taken from a pipe.
const MAX_OBJECTS: usize = 100_000;

/// Carries out a cmdlet with the words behind its name.
pub(crate) fn run(cmdlet: &'static Cmdlet, words: Vec<OsString>) -> Outcome {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let bounds = match bind(cmdlet, &words) {
        Ok(Binding::Help) => return help(cmdlet),
        Ok(Binding::Ready(bound)) => vec![bound],
        Ok(Binding::NeedsInput(partial)) => from_pipe(&partial)?,
        Err(error) => return Err(wrong(cmdlet, &error)),
    };
    carry_out(cmdlet, &bounds)
}

fn carry_out(cmdlet: &'static Cmdlet, bounds: &[Bound]) -> Outcome {
    match cmdlet.id {
        CmdletId::NewPSSession => sessions::make(bounds),
        CmdletId::GetPSSession => sessions::get(bounds),
        CmdletId::EnterPSSession => enter::enter(bounds),
        CmdletId::ExitPSSession => Err(failure(
            cmdlet,
            "there is no session that this shell has entered; inside of Enter-PSSession it ends that",
        )),
        CmdletId::InvokeCommand => invoke::invoke(bounds),
        CmdletId::DisconnectPSSession => sessions::disconnect(bounds),
        CmdletId::ConnectPSSession => sessions::connect(bounds),
        CmdletId::ReceivePSSession => invoke::receive(bounds),
        CmdletId::RemovePSSession => sessions::remove(bounds),
        CmdletId::NewPSSessionOption | CmdletId::NewPSTransportOption => options::make(bounds),
        CmdletId::GetPSSessionConfiguration
        | CmdletId::RegisterPSSessionConfiguration
        | CmdletId::UnregisterPSSessionConfiguration
        | CmdletId::EnablePSSessionConfiguration
        | CmdletId::DisablePSSessionConfiguration
        | CmdletId::SetPSSessionConfiguration => configurations::run(cmdlet, bounds),
        CmdletId::GetJob => jobs::get(bounds),
        CmdletId::ReceiveJob => jobs::receive(bounds),
        CmdletId::WaitJob => jobs::wait(bounds),
        CmdletId::StopJob => jobs::stop(bounds),
        CmdletId::RemoveJob => jobs::remove(bounds),
        CmdletId::FormatList => format::list(bounds),
        CmdletId::FormatTable => format::table(bounds),
    }
}

/// What a cmdlet says of itself.
pub(crate) fn help(cmdlet: &'static Cmdlet) -> Outcome {
    output::text(&winsta_cmdlet::help(cmdlet)).map(|()| Exit::Done)
}

/// Objects that come through a pipe, each bound on top of what was typed.
fn from_pipe(partial: &Partial) -> Result<Vec<Bound>, Failure> {
    let cmdlet = partial.cmdlet();
    if io::stdin().is_terminal() {
        return Err(wrong(cmdlet, &partial.without_input()));
    }
    let mut bounds = Vec::new();
    for line in io::stdin().lock().lines().take(MAX_OBJECTS) {
        let line = line.map_err(|error| Failure::local("cannot read standard input", &error))?;
        if line.trim().is_empty() {
            continue;
        }
        bounds.push(
            partial
                .bind_input(&line)
                .map_err(|error| wrong(cmdlet, &error))?,
        );
    }
    if bounds.is_empty() && !cmdlet.name.starts_with("Format") {
        return Err(wrong(cmdlet, &partial.without_input()));
    }
    Ok(bounds)
}

/// A command line that is wrong.
fn wrong(cmdlet: &Cmdlet, error: &dyn std::fmt::Display) -> Failure {
    let mut failure = failure(cmdlet, error);
    failure.exit = Exit::Usage;
    failure.with_hint(format!("winsta help {} shows what it takes", cmdlet.name))
}

/// `Disconnect-PSSession : why`
fn failure(cmdlet: &Cmdlet, why: impl std::fmt::Display) -> Failure {
    Failure {
        exit: Exit::Refused,
        text: Text::Plain(format!("{} : {why}", cmdlet.name)),
        hint: None,
    }
}
