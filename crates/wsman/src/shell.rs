//! A shell as clients and servers describe it (MS-WSMV 2.2.4.37).

use std::time::Duration;

use crate::Malformed;
use crate::duration::{self, parts, seconds};
use crate::fields::{base64, bytes, is_true, shell, shell_maybe, words};
use crate::xml::{Element, Ns};

/// What happens when a disconnected shell's buffer is full (MS-WSMV 2.2.4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BufferMode {
    /// The command waits.
    #[default]
    Block,
    /// The oldest output is lost.
    Drop,
}

impl BufferMode {
    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Block, Self::Drop]
            .into_iter()
            .find(|mode| mode.name().eq_ignore_ascii_case(name.trim()))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "Block",
            Self::Drop => "Drop",
        }
    }
}

/// A shell: what a client wants of one, or what a server says of it. What is not said is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shell {
    /// Its id: a GUID in capitals.
    pub id: Option<String>,
    /// Name given by the client, as an attribute or as an element.
    pub name: Option<String>,
    /// The resource that it is of.
    pub resource: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Address of the client that made it.
    pub client_ip: Option<String>,
    /// Process id of its server.
    pub process_id: Option<u32>,
    /// How long it stays without a client.
    pub idle_timeout: Option<Duration>,
    /// The longest idle timeout that it may have.
    pub max_idle_timeout: Option<Duration>,
    /// Streams that take input.
    pub input_streams: Vec<String>,
    /// Streams that give output.
    pub output_streams: Vec<String>,
    /// Language.
    pub locale: Option<String>,
    /// Language for data.
    pub data_locale: Option<String>,
    /// `NoCompression` or `XpressCompression`.
    pub compression: Option<String>,
    /// Whether the user's profile is loaded.
    pub profile_loaded: Option<bool>,
    /// Encoding of streams.
    pub encoding: Option<String>,
    /// What happens when its buffer is full.
    pub buffer_mode: Option<BufferMode>,
    /// `Connected` or `Disconnected`.
    pub state: Option<String>,
    /// How long it has been there.
    pub run_time: Option<Duration>,
    /// How long since the last request.
    pub inactivity: Option<Duration>,
    /// Memory of its processes, in megabytes.
    pub memory_mb: Option<u64>,
    /// Number of its processes.
    pub child_processes: Option<u32>,
    /// Longest life.
    pub lifetime: Option<Duration>,
    /// Folder in which commands begin.
    pub working_directory: Option<String>,
    /// Variables of commands.
    pub environment: Vec<(String, String)>,
    /// Opening messages of PowerShell, base64 decoded.
    pub creation: Option<Vec<u8>>,
}

