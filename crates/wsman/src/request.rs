//! What clients ask.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::fields::{base64, bytes, is_true, selector_set, selectors, shell, shell_maybe, words};
use crate::header::Header;
use crate::names::{Action, SELECTOR_FILTER};
use crate::shell::{BufferMode, Shell};
use crate::xml::{Element, Limits, Ns, parse, write};
use crate::{Fault, Malformed, duration, fault};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks, about what.
    pub header: Header,
    /// What is asked.
    pub operation: Operation,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// What kind of service is there (DSP0226 11).
    Identify,
    /// Make a shell (MS-WSMV 3.1.4.5.2).
    Create(Box<Shell>),
    /// Describe a shell, or the configuration.
    Get,
    /// End a shell.
    Delete,
    /// List shells or commands (DSP0226 8).
    Enumerate {
        /// Whether items may come with the answer.
        optimize: bool,
        /// Most items of the answer.
        max_elements: Option<u32>,
        /// Selectors that items must have.
        filter: Vec<(String, String)>,
    },
    /// More of a list.
    Pull {
        /// The list.
        context: String,
        /// Most items of the answer.
        max_elements: Option<u32>,
    },
    /// No more of a list.
    Release {
        /// The list.
        context: String,
    },
    /// Run a command (MS-WSMV 3.1.4.11).
    Command {
        /// Number that the client gives it.
        id: Option<String>,
        /// The command; empty for a pipeline.
        line: String,
        /// Its arguments; of a pipeline, fragments in base64.
        arguments: Vec<String>,
    },
    /// Give output (MS-WSMV 3.1.4.14).
    Receive {
        /// Of these streams.
        streams: Vec<String>,
        /// Of this command; without one, of the shell.
        command: Option<String>,
    },
    /// Take input (MS-WSMV 3.1.4.13).
    Send {
        /// Pieces of streams, in order.
        streams: Vec<Piece>,
    },
    /// Interrupt or end a command (MS-WSMV 3.1.4.12).
    Signal {
        /// The command; without one, the shell.
        command: Option<String>,
        /// The signal's code.
        code: String,
    },
    /// Let go of a shell that runs on (MS-WSMV 3.1.4.15).
    Disconnect {
        /// How long it stays without a client from now on.
        idle_timeout: Option<Duration>,
        /// What happens when its buffer is full from now on.
        buffer_mode: Option<BufferMode>,
    },
    /// Take one's own shell back, or one of its commands (MS-WSMV 3.1.4.16).
    Reconnect {
        /// The command.
        command: Option<String>,
    },
    /// Take a shell that another client let go of, or one of its commands (MS-WSMV 3.1.4.17).
    Connect {
        /// The command.
        command: Option<String>,
        /// Opening messages of PowerShell, base64 decoded.
        opening: Option<Vec<u8>>,
    },
}

/// A piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The stream.
    pub stream: String,
    /// The command that it belongs to; without one, the shell.
    pub command: Option<String>,
    /// Whether the stream ends with it.
    pub end: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Piece {
    pub(crate) fn read(element: &Element) -> Result<Self, Malformed> {
        Ok(Self {
            stream: element.get("Name").unwrap_or_default().to_owned(),
            command: element.get("CommandId").map(str::to_owned),
            end: element.get("End").is_some_and(is_true),
            bytes: bytes("Stream", element)?,
        })
    }

    pub(crate) fn write(&self) -> Element {
        let mut element = base64(Ns::Shell, "Stream", &self.bytes).attribute("Name", &self.stream);
        if let Some(command) = &self.command {
            element = element.attribute("CommandId", command);
        }
        if self.end {
            element = element.attribute("End", "true");
        }
        element
    }
}

/// A request that cannot be understood: what to answer, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Number of the request.
    pub message_id: String,
    /// The answer.
    pub fault: Fault,
}

impl Request {
    /// Reads a request.
    pub fn parse(text: &str) -> Result<Self, Box<Unreadable>> {
        let mut message_id = String::new();
        let read = (|| {
            let envelope = parse(text, Limits::default()).map_err(Malformed::from)?;
            if !envelope.is(&Ns::Soap, "Envelope") {
                return Err(Malformed::Unknown(envelope.label().chars().take(80).collect()).into());
            }
            let missing = |child| Malformed::Missing {
                parent: "Envelope",
                child,
            };
            let body = envelope
                .find(&Ns::Soap, "Body")
                .ok_or_else(|| missing("Body"))?;
            if body.find(&Ns::Identity, "Identify").is_some() {
                let (header, operation) = (Header::default(), Operation::Identify);
                return Ok(Self { header, operation });
            }
            let header = envelope
                .find(&Ns::Soap, "Header")
                .ok_or_else(|| missing("Header"))?;
            let number = header.text_of(&Ns::Addressing, "MessageID");
            number.unwrap_or_default().clone_into(&mut message_id);
            let action = header
                .text_of(&Ns::Addressing, "Action")
                .unwrap_or_default();
            let header = Header::read(header)?;
            let action = action.trim();
            let action = Action::from_uri(action).ok_or_else(|| fault::unknown_action(action))?;
            let operation = Operation::read(action, body)?;
            Ok(Self { header, operation })
        })();
        read.map_err(|fault: Fault| Box::new(Unreadable { message_id, fault }))
    }

