//! Session configurations of this machine's host.

mod settings;
mod view;

use std::io::{self, BufRead};
use std::os::unix::fs::FileTypeExt;

use winsta_api::{ConfigurationSettings, ErrorCode, NewConfiguration, SessionConfiguration};
use winsta_client::{ClientError, Host};
use winsta_cmdlet::object::Object;
use winsta_cmdlet::{Bound, Cmdlet, CmdletId, Wildcard};

use super::consent::allowed;
use super::failure;
use super::select::say;
use crate::report::{Exit, Failure, Outcome};
use crate::run::reach;

/// The configuration that cmdlets mean when no name is given.
const USUAL: &str = "Microsoft.PowerShell";

/// Most lines that are taken from a pipe.
const MAX_LINES: usize = 10_000;

/// Carries out a cmdlet about session configurations.
pub(super) fn run(cmdlet: &'static Cmdlet, bounds: &[Bound]) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let wanted = match cmdlet.id {
        CmdletId::RegisterPSSessionConfiguration | CmdletId::SetPSSessionConfiguration => {
            settings::of(bound)?
        }
        CmdletId::EnablePSSessionConfiguration => settings::enabled(bound, true)?,
        CmdletId::DisablePSSessionConfiguration => settings::enabled(bound, false)?,
        _ => ConfigurationSettings::default(),
    };
    let host = reach::host(None)?;
    match cmdlet.id {
        CmdletId::GetPSSessionConfiguration => get(&host, bounds),
        CmdletId::RegisterPSSessionConfiguration => register(&host, bound, wanted),
        CmdletId::UnregisterPSSessionConfiguration => each(&host, bounds, |configuration| {
            host.remove_configuration(&configuration.name)
        }),
        _ => each(&host, bounds, |configuration| {
            host.change_configuration(&configuration.name, &wanted)
        }),
    }
}

fn get(host: &Host, bounds: &[Bound]) -> Outcome {
    let (found, exit) = chosen(host, bounds, "*")?;
    view::print(&found)?;
    Ok(exit)
}

fn register(host: &Host, bound: &Bound, settings: ConfigurationSettings) -> Outcome {
    let name = bound.text("Name").unwrap_or_default().to_owned();
    let new = NewConfiguration { name, settings };
    let Some(new) = allowed(bound, vec![new], |new| new.name.clone())?.pop() else {
        return Ok(Exit::Done);
    };
    let made = host.make_configuration(&new);
    let made = made.map_err(|error| refused(bound, &error))?;
    view::print(&[made])?;
    Ok(Exit::Done)
}

/// Names that come through a pipe, to a cmdlet that may do without: those of objects, or texts.
/// `None` if there is no pipe.
fn piped(bound: &Bound) -> Result<Option<Vec<String>>, Failure> {
    let kind = std::fs::metadata("/dev/stdin").map(|about| about.file_type());
    if bound.has("Name") || !kind.is_ok_and(|kind| kind.is_fifo()) {
        return Ok(None);
    }
    let lines = io::stdin().lock().lines().take(MAX_LINES);
    let mut names = Vec::new();
    for line in lines {
        let line = line.map_err(|error| Failure::local("cannot read standard input", &error))?;
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let name = match Object::parse(line) {
            Ok(object) => object.properties().get("Name").cloned(),
            Err(_) => Some(line.into()),
        };
        let name = name.as_ref().and_then(|name| name.as_str());
        let name = name.ok_or_else(|| {
            let why = "what comes through the pipe is no session configuration";
            failure(bound.cmdlet(), why)
        })?;
        names.push(name.to_owned());
    }
    if names.is_empty() {
        // The usual one was not meant.
        let why = "no session configuration came through the pipe; -Name names one";
        let mut failure = failure(bound.cmdlet(), why);
        failure.exit = Exit::Nothing;
        return Err(failure);
    }
    Ok(Some(names))
}

/// Does something with all that are meant; one that fails stops no other.
fn each(
    host: &Host,
    bounds: &[Bound],
    act: impl Fn(&SessionConfiguration) -> Result<SessionConfiguration, ClientError>,
) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let (found, mut exit) = chosen(host, bounds, USUAL)?;
    for configuration in allowed(bound, found, |found| found.name.clone())? {
        if let Err(error) = act(&configuration) {
            let failure = refused(bound, &error);
            failure.print();
            exit = exit.max(failure.exit);
        }
    }
    Ok(exit)
}

/// The configurations that are named, each once. What is not there is said at once.
fn chosen(
    host: &Host,
    bounds: &[Bound],
    usual: &str,
) -> Result<(Vec<SessionConfiguration>, Exit), Failure> {
    let mut exit = Exit::Done;
    let mut found: Vec<SessionConfiguration> = Vec::new();
    for bound in bounds {
        let all = host.configurations();
        let all = all.map_err(|error| refused(bound, &error))?;
        let usual = [usual.to_owned()];
        let piped = match bound.cmdlet().id {
            CmdletId::EnablePSSessionConfiguration | CmdletId::DisablePSSessionConfiguration => {
                piped(bound)?
            }
            _ => None,
        };
        let names = match (bound.texts("Name"), &piped) {
            ([], Some(piped)) => piped.as_slice(),
            ([], None) => &usual[..],
            (names, _) => names,
        };
        for name in names {
            let is_pattern = Wildcard::is_pattern(name) && takes_patterns(bound);
            let pattern = Wildcard::new(name);
            let is_meant = |known: &&SessionConfiguration| {
                known.name.eq_ignore_ascii_case(name) || is_pattern && pattern.matches(&known.name)
            };
            let meant: Vec<_> = all.iter().filter(is_meant).collect();
            if meant.is_empty() && !is_pattern {
                say(
                    bound,
                    &format!("No session configuration matches criteria \"{name}\"."),
                );
                exit = Exit::Nothing;
            }
            for one in meant {
                if found.iter().all(|known| known.name != one.name) {
                    found.push(one.clone());
                }
            }
        }
    }
    Ok((found, exit))
}

/// Whether a name may be a pattern: not where one thing is changed in its own way.
fn takes_patterns(bound: &Bound) -> bool {
    bound.cmdlet().id != CmdletId::SetPSSessionConfiguration
}

/// What the host did not do.
fn refused(bound: &Bound, error: &ClientError) -> Failure {
    let cmdlet = bound.cmdlet();
    let Some(refusal) = error.refusal() else {
        return Failure::call(cmdlet.name, error);
    };
    let mut failure = failure(cmdlet, &refusal.message);
    failure.exit = match refusal.code {
        ErrorCode::Invalid => Exit::Usage,
        ErrorCode::NotFound => Exit::Nothing,
        ErrorCode::Internal | ErrorCode::Exhausted => Exit::HostFailed,
        _ => Exit::Refused,
    };
    failure.hint.clone_from(&refusal.hint);
    failure
}
