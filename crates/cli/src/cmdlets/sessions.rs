//! Sessions made, listed, let go of, taken and ended.

use winsta_cmdlet::Bound;
use winsta_pssession::agent::{Ask, Options};

use super::consent::allowed;
use super::select::{asked, select, throttle};
use super::{agent, show, target};
use crate::report::{Exit, Outcome};

/// `New-PSSession`.
pub(super) fn make(bounds: &[Bound]) -> Outcome {
    let mut agent = agent::connect()?;
    let mut exit = Exit::Done;
    let mut views = Vec::new();
    for bound in bounds {
        let mut targets = target::named(bound)?;
        if targets.is_empty() {
            targets.push(target::here());
        }
        let order: Vec<_> = targets
            .iter()
            .map(|target| target.computer_name.clone())
            .collect();
        let configuration = bound.text("ConfigurationName");
        let ask = Ask::New {
            targets,
            names: bound.texts("Name").to_vec(),
            configuration: configuration.unwrap_or(Options::CONFIGURATION).to_owned(),
            options: target::options(bound)?,
            throttle: throttle(bound),
        };
        let mut made = asked(&mut agent, bound, &ask, &mut exit)?;
        made.sort_by_key(|view| {
            order
                .iter()
                .position(|name| *name == view.target.computer_name)
        });
        views.extend(made);
    }
    show::sessions(&views)?;
    Ok(exit)
}

/// `Get-PSSession`.
pub(super) fn get(bounds: &[Bound]) -> Outcome {
    let found = select(&mut agent::connect()?, bounds)?;
    show::sessions(&found.views)?;
    Ok(found.exit)
}

/// `Disconnect-PSSession`.
pub(super) fn disconnect(bounds: &[Bound]) -> Outcome {
    change(bounds, true, |bound, sessions| Ask::Disconnect {
        sessions,
        idle_timeout_ms: bound
            .int("IdleTimeoutSec")
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(|seconds| seconds * 1_000),
        output_buffering_mode: bound
            .text("OutputBufferingMode")
            .filter(|mode| *mode != "None")
            .map(str::to_owned),
        throttle: throttle(bound),
    })
}

/// `Connect-PSSession`.
pub(super) fn connect(bounds: &[Bound]) -> Outcome {
    change(bounds, true, |bound, sessions| Ask::Connect {
        sessions,
        throttle: throttle(bound),
    })
}

/// `Remove-PSSession`.
pub(super) fn remove(bounds: &[Bound]) -> Outcome {
    change(bounds, false, |bound, sessions| Ask::Remove {
        sessions,
        throttle: throttle(bound),
    })
}

/// Does something with the sessions that are meant, and shows them if they are there afterwards.
fn change(bounds: &[Bound], shows: bool, ask: impl Fn(&Bound, Vec<String>) -> Ask) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let mut agent = agent::connect()?;
    let mut found = select(&mut agent, bounds)?;
    found.views = allowed(bound, std::mem::take(&mut found.views), |view| {
        view.name.clone()
    })?;
    if found.views.is_empty() {
        return Ok(found.exit);
    }
    let order = found.instances();
    let ask = ask(bound, found.instances());
    let mut views = asked(&mut agent, bound, &ask, &mut found.exit)?;
    views.sort_by_key(|view| order.iter().position(|id| *id == view.instance_id));
    if shows {
        show::sessions(&views)?;
    }
    Ok(found.exit)
}