    /// The request's text.
    pub fn to_text(&self) -> String {
        let body = self.operation.write();
        let envelope = Element::new(Ns::Soap, "Envelope");
        let envelope = match self.operation.action() {
            Some(action) => envelope.child(self.header.write(&action.uri())),
            None => envelope.child(Element::new(Ns::Soap, "Header")),
        };
        write(&envelope.child(Element::new(Ns::Soap, "Body").maybe(body)))
    }
}

impl Operation {
    /// Starts a pipeline, which has these fragments to say first.
    pub fn pipeline(id: String, opening: &[u8]) -> Self {
        Self::Command {
            id: Some(id),
            line: String::new(),
            arguments: vec![STANDARD.encode(opening)],
        }
    }

    /// The action that it is asked for by; a question about the service has none.
    pub fn action(&self) -> Option<Action> {
        Some(match self {
            Self::Identify => return None,
            Self::Create(_) => Action::Create,
            Self::Get => Action::Get,
            Self::Delete => Action::Delete,
            Self::Enumerate { .. } => Action::Enumerate,
            Self::Pull { .. } => Action::Pull,
            Self::Release { .. } => Action::Release,
            Self::Command { .. } => Action::Command,
            Self::Receive { .. } => Action::Receive,
            Self::Send { .. } => Action::Send,
            Self::Signal { .. } => Action::Signal,
            Self::Disconnect { .. } => Action::Disconnect,
            Self::Reconnect { .. } => Action::Reconnect,
            Self::Connect { .. } => Action::Connect,
        })
    }

