//! A network that stalls: a proxy that passes everything on until it is told to stop.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// A proxy on a loopback port. Its threads end with the connections.
pub struct Stall {
    port: u16,
    gate: Arc<Gate>,
}

/// Open or closed.
#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        let closed = self.closed.lock().expect("nobody panics with it");
        drop(self.opened.wait_while(closed, |closed| *closed));
    }
}

impl Stall {
    /// Passes connections on to this port.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let stall = Self {
            port: listener.local_addr().expect("an address").port(),
            gate: Arc::default(),
        };
        let gate = Arc::clone(&stall.gate);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port)))
                else {
                    return;
                };
                pass_on(&client, &server, &gate);
                pass_on(&server, &client, &gate);
            }
        });
        stall
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing gets through, and nobody is told.
    pub fn stop(&self) {
        *self.gate.closed.lock().expect("nobody panics with it") = true;
    }

    /// From now on everything does again, also what was held back.
    pub fn go_on(&self) {
        *self.gate.closed.lock().expect("nobody panics with it") = false;
        self.gate.opened.notify_all();
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        self.go_on();
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream, gate: &Arc<Gate>) {
    let mut from = from.try_clone().expect("a descriptor");
    let mut to = to.try_clone().expect("a descriptor");
    let gate = Arc::clone(gate);
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        loop {
            let count = from.read(&mut buffer).unwrap_or(0);
            gate.pass();
            if count == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
        let _ = from.shutdown(Shutdown::Read);
    });
}
