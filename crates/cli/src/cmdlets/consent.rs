//! `-WhatIf` and `-Confirm`: what a cmdlet would do, and whether it may.

use std::io::{self, BufRead, Write};

use winsta_cmdlet::Bound;
use winsta_cmdlet::confirm::{self, Answer};

use crate::report::Failure;

/// Leaves the things with which something may be done: all, those for which the user says so, or
/// none if it is only to be said what would be done.
pub(super) fn allowed<T>(
    bound: &Bound,
    things: Vec<T>,
    name: impl Fn(&T) -> String,
) -> Result<Vec<T>, Failure> {
    let operation = bound.cmdlet().operation();
    if bound.common().what_if {
        for thing in &things {
            crate::output::text(&format!("{}\n", confirm::what_if(operation, &name(thing))))?;
        }
        return Ok(Vec::new());
    }
    if !bound.asks() {
        return Ok(things);
    }
    let mut allowed = Vec::new();
    let mut rest = things.into_iter();
    while let Some(thing) = rest.next() {
        match answer(operation, &name(&thing))? {
            Answer::Yes => allowed.push(thing),
            Answer::No | Answer::Help => {}
            Answer::YesToAll => {
                allowed.push(thing);
                allowed.extend(rest.by_ref());
            }
            Answer::NoToAll | Answer::Suspend => rest.by_ref().for_each(drop),
        }
    }
    Ok(allowed)
}

/// Asks whoever sits there.
fn answer(operation: &str, target: &str) -> Result<Answer, Failure> {
    let failed = |error: io::Error| {
        Failure::local("nobody can be asked; -Confirm:$false does not ask", &error)
    };
    let terminal = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/tty");
    let mut terminal = terminal.map_err(failed)?;
    let mut lines = io::BufReader::new(terminal.try_clone().map_err(failed)?);
    loop {
        let prompt = confirm::question(operation, target);
        terminal.write_all(prompt.as_bytes()).map_err(failed)?;
        let mut line = String::new();
        if lines.read_line(&mut line).map_err(failed)? == 0 {
            return Ok(Answer::NoToAll);
        }
        match Answer::parse(&line) {
            None => {}
            Some(Answer::Help) => {
                terminal
                    .write_all(confirm::HELP.as_bytes())
                    .map_err(failed)?;
            }
            Some(answer) => return Ok(answer),
        }
    }
}
