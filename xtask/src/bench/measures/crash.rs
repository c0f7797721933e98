//! What is left when a server dies at once.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Setting;
use crate::bench::figures::float;
use crate::bench::peer::{Peer, Victims};
use crate::bench::place::Place;
use crate::bench::terminal::Terminal;

/// Sessions that are there when it dies.
const SESSIONS: usize = 10;

/// A new line must follow this far behind the first that is seen: further than a screen that
/// is only painted from memory goes.
const ON: u64 = 30;

/// Kills what serves the sessions, each case in a place of its own, and counts sessions that no
/// longer run on when they are attached, and lines that are missing in what is kept of them.
pub(super) fn crash(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let mut case = 0;
    loop {
        let place = Place::new()?;
        let sessions = crowd(peer, &place)?;
        let cases = peer.victims(&place)?;
        let count = cases.len();
        if let Some(victims) = cases.into_iter().nth(case) {
            kill(peer, &place, &sessions, &victims, setting)?;
        }
        case += 1;
        if case >= count {
            return Ok(());
        }
    }
}

fn crowd(peer: &dyn Peer, place: &Place) -> Result<Vec<String>> {
    peer.start(place)?;
    let text = "i=0\nwhile :; do i=$((i+1)); echo \"line $i.\"; sleep 0.02; done\n";
    let script = place.write("count.sh", text)?;
    let script = script.to_string_lossy();
    let sessions = (0..SESSIONS)
        .map(|number| peer.create(place, &format!("s{number}"), &["/bin/sh", &script]))
        .collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(1));
    Ok(sessions)
}

fn kill(
    peer: &dyn Peer,
    place: &Place,
    sessions: &[String],
    victims: &Victims,
    setting: &mut Setting,
) -> Result<()> {
    for process in &victims.processes {
        process.kill();
    }
    std::thread::sleep(Duration::from_millis(500));
    let mut lost = 0;
    let mut missing = None;
    for session in sessions {
        let Some(seen) = runs_on(peer, place, session)? else {
            lost += 1;
            continue;
        };
        if let Some(history) = peer.history(place, session) {
            let gaps = gaps(&place.output(&history)?, seen);
            missing = Some(missing.unwrap_or(0) + gaps);
        }
    }
    let row = match victims.case {
        "server" => "crash".to_owned(),
        case => format!("crash-{}", case.replace(' ', "-")),
    };
    let figures = &mut *setting.figures;
    figures.add(&row, peer.name(), float(lost));
    let note = match missing {
        None => "keeps no output to compare".to_owned(),
        Some(0) => "no line missing".to_owned(),
        Some(lines) => format!("{lines} lines missing"),
    };
    if lost < SESSIONS as u64 {
        figures.note(&row, peer.name(), note);
    }
    Ok(())
}

/// The last line that a client was shown, if new ones came.
fn runs_on(peer: &dyn Peer, place: &Place, session: &str) -> Result<Option<u64>> {
    let mut terminal = Terminal::open(place, &peer.attach(place, session))?;
    let limit = Instant::now() + Duration::from_secs(4);
    let mut text = String::new();
    let mut first = None;
    let mut seen = None;
    while let Ok(part) = terminal.read(limit) {
        text.push_str(&String::from_utf8_lossy(part));
        let Some(last) = numbers(&text).max() else {
            continue;
        };
        let first = *first.get_or_insert(last);
        if last >= first + ON {
            seen = Some(last);
            break;
        }
    }
    terminal.close();
    Ok(seen)
}

fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.split("line ")
        .filter_map(|rest| rest.split_once('.'))
        .filter_map(|(number, _)| number.parse().ok())
}

/// How many of the lines up to `seen` are not there.
fn gaps(text: &str, seen: u64) -> u64 {
    let there: std::collections::BTreeSet<_> = numbers(text).filter(|n| *n <= seen).collect();
    seen - there.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_counted() {
        assert_eq!(gaps("line 1.\r\nline 2.\r\nline 3.\r\n", 3), 0);
        assert_eq!(gaps("line 1.\r\nline 3.\r\nline 4.\r\n", 3), 1);
        assert_eq!(gaps("", 3), 3);
    }
}
