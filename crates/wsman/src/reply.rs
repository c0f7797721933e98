//! What servers answer.

use crate::fields::{base64, bytes, selector_set, selectors, shell, words};
use crate::header::ReplyHeader;
use crate::names::{Action, COMMAND_SHELL, SHELL_ID};
use crate::request::Piece;
use crate::shell::Shell;
use crate::xml::{Element, Limits, Ns, parse, write};
use crate::{Fault, Malformed};

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it answers.
    pub header: ReplyHeader,
    /// The answer.
    pub answer: Answer,
}

/// What a reply says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What kind of service answers.
    Identified {
        /// Who made it.
        vendor: String,
        /// Its version.
        version: String,
    },
    /// The shell is made.
    Created(Box<Created>),
    /// The shell.
    Shell(Box<Shell>),
    /// The service's configuration, as its own element.
    Config(Box<Element>),
    /// Items of a list, and the rest of it if there is one.
    Items {
        /// The action that is answered: the first items, or more.
        first: bool,
        /// The items.
        items: Vec<Found>,
        /// The rest: empty when there is none.
        context: String,
    },
    /// The command runs.
    Command {
        /// Its number.
        id: String,
    },
    /// Output.
    Received {
        /// Pieces of streams, in order.
        streams: Vec<Piece>,
        /// How the command stands.
        state: Option<CommandState>,
    },
    /// The shell is another client's now, or the command.
    Connected {
        /// Streams that take input.
        input_streams: Vec<String>,
        /// Streams that give output.
        output_streams: Vec<String>,
        /// Opening messages of PowerShell, base64 decoded.
        opening: Option<Vec<u8>>,
    },
    /// It is done: an action whose answer says nothing more.
    Done(Action),
    /// It is not done.
    Fault(Box<Fault>),
}

/// A shell that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Where it is.
    pub address: String,
    /// The resource that it is of.
    pub resource: String,
    /// What names it.
    pub selectors: Vec<(String, String)>,
    /// The shell.
    pub shell: Option<Shell>,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A shell.
    Shell(Box<Shell>),
    /// A command of a shell.
    Command {
        /// Its number.
        id: String,
        /// Its line.
        line: String,
        /// `Running`, `Pending`, `Done`.
        state: String,
    },
}

/// How a command stands (MS-WSMV 2.2.4.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandState {
    /// The command.
    pub command: String,
    /// Its state: `…/CommandState/Running`, `Pending` or `Done`.
    pub state: String,
    /// Exit code of one that is done.
    pub exit_code: Option<i64>,
}

impl CommandState {
    /// State of a command that runs.
    pub fn running(command: String) -> Self {
        Self {
            command,
            state: state_uri("Running"),
            exit_code: None,
        }
    }

    /// State of a command that has ended.
    pub fn done(command: String, exit_code: i64) -> Self {
        Self {
            command,
            state: state_uri("Done"),
            exit_code: Some(exit_code),
        }
    }

    /// Whether it has ended.
    pub fn is_done(&self) -> bool {
        self.state.ends_with("/Done")
    }
}

fn state_uri(name: &str) -> String {
    format!("{}/CommandState/{name}", Ns::Shell.uri())
}

impl Created {
    /// A shell of this resource.
    pub fn new(address: String, resource: String, shell: Shell) -> Self {
        let id = shell.id.clone().unwrap_or_default();
        Self {
            address,
            resource,
            selectors: vec![(SHELL_ID.to_owned(), id)],
            shell: Some(shell),
        }
    }

    /// Number of the shell.
    pub fn shell_id(&self) -> Option<&str> {
        let mut named = self.selectors.iter();
        named
            .find(|(name, _)| name == SHELL_ID)
            .map(|(_, id)| id.as_str())
    }

    /// Whether it is a command shell.
    pub fn is_command_shell(&self) -> bool {
        self.resource == COMMAND_SHELL
    }
}

