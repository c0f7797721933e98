//! How fast a program can print.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Setting;
use crate::bench::figures::float;
use crate::bench::material::Check;
use crate::bench::peer::Peer;
use crate::bench::place::Place;
use crate::bench::signals::Signals;
use crate::bench::terminal::{Seen, Terminal};

/// How long a flood may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The script: waits, prints, says that it is done. `greeting` comes first.
fn script(place: &Place, signals: &Signals, setting: &Setting, greeting: &str) -> Result<String> {
    let text = format!(
        "stty sane -echo\n{greeting}{}\necho BEGINNING\ncat {}\necho FINISHED\n{}\nexec sleep 1000000\n",
        signals.wait_for_go(),
        setting.material.flood.display(),
        signals.say_done(),
    );
    let path = place.write("flood.sh", &text)?;
    Ok(path.to_string_lossy().into_owned())
}

fn rate(setting: &Setting, took: Duration) -> f64 {
    float(setting.material.flood_bytes) / 1e6 / took.as_secs_f64()
}

/// With a client on a terminal that takes all it can.
pub(super) fn attached(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let place = Place::new()?;
    let mut signals = Signals::new(&place)?;
    let script = script(&place, &signals, setting, "read x\necho READY\n")?;
    peer.start(&place)?;
    let session = peer.create(&place, "flood", &["/bin/sh", &script])?;
    let mut terminal = Terminal::open(&place, &peer.attach(&place, &session))?;
    terminal.rouse(b"READY", Duration::from_secs(8))?;
    terminal.settle(Duration::from_millis(200));

    let mut check = Check::new(setting.scale);
    let mut beginning = Some(Seen::new(b"BEGINNING\r\n"));
    let mut end = Seen::new(b"FINISHED");
    let begin = Instant::now();
    signals.go()?;
    loop {
        let part = terminal.read(begin + LIMIT)?;
        match beginning.as_mut().map(|seen| seen.feed(part)) {
            None => check.feed(part),
            Some(None) => {}
            Some(Some(offset)) => {
                beginning = None;
                check.feed(part.get(offset..).unwrap_or_default());
            }
        }
        if end.feed(part).is_some() {
            break;
        }
    }
    let took = begin.elapsed();
    terminal.close();
    let note = if check.complete() {
        "every byte"
    } else {
        "not every byte"
    };
    let rate = rate(setting, took);
    setting.figures.note("attached", peer.name(), note);
    setting.figures.add("attached", peer.name(), rate);
    Ok(())
}

/// With nobody there.
pub(super) fn detached(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let place = Place::new()?;
    let mut signals = Signals::new(&place)?;
    let script = script(&place, &signals, setting, "")?;
    peer.start(&place)?;
    peer.create(&place, "flood", &["/bin/sh", &script])?;
    // A client that only created the session may still be on its way out.
    std::thread::sleep(Duration::from_millis(500));
    let begin = Instant::now();
    signals.go()?;
    signals.wait(1, LIMIT)?;
    let rate = rate(setting, begin.elapsed());
    setting.figures.add("detached", peer.name(), rate);
    Ok(())
}