impl Shell {
    pub(crate) fn read(element: &Element) -> Result<Self, Malformed> {
        let text = |local| element.text_of(&Ns::Shell, local);
        let owned = |local| text(local).map(str::to_owned);
        let span = |local: &'static str| match text(local) {
            Some(text) => match duration::parse(text) {
                Some(span) => Ok(Some(span)),
                None => Err(Malformed::value(local, text)),
            },
            None => Ok(None),
        };
        let count = |local: &'static str, unit: &str| match text(local) {
            Some(text) => match text.trim().trim_end_matches(unit).parse::<u64>() {
                Ok(count) => Ok(Some(count)),
                Err(_) => Err(Malformed::value(local, text)),
            },
            None => Ok(None),
        };
        let small = |local: &'static str| {
            let number = count(local, "")?;
            let number = number.map(u32::try_from);
            number
                .transpose()
                .map_err(|_| Malformed::value(local, text(local).unwrap_or_default()))
        };
        let buffer_mode = match text("BufferMode") {
            Some(mode) => Some(
                BufferMode::from_name(mode).ok_or_else(|| Malformed::value("BufferMode", mode))?,
            ),
            None => None,
        };
        let environment = element.find(&Ns::Shell, "Environment");
        let variables = environment
            .into_iter()
            .flat_map(|env| env.all(&Ns::Shell, "Variable"));
        let creation = element.find(&Ns::PowerShell, "creationXml");
        Ok(Self {
            id: element
                .get("ShellId")
                .map(str::to_owned)
                .or_else(|| owned("ShellId")),
            name: element
                .get("Name")
                .map(str::to_owned)
                .or_else(|| owned("Name")),
            resource: owned("ResourceUri"),
            owner: owned("Owner"),
            client_ip: owned("ClientIP"),
            process_id: small("ProcessId")?,
            idle_timeout: span("IdleTimeOut")?,
            max_idle_timeout: span("MaxIdleTimeOut")?,
            input_streams: words(text("InputStreams")),
            output_streams: words(text("OutputStreams")),
            locale: owned("Locale"),
            data_locale: owned("DataLocale"),
            compression: owned("CompressionMode"),
            profile_loaded: text("ProfileLoaded").map(|text| text == "Yes" || is_true(text)),
            encoding: owned("Encoding"),
            buffer_mode,
            state: owned("State"),
            run_time: span("ShellRunTime")?,
            inactivity: span("ShellInactivity")?,
            memory_mb: count("MemoryUsed", "MB")?,
            child_processes: small("ChildProcesses")?,
            lifetime: span("Lifetime")?,
            working_directory: owned("WorkingDirectory"),
            environment: variables
                .map(|variable| {
                    let name = variable.get("Name").unwrap_or_default();
                    (name.to_owned(), variable.text.clone())
                })
                .collect(),
            creation: creation.map(|xml| bytes("creationXml", xml)).transpose()?,
        })
    }

    /// What a client asks for: id and name as attributes.
    pub(crate) fn write_wanted(&self) -> Element {
        let mut element = Element::new(Ns::Shell, "Shell");
        if let Some(id) = &self.id {
            element = element.attribute("ShellId", id);
        }
        if let Some(name) = &self.name {
            element = element.attribute("Name", name);
        }
        self.write_into(element)
    }

    /// What a server says: id and name as elements.
    pub(crate) fn write_described(&self) -> Element {
        let element = Element::new(Ns::Shell, "Shell")
            .maybe(shell_maybe("ShellId", self.id.as_ref()))
            .maybe(shell_maybe("Name", self.name.as_ref()));
        self.write_into(element)
    }

    fn write_into(&self, element: Element) -> Element {
        let streams =
            |local, names: &[String]| (!names.is_empty()).then(|| shell(local, names.join(" ")));
        let variables = self.environment.iter();
        let variables =
            variables.map(|(name, value)| shell("Variable", value).attribute("Name", name));
        let environment = Element::new(Ns::Shell, "Environment").children(variables);
        let profile = self
            .profile_loaded
            .map(|loaded| if loaded { "Yes" } else { "No" });
        let creation = self.creation.as_ref();
        element
            .maybe(shell_maybe("ResourceUri", self.resource.as_ref()))
            .maybe(shell_maybe("Owner", self.owner.as_ref()))
            .maybe(shell_maybe("ClientIP", self.client_ip.as_ref()))
            .maybe(shell_maybe(
                "ProcessId",
                self.process_id.map(|id| id.to_string()),
            ))
            .maybe((!self.environment.is_empty()).then_some(environment))
            .maybe(shell_maybe("IdleTimeOut", self.idle_timeout.map(seconds)))
            .maybe(streams("InputStreams", &self.input_streams))
            .maybe(streams("OutputStreams", &self.output_streams))
            .maybe(shell_maybe(
                "MaxIdleTimeOut",
                self.max_idle_timeout.map(seconds),
            ))
            .maybe(shell_maybe("Lifetime", self.lifetime.map(seconds)))
            .maybe(shell_maybe(
                "WorkingDirectory",
                self.working_directory.as_ref(),
            ))
            .maybe(shell_maybe("Locale", self.locale.as_ref()))
            .maybe(shell_maybe("DataLocale", self.data_locale.as_ref()))
            .maybe(shell_maybe("CompressionMode", self.compression.as_ref()))
            .maybe(shell_maybe("ProfileLoaded", profile))
            .maybe(shell_maybe("Encoding", self.encoding.as_ref()))
            .maybe(shell_maybe(
                "BufferMode",
                self.buffer_mode.map(BufferMode::name),
            ))
            .maybe(shell_maybe("State", self.state.as_ref()))
            .maybe(shell_maybe("ShellRunTime", self.run_time.map(parts)))
            .maybe(shell_maybe("ShellInactivity", self.inactivity.map(parts)))
            .maybe(shell_maybe(
                "MemoryUsed",
                self.memory_mb.map(|mb| format!("{mb}MB")),
            ))
            .maybe(shell_maybe(
                "ChildProcesses",
                self.child_processes.map(|n| n.to_string()),
            ))
            .maybe(creation.map(|bytes| base64(Ns::PowerShell, "creationXml", bytes)))
    }
}
