//! Headers of requests and of replies.

use std::time::Duration;

use crate::duration;
use crate::fields::{is_true, selector_set, selectors};
use crate::names::{ANONYMOUS, SHELL_ID};
use crate::xml::{Element, Ns};
use crate::{Fault, fault};

/// An option of a request (DSP0226 6.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOption {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether the request fails if the server does not know it.
    pub must_comply: bool,
}

/// What a request says beside what it asks for (DSP0226 5.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The address that it is sent to.
    pub to: String,
    /// The resource that it is about.
    pub resource: String,
    /// Its number, which the reply repeats letter by letter.
    pub message_id: String,
    /// Most bytes that the reply may have.
    pub max_envelope: Option<u64>,
    /// How long the client waits for the reply.
    pub timeout: Option<Duration>,
    /// The client's language.
    pub locale: Option<String>,
    /// The client's language for data.
    pub data_locale: Option<String>,
    /// The client (MS-WSMV 2.2.4.40: one number for all of its requests).
    pub session_id: Option<String>,
    /// The operation that the request belongs to.
    pub operation_id: Option<String>,
    /// The request's place in its operation.
    pub sequence_id: Option<u64>,
    /// What names the resource.
    pub selectors: Vec<(String, String)>,
    /// Options.
    pub options: Vec<CommandOption>,
    /// The compression that the client wants for streams (MS-WSMV 2.2.4.10): `xpress`.
    pub compression: Option<String>,
}

/// Headers that are understood; others must not be marked as needed.
const UNDERSTOOD: [(Ns, &str); 16] = [
    (Ns::Addressing, "Action"),
    (Ns::Addressing, "To"),
    (Ns::Addressing, "MessageID"),
    (Ns::Addressing, "ReplyTo"),
    (Ns::Wsman, "ResourceURI"),
    (Ns::Wsman, "MaxEnvelopeSize"),
    (Ns::Wsman, "OperationTimeout"),
    (Ns::Wsman, "Locale"),
    (Ns::Microsoft, "DataLocale"),
    (Ns::Microsoft, "SessionId"),
    (Ns::Microsoft, "OperationID"),
    (Ns::Microsoft, "SequenceId"),
    (Ns::Microsoft, "ActivityId"),
    (Ns::Wsman, "SelectorSet"),
    (Ns::Wsman, "OptionSet"),
    (Ns::Shell, "CompressionType"),
];

impl Header {
    /// The shell that the selectors name, in capitals as shells are listed.
    pub fn shell_id(&self) -> Option<String> {
        let mut named = self.selectors.iter();
        let found = named.find(|(name, _)| name.eq_ignore_ascii_case(SHELL_ID));
        found.map(|(_, value)| value.trim().to_ascii_uppercase())
    }

