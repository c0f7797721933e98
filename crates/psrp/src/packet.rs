//! Lines between processes: how `pwsh -s` takes and gives fragments over its standard input and
//! output.
//!
//! Each line is one element of XML. `PSGuid` says which pipeline it is about, all zeros that it is
//! about the pool itself:
//!
//! ```text
//! <Data Stream='Default' PSGuid='…'>fragments in Base64</Data>    answered by <DataAck PSGuid='…' />
//! <Command PSGuid='…' />                                          answered by <CommandAck PSGuid='…' />
//! <Signal PSGuid='…' />                                           answered by <SignalAck PSGuid='…' />
//! <Close PSGuid='…' />                                            answered by <CloseAck PSGuid='…' />
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::channel::Stream;
use crate::ids::PipelineId;

/// Bytes of a line beside its data, at most: what is longer is none.
const AROUND: usize = 256;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The pipeline that it is about; `None`: the pool.
    pub about: Option<PipelineId>,
    /// What it says of it.
    pub what: What,
}

/// What a line says of a pool or a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Fragments.
    Data(Stream, Vec<u8>),
    /// The fragments of a line were taken: the next may come.
    DataAck,
    /// A pipeline is to be; its fragments follow.
    Command,
    /// The pipeline is there.
    CommandAck,
    /// The pipeline is to stop.
    Signal,
    /// It was told to.
    SignalAck,
    /// It is of no use any more.
    Close,
    /// It is gone.
    CloseAck,
}

/// What stream of bytes begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Front {
    /// A line of so many bytes, its end included.
    Packet(Packet, usize),
    /// So many bytes that say nothing.
    Junk(usize),
    /// Nothing whole: more bytes are needed.
    More,
}

impl Packet {
    /// Bytes of the longest line that is read: of fragments some times as large as `pwsh` makes them.
    pub const LONGEST: usize = 120 << 10;

    /// Fragments for the pool or a pipeline.
    pub fn data(about: Option<PipelineId>, stream: Stream, bytes: &[u8]) -> Self {
        let what = What::Data(stream, bytes.to_vec());
        Self { about, what }
    }

    /// What `bytes` begin with.
    pub fn at_front(bytes: &[u8]) -> Front {
        let within = bytes.get(..Self::LONGEST).unwrap_or(bytes);
        match memchr::memchr(b'\n', within) {
            Some(end) => {
                let line = within.get(..end).unwrap_or_default();
                match Self::read(line) {
                    Some(packet) => Front::Packet(packet, end + 1),
                    None => Front::Junk(end + 1),
                }
            }
            None if within.len() < Self::LONGEST => Front::More,
            None => Front::Junk(within.len()),
        }
    }

    /// Reads a line without its end; `None` if it is none.
    fn read(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii();
        let behind = line.strip_prefix(b"<")?;
        let end = memchr::memchr(b'>', behind)?;
        if end > AROUND {
            return None;
        }
        let (tag, rest) = behind.split_at_checked(end)?;
        let (tag, is_empty) = match tag.strip_suffix(b"/") {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, mut attributes) = word(std::str::from_utf8(tag).ok()?);
        let (mut stream, mut about) = (None, None);
        while !attributes.is_empty() {
            let (key, value, behind) = attribute(attributes)?;
            match key {
                "Stream" => stream = Some(value),
                "PSGuid" => about = Some(value.parse::<Uuid>().ok()?),
                _ => {}
            }
            attributes = behind;
        }
        let text = rest.strip_prefix(b">")?;
        let text = if is_empty {
            text.is_empty().then_some(text)?
        } else {
            let end = ["</", name, ">"].concat();
            text.strip_suffix(end.as_bytes())?
        };
        let what = match name {
            "Data" => {
                let bytes = STANDARD.decode(text.trim_ascii()).ok()?;
                What::Data(named(stream?)?, bytes)
            }
            _ if !text.is_empty() => return None,
            "DataAck" => What::DataAck,
            "Command" => What::Command,
            "CommandAck" => What::CommandAck,
            "Signal" => What::Signal,
            "SignalAck" => What::SignalAck,
            "Close" => What::Close,
            "CloseAck" => What::CloseAck,
            _ => return None,
        };
        let about = about?;
        let about = (!about.is_nil()).then_some(PipelineId(about));
        Some(Self { about, what })
    }

    /// The line, its end included.
    pub fn to_line(&self) -> String {
        let guid = self.about.map_or(Uuid::nil(), |pipeline| pipeline.0);
        let name = match &self.what {
            What::Data(stream, bytes) => {
                let stream = match stream {
                    Stream::Default => "Default",
                    Stream::PromptResponse => "PromptResponse",
                };
                let mut line = format!("<Data Stream='{stream}' PSGuid='{guid}'>");
                STANDARD.encode_string(bytes, &mut line);
                line.push_str("</Data>\n");
                return line;
            }
            What::DataAck => "DataAck",
            What::Command => "Command",
            What::CommandAck => "CommandAck",
            What::Signal => "Signal",
            What::SignalAck => "SignalAck",
            What::Close => "Close",
            What::CloseAck => "CloseAck",
        };
        format!("<{name} PSGuid='{guid}' />\n")
    }
}