impl Reply {
    /// Reads a reply.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let envelope = parse(text, Limits::default())?;
        let unknown = |text: &str| Malformed::Unknown(text.chars().take(200).collect());
        if !envelope.is(&Ns::Soap, "Envelope") {
            return Err(unknown(&envelope.label()));
        }
        let missing = |child| Malformed::Missing {
            parent: "Envelope",
            child,
        };
        let header = envelope.find(&Ns::Soap, "Header");
        let body = envelope
            .find(&Ns::Soap, "Body")
            .ok_or_else(|| missing("Body"))?;
        if let Some(identity) = body.find(&Ns::Identity, "IdentifyResponse") {
            let text = |local| {
                identity
                    .text_of(&Ns::Identity, local)
                    .unwrap_or_default()
                    .to_owned()
            };
            let (vendor, version) = (text("ProductVendor"), text("ProductVersion"));
            let answer = Answer::Identified { vendor, version };
            return Ok(Self {
                header: ReplyHeader::default(),
                answer,
            });
        }
        let header = header.ok_or_else(|| missing("Header"))?;
        let answer = if let Some(fault) = body.find(&Ns::Soap, "Fault") {
            Answer::Fault(Box::new(Fault::read(fault)?))
        } else {
            let action = header
                .text_of(&Ns::Addressing, "Action")
                .unwrap_or_default();
            let answered = Action::from_reply_uri(action.trim()).ok_or_else(|| unknown(action))?;
            Answer::read(answered, body)?
        };
        Ok(Self {
            header: ReplyHeader::read(header),
            answer,
        })
    }

    /// The reply's text.
    pub fn to_text(&self) -> String {
        let body = Element::new(Ns::Soap, "Body").children(self.answer.write());
        let envelope = Element::new(Ns::Soap, "Envelope").qualified(Ns::Xml, "lang", "en-US");
        let header = match self.answer.action_uri() {
            Some(action) => self.header.write(&action),
            None => Element::new(Ns::Soap, "Header"),
        };
        write(&envelope.child(header).child(body))
    }
}

impl Answer {
    fn action_uri(&self) -> Option<String> {
        let action = match self {
            Self::Identified { .. } => return None,
            Self::Fault(fault) => return Some(fault.action().to_owned()),
            Self::Created(_) => Action::Create,
            Self::Shell(_) | Self::Config(_) => Action::Get,
            Self::Items { first: true, .. } => Action::Enumerate,
            Self::Items { first: false, .. } => Action::Pull,
            Self::Command { .. } => Action::Command,
            Self::Received { .. } => Action::Receive,
            Self::Connected { .. } => Action::Connect,
            Self::Done(action) => *action,
        };
        Some(action.reply_uri())
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
            Action::Create => {
                let created = child(&Ns::Transfer, "ResourceCreated")?;
                let reference = created.find(&Ns::Addressing, "ReferenceParameters");
                let text =
                    |ns: &Ns, local| reference.and_then(|reference| reference.text_of(ns, local));
                let set = reference.and_then(|reference| reference.find(&Ns::Wsman, "SelectorSet"));
                let shell = body.find(&Ns::Shell, "Shell");
                let address = created.text_of(&Ns::Addressing, "Address");
                Self::Created(Box::new(Created {
                    address: address.unwrap_or_default().to_owned(),
                    resource: text(&Ns::Wsman, "ResourceURI")
                        .unwrap_or_default()
                        .to_owned(),
                    selectors: set.map(selectors).unwrap_or_default(),
                    shell: shell.map(Shell::read).transpose()?,
                }))
            }
            Action::Get => match body.find(&Ns::Config, "Config") {
                Some(config) => Self::Config(Box::new(config.clone())),
                None => Self::Shell(Box::new(Shell::read(child(&Ns::Shell, "Shell")?)?)),
            },
            Action::Enumerate => read_items(true, child(&Ns::Enumeration, "EnumerateResponse")?)?,
            Action::Pull => read_items(false, child(&Ns::Enumeration, "PullResponse")?)?,
            Action::Command => {
                let element = child(&Ns::Shell, "CommandResponse")?;
                let id = element.text_of(&Ns::Shell, "CommandId");
                Self::Command {
                    id: id.unwrap_or_default().to_owned(),
                }
            }
            Action::Receive => read_received(child(&Ns::Shell, "ReceiveResponse")?)?,
            Action::Connect => {
                let element = child(&Ns::Shell, "ConnectResponse")?;
                let opening = element.find(&Ns::PowerShell, "connectResponseXml");
                Self::Connected {
                    input_streams: words(element.text_of(&Ns::Shell, "InputStreams")),
                    output_streams: words(element.text_of(&Ns::Shell, "OutputStreams")),
                    opening: opening
                        .map(|xml| bytes("connectResponseXml", xml))
                        .transpose()?,
                }
            }
            Action::Delete
            | Action::Release
            | Action::Send
            | Action::Signal
            | Action::Disconnect
            | Action::Reconnect => Self::Done(action),
        })
    }

    /// The body's elements.
    fn write(&self) -> Vec<Element> {
        let only = match self {
            Self::Identified { vendor, version } => {
                let text = |local, text: &str| Element::with_text(Ns::Identity, local, text);
                Element::new(Ns::Identity, "IdentifyResponse")
                    .child(text("ProtocolVersion", Ns::Wsman.uri()))
                    .child(text("ProductVendor", vendor))
                    .child(text("ProductVersion", version))
            }
            Self::Created(created) => {
                let shell = created.shell.as_ref().map(Shell::write_described);
                return std::iter::once(write_created(created))
                    .chain(shell)
                    .collect();
            }
            Self::Shell(shell) => shell.write_described(),
            Self::Config(config) => (**config).clone(),
            Self::Items {
                first,
                items,
                context,
            } => write_items(*first, items, context),
            Self::Command { id } => {
                Element::new(Ns::Shell, "CommandResponse").child(shell("CommandId", id))
            }
            Self::Received { streams, state } => {
                let state = state.as_ref().map(|state| {
                    let code = state
                        .exit_code
                        .map(|code| shell("ExitCode", code.to_string()));
                    Element::new(Ns::Shell, "CommandState")
                        .attribute("CommandId", &state.command)
                        .attribute("State", &state.state)
                        .maybe(code)
                });
                Element::new(Ns::Shell, "ReceiveResponse")
                    .children(streams.iter().map(Piece::write))
                    .maybe(state)
            }
            Self::Connected {
                input_streams,
                output_streams,
                opening,
            } => {
                let streams = |local, names: &[String]| {
                    (!names.is_empty()).then(|| shell(local, names.join(" ")))
                };
                let opening = opening.as_ref();
                Element::new(Ns::Shell, "ConnectResponse")
                    .maybe(streams("InputStreams", input_streams))
                    .maybe(streams("OutputStreams", output_streams))
                    .maybe(opening.map(|xml| base64(Ns::PowerShell, "connectResponseXml", xml)))
            }
            Self::Done(Action::Send) => Element::new(Ns::Shell, "SendResponse"),
            Self::Done(Action::Signal) => Element::new(Ns::Shell, "SignalResponse"),
            Self::Done(_) => return Vec::new(),
            Self::Fault(fault) => fault.write(),
        };
        vec![only]
    }
}

