//! PowerShell remoting out of recorded envelopes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use winsta_psrp::ProtocolError;
use winsta_psrp::fragment::Inbox;
use winsta_psrp::message::Header;
use winsta_python::{Exchange, Recording};

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sender {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// Fragments that stood in one element of an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Who sent it.
    pub sender: Sender,
    /// The command that it is for, empty for the shell.
    pub command: String,
    /// The element, or the stream's name.
    pub place: String,
    /// The fragments.
    pub bytes: Vec<u8>,
}

/// A message that was put together from fragments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Who sent it.
    pub sender: Sender,
    /// Its header.
    pub header: Header,
    /// Its body.
    pub body: Vec<u8>,
}

/// Whether a recording is of PowerShell remoting, not of plain commands.
pub fn is_psrp(recording: &Recording) -> bool {
    let creates = |exchange: &Exchange| exchange.request.contains("creationXml");
    let connects = |exchange: &Exchange| exchange.request.contains("connectXml");
    recording.exchanges.iter().any(|e| creates(e) || connects(e))
}

/// All fragments of a recording, in order.
pub fn loads(recording: &Recording) -> Vec<Load> {
    let mut loads = Vec::new();
    for exchange in &recording.exchanges {
        loads.extend(loads_of(&exchange.request, Sender::Client));
        loads.extend(loads_of(&exchange.response, Sender::Server));
    }
    loads
}

/// The messages that `loads` make.
pub fn messages(loads: &[Load]) -> Result<Vec<Recorded>, ProtocolError> {
    let mut inboxes = BTreeMap::new();
    let mut messages = Vec::new();
    for load in loads {
        let to_shell = matches!(load.place.as_str(), "connectXml" | "connectResponseXml");
        let key = (load.sender, load.command.clone(), load.place == "pr");
        let inbox = inboxes.entry(key).or_insert_with(|| Inbox::new(1 << 30));
        if to_shell {
            inbox.reset();
        }
        inbox.read(&load.bytes, |message| {
            let (header, body) = Header::split(message)?;
            messages.push(Recorded {
                sender: load.sender,
                header,
                body: body.to_vec(),
            });
            Ok::<(), ProtocolError>(())
        })?;
    }
    Ok(messages)
}

fn loads_of(envelope: &str, sender: Sender) -> Vec<Load> {
    let mut reader = Reader::from_str(envelope);
    let mut command = String::new();
    let mut place = None;
    let mut loads = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if let Some(id) = attribute(&start, "CommandId") {
                    command = id;
                }
                place = match start.local_name().into_inner() {
                    "Stream" => attribute(&start, "Name"),
                    name @ ("creationXml" | "connectXml" | "connectResponseXml" | "Arguments") => {
                        Some(name.to_owned())
                    }
                    _ => None,
                };
            }
            Ok(Event::Text(text)) => {
                if let Some(place) = place.take() {
                    let line: String = text.split_ascii_whitespace().collect();
                    loads.push(Load {
                        sender,
                        command: command.clone(),
                        place,
                        bytes: STANDARD.decode(line).expect("fragments in base64"),
                    });
                }
            }
            Ok(Event::Eof) => return loads,
            Ok(_) => {}
            // Some tests recorded answers that are no envelopes.
            Err(_) => return loads,
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok()??;
    Some(attribute.value.into_owned())
}