fn named(stream: &str) -> Option<Stream> {
    if stream.eq_ignore_ascii_case("Default") {
        Some(Stream::Default)
    } else if stream.eq_ignore_ascii_case("PromptResponse") {
        Some(Stream::PromptResponse)
    } else {
        None
    }
}

/// The first word of a text, and what is behind it and blanks.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    (word, rest.trim())
}

/// The attribute that a text begins with, and what is behind it.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (key, rest) = text.split_once('=')?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|quote| "'\"".contains(*quote))?;
    let (value, rest) = rest.get(1..)?.split_once(quote)?;
    Some((key.trim_end(), value, rest.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GUID: &str = "0000002a-0000-0000-0000-000000000000";

    fn pipeline() -> PipelineId {
        PipelineId(GUID.parse().unwrap())
    }

    fn of(line: &str) -> Option<Packet> {
        match Packet::at_front(line.as_bytes()) {
            Front::Packet(packet, length) => {
                assert_eq!(length, line.len(), "{line}");
                Some(packet)
            }
            Front::Junk(length) => {
                assert_eq!(length, line.len(), "{line}");
                None
            }
            Front::More => panic!("{line} is whole"),
        }
    }

    #[test]
    fn lines_that_are_read() {
        let zero = "00000000-0000-0000-0000-000000000000";
        let data = |about, stream| Some(Packet::data(about, stream, b"frag"));
        let say = |what| {
            let about = Some(pipeline());
            Some(Packet { about, what })
        };
        for (line, packet) in [
            (
                format!("<Data Stream='Default' PSGuid='{zero}'>ZnJhZw==</Data>\n"),
                data(None, Stream::Default),
            ),
            (
                format!("<Data PSGuid=\"{GUID}\" Stream=\"promptresponse\" > ZnJhZw== </Data>\r\n"),
                data(Some(pipeline()), Stream::PromptResponse),
            ),
            (format!("<DataAck PSGuid='{GUID}' />\n"), say(What::DataAck)),
            (
                format!("<Command  PSGuid = '{GUID}'/>\n"),
                say(What::Command),
            ),
            (
                format!("<CommandAck PSGuid='{GUID}' X='<'></CommandAck>\n"),
                say(What::CommandAck),
            ),
            (format!("  <Signal PSGuid='{GUID}' />\n"), say(What::Signal)),
            (
                format!("<SignalAck PSGuid='{GUID}' />\n"),
                say(What::SignalAck),
            ),
            (format!("<Close PSGuid='{GUID}' />\n"), say(What::Close)),
            (
                format!("<CloseAck PSGuid='{{{GUID}}}' />\n"),
                say(What::CloseAck),
            ),
        ] {
            assert_eq!(of(&line), packet, "{line}");
        }
    }

    #[test]
    fn lines_that_say_nothing() {
        for line in [
            "\n",
            "Write-Host without a host\n",
            "<\n",
            "<DataAck />\n",
            "<DataAck PSGuid='1' />\n",
            "<Ack PSGuid='0000002a-0000-0000-0000-000000000000' />\n",
            "<Data PSGuid='0000002a-0000-0000-0000-000000000000'>AAAA</Data>\n",
            "<Data Stream='x' PSGuid='0000002a-0000-0000-0000-000000000000'>AAAA</Data>\n",
            "<Data Stream='Default' PSGuid='0000002a-0000-0000-0000-000000000000'>A</Data>\n",
            "<Data Stream='Default' PSGuid='0000002a-0000-0000-0000-000000000000'>AAAA\n",
            "AA==</Data>\n",
            "<Close PSGuid='0000002a-0000-0000-0000-000000000000'>AAAA</Close>\n",
            "<Close PSGuid='0000002a-0000-0000-0000-000000000000' />x\n",
            "<Close PSGuid='0000002a-0000-0000-0000-000000000000 />\n",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let line = vec![b'x'; Packet::LONGEST];
        assert_eq!(Packet::at_front(&line[1..]), Front::More);
        assert_eq!(Packet::at_front(&line), Front::Junk(Packet::LONGEST));
        assert_eq!(Packet::at_front(b""), Front::More);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            guid in any::<u128>(), kind in 0..9, data in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let about = Uuid::from_u128(guid);
            let about = (!about.is_nil()).then_some(PipelineId(about));
            let what = match kind {
                0 => What::Data(Stream::Default, data),
                1 => What::Data(Stream::PromptResponse, data),
                2 => What::DataAck,
                3 => What::Command,
                4 => What::CommandAck,
                5 => What::Signal,
                6 => What::SignalAck,
                7 => What::Close,
                _ => What::CloseAck,
            };
            let packet = Packet { about, what };
            let line = packet.to_line();
            prop_assert_eq!(of(&line), Some(packet));
        }
    }
}
