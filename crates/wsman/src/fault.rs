//! Faults: what a server answers when it does not do what is asked (DSP0226 14).

mod kind;

pub use kind::{Kind, bad_header, bad_timeout, not_understood, unknown_action};

use crate::Malformed;
use crate::xml::{Element, Ns};

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether the sender is to blame, or the receiver.
    pub by_sender: bool,
    /// Which fault it is.
    pub subcode: Subcode,
    /// For people.
    pub reason: String,
    /// What the specification calls the particular.
    pub particular: Option<String>,
    /// What Windows adds, and its clients go by.
    pub windows: Option<Box<WindowsFault>>,
}

/// The name of a fault, with the prefix that messages here declare for its namespace
/// (`w:TimedOut`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subcode(pub String);

/// What Windows says of a fault (MS-WSMV 2.2.4.43).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowsFault {
    /// Number of the error, as Windows' headers have it.
    pub code: u32,
    /// The machine that says so.
    pub machine: String,
    /// The message.
    pub message: WindowsMessage,
}

/// The message of a Windows fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowsMessage {
    /// A text.
    Text(String),
    /// What a part of the service says.
    Provider {
        /// The part.
        provider: String,
        /// Its file.
        path: String,
        /// Its text, if it has no fault of its own.
        text: String,
        /// Its own fault.
        inner: Option<Box<WindowsFault>>,
    },
}

impl WindowsMessage {
    /// The text, whoever says it.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text)
            | Self::Provider {
                text, inner: None, ..
            } => text,
            Self::Provider {
                inner: Some(inner), ..
            } => inner.message.text(),
        }
    }
}

impl Fault {
    /// The machine that says so.
    #[must_use]
    pub fn of(mut self, machine: &str) -> Self {
        if let Some(windows) = &mut self.windows {
            machine.clone_into(&mut windows.machine);
        }
        self
    }

    /// Number of Windows' error; 0 if it has none.
    pub fn code(&self) -> u32 {
        self.windows.as_ref().map_or(0, |windows| windows.code)
    }

    /// The most particular text.
    pub fn text(&self) -> &str {
        let windows = self.windows.as_ref().map(|windows| windows.message.text());
        windows
            .filter(|text| !text.trim().is_empty())
            .unwrap_or(&self.reason)
    }

    /// The action of a reply with this fault: addressing has its own.
    pub(crate) fn action(&self) -> &'static str {
        if self.subcode.0.starts_with("a:") {
            "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"
        } else {
            "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
        }
    }

    pub(crate) fn read(fault: &Element) -> Result<Self, Malformed> {
        let missing = |child| Malformed::Missing {
            parent: "Fault",
            child,
        };
        let code = fault
            .find(&Ns::Soap, "Code")
            .ok_or_else(|| missing("Code"))?;
        let value = code.text_of(&Ns::Soap, "Value").unwrap_or_default();
        let subcode = code.find(&Ns::Soap, "Subcode");
        let subcode = subcode.and_then(|subcode| subcode.text_of(&Ns::Soap, "Value"));
        let reason = fault.find(&Ns::Soap, "Reason");
        let reason = reason.and_then(|reason| reason.text_of(&Ns::Soap, "Text"));
        let detail = fault.find(&Ns::Soap, "Detail");
        let windows = detail.and_then(|detail| detail.find(&Ns::Fault, "WSManFault"));
        let particular = detail.and_then(|detail| detail.text_of(&Ns::Wsman, "FaultDetail"));
        Ok(Self {
            by_sender: !value.trim().ends_with("Receiver"),
            subcode: Subcode(subcode.unwrap_or_default().to_owned()),
            reason: reason.unwrap_or_default().to_owned(),
            particular: particular.map(str::to_owned),
            windows: windows.map(WindowsFault::read).transpose()?.map(Box::new),
        })
    }

    pub(crate) fn write(&self) -> Element {
        let soap = |local| Element::new(Ns::Soap, local);
        let value = |text: &str| Element::with_text(Ns::Soap, "Value", text);
        let code = if self.by_sender {
            "s:Sender"
        } else {
            "s:Receiver"
        };
        let subcode = soap("Subcode").child(value(&self.subcode.0));
        let text = Element::with_text(Ns::Soap, "Text", &self.reason);
        let particular = self.particular.as_ref();
        let particular =
            particular.map(|particular| Element::with_text(Ns::Wsman, "FaultDetail", particular));
        let detail = soap("Detail")
            .maybe(particular)
            .maybe(self.windows.as_deref().map(WindowsFault::write));
        soap("Fault")
            .child(soap("Code").child(value(code)).child(subcode))
            .child(soap("Reason").child(text.qualified(Ns::Xml, "lang", "en-US")))
            .child(detail)
    }
}

impl WindowsFault {
    fn read(fault: &Element) -> Result<Self, Malformed> {
        let code = fault.get("Code").unwrap_or_default();
        let message = fault.find(&Ns::Fault, "Message");
        let provider = message.and_then(|message| message.find(&Ns::Fault, "ProviderFault"));
        let message = match (provider, message) {
            (Some(provider), _) => {
                let attribute = |name| provider.get(name).unwrap_or_default().to_owned();
                let inner = provider.find(&Ns::Fault, "WSManFault").map(Self::read);
                WindowsMessage::Provider {
                    provider: attribute("provider"),
                    path: attribute("path"),
                    text: provider.text.clone(),
                    inner: inner.transpose()?.map(Box::new),
                }
            }
            (None, Some(message)) => WindowsMessage::Text(message.text.clone()),
            (None, None) => WindowsMessage::Text(String::new()),
        };
        Ok(Self {
            code: code.parse().map_err(|_| Malformed::value("Code", code))?,
            machine: fault.get("Machine").unwrap_or_default().to_owned(),
            message,
        })
    }

    fn write(&self) -> Element {
        let element = |local| Element::new(Ns::Fault, local);
        let message = match &self.message {
            WindowsMessage::Text(text) => Element::with_text(Ns::Fault, "Message", text),
            WindowsMessage::Provider {
                provider,
                path,
                text,
                inner,
            } => {
                let mut fault = element("ProviderFault")
                    .attribute("provider", provider)
                    .attribute("path", path)
                    .maybe(inner.as_deref().map(Self::write));
                if inner.is_none() {
                    fault.text.clone_from(text);
                }
                element("Message").child(fault)
            }
        };
        element("WSManFault")
            .attribute("Code", self.code.to_string())
            .attribute("Machine", &self.machine)
            .child(message)
    }
}

impl From<Malformed> for Fault {
    fn from(error: Malformed) -> Self {
        Kind::Malformed.saying(error.to_string())
    }
}