    /// Value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self
            .options
            .iter()
            .find(|option| option.name.eq_ignore_ascii_case(name));
        found.map(|option| option.value.as_str())
    }

    /// Reads a header; the fault says what a server must answer to one that cannot be.
    pub(crate) fn read(header: &Element) -> Result<Self, Fault> {
        let text = |ns: &Ns, local| header.text_of(ns, local).map(str::trim).map(str::to_owned);
        let lang = |ns: &Ns, local| {
            let found = header.find(ns, local);
            found
                .and_then(|e| e.get_qualified(&Ns::Xml, "lang"))
                .map(str::to_owned)
        };
        for part in &header.children {
            let known = UNDERSTOOD.iter().any(|(ns, local)| part.is(ns, local));
            let needed = part
                .get_qualified(&Ns::Soap, "mustUnderstand")
                .is_some_and(is_true);
            if needed && !known {
                return Err(fault::not_understood(&part.label()));
            }
        }
        let timeout = match text(&Ns::Wsman, "OperationTimeout") {
            Some(text) => Some(duration::parse(&text).ok_or_else(|| fault::bad_timeout(&text))?),
            None => None,
        };
        let number = |ns: &Ns, local: &'static str| match text(ns, local) {
            Some(text) => match text.parse::<u64>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(fault::bad_header(local, &text)),
            },
            None => Ok(None),
        };
        let options = header.find(&Ns::Wsman, "OptionSet");
        let options = options
            .into_iter()
            .flat_map(|set| set.all(&Ns::Wsman, "Option"));
        Ok(Self {
            to: text(&Ns::Addressing, "To").unwrap_or_default(),
            resource: text(&Ns::Wsman, "ResourceURI").unwrap_or_default(),
            message_id: header
                .text_of(&Ns::Addressing, "MessageID")
                .unwrap_or_default()
                .to_owned(),
            max_envelope: number(&Ns::Wsman, "MaxEnvelopeSize")?,
            timeout,
            locale: lang(&Ns::Wsman, "Locale"),
            data_locale: lang(&Ns::Microsoft, "DataLocale"),
            session_id: text(&Ns::Microsoft, "SessionId"),
            operation_id: text(&Ns::Microsoft, "OperationID"),
            sequence_id: number(&Ns::Microsoft, "SequenceId")?,
            selectors: header
                .find(&Ns::Wsman, "SelectorSet")
                .map(selectors)
                .unwrap_or_default(),
            options: options
                .map(|option| CommandOption {
                    name: option.get("Name").unwrap_or_default().to_owned(),
                    value: option.text.clone(),
                    must_comply: option.get("MustComply").is_some_and(is_true),
                })
                .collect(),
            compression: text(&Ns::Shell, "CompressionType"),
        })
    }

    /// The header's element.
    pub(crate) fn write(&self, action: &str) -> Element {
        let needed = |element: Element, needed: bool| {
            element.qualified(Ns::Soap, "mustUnderstand", needed.to_string())
        };
        let text = |ns: Ns, local, text: &str| Element::with_text(ns, local, text);
        let lang = |ns: Ns, local, lang: &Option<String>| {
            let lang = lang.as_ref()?;
            let element = needed(Element::new(ns, local), false);
            Some(element.qualified(Ns::Xml, "lang", lang))
        };
        let optional = |ns: Ns, local, value: Option<String>| {
            value.map(|value| needed(text(ns, local, &value), false))
        };
        let reply_to = needed(text(Ns::Addressing, "Address", ANONYMOUS), true);
        let size = self
            .max_envelope
            .map(|size| text(Ns::Wsman, "MaxEnvelopeSize", &size.to_string()));
        let timeout = self.timeout.map(duration::seconds);
        let options = self.options.iter().map(|option| {
            let element = text(Ns::Wsman, "Option", &option.value).attribute("Name", &option.name);
            if option.must_comply {
                element.attribute("MustComply", "true")
            } else {
                element
            }
        });
        let options = Element::new(Ns::Wsman, "OptionSet").children(options);
        let compression = self.compression.as_ref();
        Element::new(Ns::Soap, "Header")
            .child(text(Ns::Addressing, "To", &self.to))
            .child(needed(text(Ns::Wsman, "ResourceURI", &self.resource), true))
            .child(Element::new(Ns::Addressing, "ReplyTo").child(reply_to))
            .child(needed(text(Ns::Addressing, "Action", action), true))
            .maybe(size.map(|size| needed(size, true)))
            .child(text(Ns::Addressing, "MessageID", &self.message_id))
            .maybe(lang(Ns::Wsman, "Locale", &self.locale))
            .maybe(lang(Ns::Microsoft, "DataLocale", &self.data_locale))
            .maybe(optional(
                Ns::Microsoft,
                "SessionId",
                self.session_id.clone(),
            ))
            .maybe(optional(
                Ns::Microsoft,
                "OperationID",
                self.operation_id.clone(),
            ))
            .maybe(optional(
                Ns::Microsoft,
                "SequenceId",
                self.sequence_id.map(|id| id.to_string()),
            ))
            .maybe((!self.options.is_empty()).then(|| needed(options, true)))
            .maybe((!self.selectors.is_empty()).then(|| selector_set(&self.selectors)))
            .maybe(timeout.map(|timeout| text(Ns::Wsman, "OperationTimeout", &timeout)))
            .maybe(compression.map(|kind| needed(text(Ns::Shell, "CompressionType", kind), true)))
    }
}

/// What a reply says beside the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyHeader {
    /// The reply's own number.
    pub message_id: String,
    /// Number of the request.
    pub relates_to: String,
    /// The server's number for what it did, for its log.
    pub activity_id: Option<String>,
}

impl ReplyHeader {
    pub(crate) fn read(header: &Element) -> Self {
        let text = |ns: &Ns, local| header.text_of(ns, local).map(str::trim).map(str::to_owned);
        Self {
            message_id: text(&Ns::Addressing, "MessageID").unwrap_or_default(),
            relates_to: text(&Ns::Addressing, "RelatesTo").unwrap_or_default(),
            activity_id: text(&Ns::Microsoft, "ActivityId"),
        }
    }

    pub(crate) fn write(&self, action: &str) -> Element {
        let text = |ns: Ns, local, text: &str| Element::with_text(ns, local, text);
        let activity = self.activity_id.as_ref();
        Element::new(Ns::Soap, "Header")
            .child(text(Ns::Addressing, "Action", action))
            .child(text(Ns::Addressing, "MessageID", &self.message_id))
            .maybe(activity.map(|id| text(Ns::Microsoft, "ActivityId", id)))
            .child(text(Ns::Addressing, "To", ANONYMOUS))
            .child(text(Ns::Addressing, "RelatesTo", &self.relates_to))
    }
}
