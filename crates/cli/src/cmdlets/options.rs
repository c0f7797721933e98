//! Options of sessions: made, kept as defaults, and read.

use std::path::PathBuf;

use winsta_cmdlet::Bound;
use winsta_cmdlet::object::OptionObject;
use winsta_pssession::agent::Options;

use crate::output;
use crate::report::{Exit, Failure, Outcome};

/// The user's defaults, as PowerShell's variable of this name: what `New-PSSessionOption` prints.
const VARIABLE: &str = "PSSessionOption";

/// `New-PSSessionOption` and `New-PSTransportOption`.
pub(super) fn make(bounds: &[Bound]) -> Outcome {
    for bound in bounds {
        if let Some(options) = bound.made_options() {
            output::text(&format!("{options}\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// What is chosen; for the rest the user's defaults.
pub(super) fn chosen(given: Option<&OptionObject>) -> Result<Options, Failure> {
    let defaults = defaults()?;
    let all = [given, defaults.as_ref()];
    let number = |name: &str| {
        let mut numbers = all
            .iter()
            .flatten()
            .filter_map(|options| options.number(name));
        numbers.next().and_then(|number| u64::try_from(number).ok())
    };
    let mode = all
        .iter()
        .flatten()
        .find_map(|options| options.text("OutputBufferingMode"));
    Ok(Options {
        idle_timeout_ms: number("IdleTimeout"),
        output_buffering_mode: mode.filter(|mode| *mode != "None").map(str::to_owned),
        open_timeout_ms: number("OpenTimeout"),
        retry_ms: number("OperationTimeout"),
    })
}

/// The user's defaults: the environment's, else those of the file.
fn defaults() -> Result<Option<OptionObject>, Failure> {
    let (text, place) = if let Ok(text) = std::env::var(VARIABLE) {
        (text, format!("${VARIABLE}"))
    } else {
        let Some(path) = file() else { return Ok(None) };
        match std::fs::read_to_string(&path) {
            Ok(text) => (text, path.display().to_string()),
            Err(_) => return Ok(None),
        }
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse().map(Some);
    read.map_err(|error| {
        Failure::usage(format!("{place} holds no options of sessions: {error}"))
            .with_hint("it holds what New-PSSessionOption prints")
    })
}

fn file() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.is_absolute());
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".config"));
    Some(folder.or_else(home)?.join("winsta").join(VARIABLE))
}
