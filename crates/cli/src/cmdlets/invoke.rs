//! `Invoke-Command` and `Receive-PSSession`.

use std::io::{self, BufRead, IsTerminal};
use std::os::unix::fs::FileTypeExt;

use winsta_cmdlet::{Bound, Value};
use winsta_pssession::agent::{AsJob, Ask, Run, RunIn};

use super::listen::{listen, show};
use super::select::{Found, select, throttle};
use super::{agent, target};
use crate::report::{Exit, Failure, Outcome};

/// Most lines of input.
const MAX_LINES: usize = 10_000_000;

/// `Invoke-Command`.
pub(super) fn invoke(bounds: &[Bound]) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let mut agent = agent::connect()?;
    let targets = target::named(bound)?;
    let mut exit = Exit::Done;
    let place = if !targets.is_empty() {
        if bound.switch("InDisconnectedSession") {
            RunIn::Disconnected(targets)
        } else {
            RunIn::Targets(targets)
        }
    } else if bound.sessions().is_empty() {
        RunIn::Targets(vec![target::here()])
    } else {
        let found: Found = select(&mut agent, bounds)?;
        exit = found.exit;
        RunIn::Sessions(found.instances())
    };
    let count = match &place {
        RunIn::Sessions(sessions) => sessions.len(),
        RunIn::Targets(targets) | RunIn::Disconnected(targets) => targets.len(),
    };
    if count == 0 {
        return Ok(exit);
    }
    let run = Run {
        place,
        script: script(bound)?,
        arguments: arguments(bound),
        input: input()?,
        names: bound.texts("SessionName").to_vec(),
        configuration: bound.text("ConfigurationName").map(str::to_owned),
        options: target::options(bound)?,
        job: job(bound, bound.switch("AsJob")),
        throttle: throttle(bound),
    };
    let names = count > 1 && !bound.switch("HideComputerName");
    let heard = listen(&mut agent, bound, &Ask::Invoke(Box::new(run)), names)?;
    show(&heard)?;
    Ok(exit.max(heard.exit))
}

/// `Receive-PSSession`.
pub(super) fn receive(bounds: &[Bound]) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let mut agent = agent::connect()?;
    let found = select(&mut agent, bounds)?;
    if found.views.is_empty() {
        return Ok(found.exit);
    }
    let ask = Ask::Receive {
        sessions: found.instances(),
        job: job(bound, bound.text("OutTarget") == Some("Job")),
    };
    let heard = listen(&mut agent, bound, &ask, found.views.len() > 1)?;
    show(&heard)?;
    Ok(found.exit.max(heard.exit))
}

fn job(bound: &Bound, wanted: bool) -> Option<AsJob> {
    let name = bound.text("JobName").map(str::to_owned);
    (wanted || name.is_some()).then_some(AsJob { name })
}

fn script(bound: &Bound) -> Result<String, Failure> {
    if let Some(script) = bound.script() {
        return Ok(script.to_owned());
    }
    let home = std::env::var("HOME").unwrap_or_default();
    let path = bound.path("FilePath", &home).unwrap_or_default();
    std::fs::read_to_string(&path)
        .map_err(|error| Failure::local(format!("cannot read the script {path}"), &error))
}

fn arguments(bound: &Bound) -> Vec<String> {
    match bound.value("ArgumentList") {
        Some(Value::Texts(texts)) => texts.clone(),
        Some(Value::Text(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// Lines of a pipe or a file; nothing from a terminal or from a device.
fn input() -> Result<Option<Vec<String>>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() || is_device() {
        return Ok(None);
    }
    let lines = stdin
        .lock()
        .lines()
        .take(MAX_LINES)
        .collect::<Result<Vec<_>, _>>();
    lines
        .map(Some)
        .map_err(|error| Failure::local("cannot read standard input", &error))
}

fn is_device() -> bool {
    let kind = std::fs::metadata("/dev/stdin").map(|about| about.file_type());
    kind.map_or(true, |kind| kind.is_char_device() || kind.is_socket())
}