    fn read(action: Action, body: &Element) -> Result<Self, Malformed> {
        let child = |ns: &Ns, name: &'static str| {
            let missing = Malformed::Missing {
                parent: "Body",
                child: name,
            };
            body.find(ns, name).ok_or(missing)
        };
        Ok(match action {
            Action::Create => Self::Create(Box::new(Shell::read(child(&Ns::Shell, "Shell")?)?)),
            Action::Get => Self::Get,
            Action::Delete => Self::Delete,
            Action::Enumerate => {
                let element = child(&Ns::Enumeration, "Enumerate")?;
                let filter = element.find(&Ns::Wsman, "Filter");
                let set = filter.and_then(|filter| filter.find(&Ns::Wsman, "SelectorSet"));
                Self::Enumerate {
                    optimize: element.find(&Ns::Wsman, "OptimizeEnumeration").is_some(),
                    max_elements: max_elements(element, &Ns::Wsman)?,
                    filter: set.map(selectors).unwrap_or_default(),
                }
            }
            Action::Pull => {
                let element = child(&Ns::Enumeration, "Pull")?;
                Self::Pull {
                    context: context(element),
                    max_elements: max_elements(element, &Ns::Enumeration)?,
                }
            }
            Action::Release => Self::Release {
                context: context(child(&Ns::Enumeration, "Release")?),
            },
            Action::Command => {
                let element = child(&Ns::Shell, "CommandLine")?;
                let arguments = element.all(&Ns::Shell, "Arguments");
                Self::Command {
                    id: element.get("CommandId").map(str::to_owned),
                    line: element
                        .text_of(&Ns::Shell, "Command")
                        .unwrap_or_default()
                        .to_owned(),
                    arguments: arguments.map(|argument| argument.text.clone()).collect(),
                }
            }
            Action::Receive => {
                let element = child(&Ns::Shell, "Receive")?;
                let wanted = element.find(&Ns::Shell, "DesiredStream");
                Self::Receive {
                    streams: words(wanted.map(|wanted| wanted.text.as_str())),
                    command: wanted
                        .and_then(|wanted| wanted.get("CommandId"))
                        .map(str::to_owned),
                }
            }
            Action::Send => {
                let element = child(&Ns::Shell, "Send")?;
                let pieces = element.all(&Ns::Shell, "Stream").map(Piece::read);
                Self::Send {
                    streams: pieces.collect::<Result<_, _>>()?,
                }
            }
            Action::Signal => {
                let element = child(&Ns::Shell, "Signal")?;
                Self::Signal {
                    command: element.get("CommandId").map(str::to_owned),
                    code: element
                        .text_of(&Ns::Shell, "Code")
                        .unwrap_or_default()
                        .to_owned(),
                }
            }
            Action::Disconnect => disconnect(body.find(&Ns::Shell, "Disconnect"))?,
            Action::Reconnect => {
                let element = body.find(&Ns::Shell, "Reconnect");
                let command = element.and_then(|element| element.get("CommandId"));
                Self::Reconnect {
                    command: command.map(str::to_owned),
                }
            }
            Action::Connect => {
                let element = child(&Ns::Shell, "Connect")?;
                let opening = element.find(&Ns::PowerShell, "connectXml");
                Self::Connect {
                    command: element.get("CommandId").map(str::to_owned),
                    opening: opening.map(|xml| bytes("connectXml", xml)).transpose()?,
                }
            }
        })
    }

    fn write(&self) -> Option<Element> {
        let named = |local, command: &Option<String>| {
            let element = Element::new(Ns::Shell, local);
            match command {
                Some(command) => element.attribute("CommandId", command),
                None => element,
            }
        };
        let limit = |ns: Ns, count: &Option<u32>| {
            count.map(|count| Element::with_text(ns, "MaxElements", count.to_string()))
        };
        let context =
            |context: &String| Element::with_text(Ns::Enumeration, "EnumerationContext", context);
        Some(match self {
            Self::Identify => Element::new(Ns::Identity, "Identify"),
            Self::Create(shell) => shell.write_wanted(),
            Self::Get | Self::Delete | Self::Reconnect { command: None } => return None,
            Self::Enumerate {
                optimize,
                max_elements,
                filter,
            } => {
                let filter = (!filter.is_empty()).then(|| {
                    let element = Element::new(Ns::Wsman, "Filter");
                    element
                        .attribute("Dialect", SELECTOR_FILTER)
                        .child(selector_set(filter))
                });
                Element::new(Ns::Enumeration, "Enumerate")
                    .maybe(optimize.then(|| Element::new(Ns::Wsman, "OptimizeEnumeration")))
                    .maybe(limit(Ns::Wsman, max_elements))
                    .maybe(filter)
            }
            Self::Pull {
                context: name,
                max_elements,
            } => Element::new(Ns::Enumeration, "Pull")
                .child(context(name))
                .maybe(limit(Ns::Enumeration, max_elements)),
            Self::Release { context: name } => {
                Element::new(Ns::Enumeration, "Release").child(context(name))
            }
            Self::Command {
                id,
                line,
                arguments,
            } => named("CommandLine", id)
                .child(shell("Command", line))
                .children(
                    arguments
                        .iter()
                        .map(|argument| shell("Arguments", argument)),
                ),
            Self::Receive { streams, command } => {
                let mut wanted = shell("DesiredStream", streams.join(" "));
                if let Some(command) = command {
                    wanted = wanted.attribute("CommandId", command);
                }
                Element::new(Ns::Shell, "Receive").child(wanted)
            }
            Self::Send { streams } => {
                Element::new(Ns::Shell, "Send").children(streams.iter().map(Piece::write))
            }
            Self::Signal { command, code } => named("Signal", command).child(shell("Code", code)),
            Self::Disconnect {
                idle_timeout,
                buffer_mode,
            } => Element::new(Ns::Shell, "Disconnect")
                .maybe(shell_maybe(
                    "IdleTimeOut",
                    idle_timeout.map(duration::seconds),
                ))
                .maybe(shell_maybe("BufferMode", buffer_mode.map(BufferMode::name))),
            Self::Reconnect { command } => named("Reconnect", command),
            Self::Connect { command, opening } => {
                let opening = opening.as_ref();
                named("Connect", command)
                    .maybe(opening.map(|bytes| base64(Ns::PowerShell, "connectXml", bytes)))
            }
        })
    }
}

fn disconnect(element: Option<&Element>) -> Result<Operation, Malformed> {
    let text = |local| element.and_then(|element| element.text_of(&Ns::Shell, local));
    let idle_timeout = match text("IdleTimeOut") {
        Some(text) => {
            let span = duration::parse(text);
            Some(span.ok_or_else(|| Malformed::value("IdleTimeOut", text))?)
        }
        None => None,
    };
    let buffer_mode = match text("BufferMode") {
        Some(text) => {
            let mode = BufferMode::from_name(text);
            Some(mode.ok_or_else(|| Malformed::value("BufferMode", text))?)
        }
        None => None,
    };
    Ok(Operation::Disconnect {
        idle_timeout,
        buffer_mode,
    })
}

fn max_elements(element: &Element, ns: &Ns) -> Result<Option<u32>, Malformed> {
    let text = element.text_of(ns, "MaxElements").map(str::trim);
    let number = text.map(|text| {
        text.parse()
            .map_err(|_| Malformed::value("MaxElements", text))
    });
    number.transpose()
}

fn context(element: &Element) -> String {
    let text = element.text_of(&Ns::Enumeration, "EnumerationContext");
    text.unwrap_or_default().to_owned()
}
