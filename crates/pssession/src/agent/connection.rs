//! One command's connection with the agent.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use super::act::Act;
use super::protocol::{Ask, Tell};
use super::verbs::{Shared, Sink};
use crate::endpoint::lock;

/// Most bytes of a line: a script, or the input of one.
const MAX_LINE: u64 = 64 << 20;
/// Bytes that are gathered before they are written.
const BUFFER: usize = 64 << 10;

/// The command at the other end.
struct Listener(Mutex<BufWriter<UnixStream>>);

impl Sink for Listener {
    fn tell(&self, tell: &Tell) -> bool {
        let mut out = lock(&self.0);
        let written = serde_json::to_writer(&mut *out, tell).map_err(std::io::Error::from);
        written.and_then(|()| out.write_all(b"\n")).is_ok()
    }

    fn pause(&self) {
        // One that does not listen is found out by the next telling.
        let _ = lock(&self.0).flush();
    }
}

/// What is being done for the command at the moment.
type Current = Arc<Mutex<Arc<Act>>>;

/// Serves one command until it goes.
pub(super) fn serve(shared: &Arc<Shared>, stream: UnixStream) {
    let Ok(out) = stream.try_clone() else {
        return;
    };
    let current = Current::default();
    let (asks, asked) = mpsc::channel();
    let worker = {
        let (shared, current) = (Arc::clone(shared), Arc::clone(&current));
        let listener = Listener(Mutex::new(BufWriter::with_capacity(BUFFER, out)));
        thread::spawn(move || work(&shared, &asked, &current, &listener))
    };
    read(shared, stream, &asks, &current);
    drop(asks);
    lock(&current).leave();
    // A worker that panics has said so.
    let _ = worker.join();
}

fn read(shared: &Arc<Shared>, stream: UnixStream, asks: &Sender<Ask>, current: &Current) {
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        let read = (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line);
        if !read.is_ok_and(|count| count > 0) {
            return;
        }
        match serde_json::from_slice(&line) {
            Ok(Ask::Interrupt) => lock(current).interrupt(),
            Ok(Ask::LetGo) => let_go(shared, &Arc::clone(&lock(current))),
            Ok(ask) => {
                if asks.send(ask).is_err() {
                    return;
                }
            }
            // Another program than ours, or another version of it.
            Err(_) => return,
        }
    }
}

/// Disconnects the sessions that the command waits for.
fn let_go(shared: &Arc<Shared>, act: &Arc<Act>) {
    for id in act.sessions() {
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let instance = shared.book.view(id).map(|view| view.instance_id);
            let known = shared.known(&instance.unwrap_or_default());
            // If it fails, the command goes on to wait.
            let _ = known.and_then(|known| shared.disconnect(&known, None, None));
        });
    }
}

fn work(shared: &Arc<Shared>, asked: &Receiver<Ask>, current: &Current, listener: &Listener) {
    let mut entered = Vec::new();
    for ask in asked {
        let act = Arc::new(Act::default());
        *lock(current) = Arc::clone(&act);
        if let Ask::Enter { session } = &ask {
            shared.enter(session, &mut entered, listener);
        } else {
            shared.carry_out(ask, &act, listener);
        }
        listener.tell(&Tell::Done);
        listener.pause();
    }
    for id in entered {
        shared.book.change(id, |entry| entry.entered = false);
    }
}