fn write_created(created: &Created) -> Element {
    let reference = Element::new(Ns::Addressing, "ReferenceParameters")
        .child(Element::with_text(
            Ns::Wsman,
            "ResourceURI",
            &created.resource,
        ))
        .child(selector_set(&created.selectors));
    Element::new(Ns::Transfer, "ResourceCreated")
        .child(Element::with_text(
            Ns::Addressing,
            "Address",
            &created.address,
        ))
        .child(reference)
}

fn read_items(first: bool, element: &Element) -> Result<Answer, Malformed> {
    let items = [Ns::Wsman, Ns::Enumeration];
    let items = items.iter().find_map(|ns| element.find(ns, "Items"));
    let children = items
        .map(|items| items.children.as_slice())
        .unwrap_or_default();
    let items = children.iter().map(|item| {
        if item.is(&Ns::Shell, "Shell") {
            return Ok(Found::Shell(Box::new(Shell::read(item)?)));
        }
        let text = |local| {
            item.text_of(&Ns::Shell, local)
                .unwrap_or_default()
                .to_owned()
        };
        Ok(Found::Command {
            id: text("CommandId"),
            line: text("CommandLine"),
            state: text("CommandState"),
        })
    });
    let context = element.text_of(&Ns::Enumeration, "EnumerationContext");
    Ok(Answer::Items {
        first,
        items: items.collect::<Result<_, Malformed>>()?,
        context: context.unwrap_or_default().to_owned(),
    })
}

fn write_items(first: bool, items: &[Found], context: &str) -> Element {
    let (name, ns) = if first {
        ("EnumerateResponse", Ns::Wsman)
    } else {
        ("PullResponse", Ns::Enumeration)
    };
    let written = items.iter().map(|item| match item {
        Found::Shell(shell) => shell.write_described(),
        Found::Command { id, line, state } => Element::new(Ns::Shell, "Command")
            .child(shell("CommandId", id))
            .child(shell("CommandLine", line))
            .child(shell("CommandState", state)),
    });
    let end = Element::new(ns.clone(), "EndOfSequence");
    let written = Element::new(ns, "Items").children(written);
    Element::new(Ns::Enumeration, name)
        .child(Element::with_text(
            Ns::Enumeration,
            "EnumerationContext",
            context,
        ))
        .maybe((!items.is_empty()).then_some(written))
        .maybe(context.is_empty().then_some(end))
}

fn read_received(element: &Element) -> Result<Answer, Malformed> {
    let pieces = element.all(&Ns::Shell, "Stream").map(Piece::read);
    let state = element.find(&Ns::Shell, "CommandState");
    let state = state.map(|state| -> Result<_, Malformed> {
        let exit = state.text_of(&Ns::Shell, "ExitCode");
        let number = exit.map(|text| {
            let parsed = text.trim().parse();
            parsed.map_err(|_| Malformed::value("ExitCode", text))
        });
        Ok(CommandState {
            command: state.get("CommandId").unwrap_or_default().to_owned(),
            state: state.get("State").unwrap_or_default().to_owned(),
            exit_code: number.transpose()?,
        })
    });
    Ok(Answer::Received {
        streams: pieces.collect::<Result<_, _>>()?,
        state: state.transpose()?,
    })
}
