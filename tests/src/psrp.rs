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
    /// The shell that it is for.
    pub shell: String,
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

/// All fragments of a recording, in order. Shells that are no PowerShell's are passed over.
pub fn loads(recording: &Recording) -> Vec<Load> {
    let mut loads = Vec::new();
    for Exchange { request, response } in &recording.exchanges {
        if request.contains("http://schemas.microsoft.com/powershell/") {
            let shell = shell_of(request);
            loads.extend(loads_of(request, &shell, Sender::Client));
            loads.extend(loads_of(response, &shell, Sender::Server));
        }
    }
    loads
}

/// The shell that a request is for, or that it makes.
fn shell_of(request: &str) -> String {
    let named = ["Name=\"ShellId\">", "ShellId=\""];
    let id = named.iter().find_map(|name| request.split_once(name));
    let id = id.map_or("", |(_, id)| id);
    id.chars().take(36).collect()
}

/// The messages that `loads` make.
pub fn messages(loads: &[Load]) -> Result<Vec<Recorded>, ProtocolError> {
    let mut inboxes: BTreeMap<(Sender, &str, &str, bool), Inbox> = BTreeMap::new();
    let mut messages = Vec::new();
    for load in loads {
        let Load { sender, shell, .. } = load;
        if load.place == "connectXml" {
            // Another client counts its objects from the start.
            inboxes.retain(|(_, whose, ..), _| *whose != shell);
        }
        let key = (
            *sender,
            shell.as_str(),
            load.command.as_str(),
            load.place == "pr",
        );
        let inbox = inboxes.entry(key).or_insert_with(|| Inbox::new(1 << 30));
        inbox.read(&load.bytes, |message| {
            let (header, body) = Header::split(message)?;
            messages.push(Recorded {
                sender: *sender,
                header,
                body: body.to_vec(),
            });
            Ok::<(), ProtocolError>(())
        })?;
    }
    Ok(messages)
}

fn loads_of(envelope: &str, shell: &str, sender: Sender) -> Vec<Load> {
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
                        shell: shell.to_owned(),
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
