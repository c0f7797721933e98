//! Says to the keeper's socket that its argument names that this is its host, and prints the answer.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use winsta_wire::{Hello, Kind, VERSIONS, frame};

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).expect("a socket");
    let mut stream = UnixStream::connect(path)?;
    let hello = Hello::Control {
        versions: VERSIONS,
        pid: std::process::id(),
    };
    let mut bytes = Vec::new();
    frame::encode_json(&mut bytes, Kind::HELLO, &hello).map_err(std::io::Error::other)?;
    stream.write_all(&bytes)?;
    let mut answer = vec![0; 4 << 10];
    let count = stream.read(&mut answer)?;
    println!("{}", String::from_utf8_lossy(&answer[..count]));
    Ok(())
}
