//! What values a parameter takes.

/// A closed list of words.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The name of the type in .NET.
    pub name: &'static str,
    /// The words.
    pub words: &'static [&'static str],
}

/// What values a parameter takes. Those in the plural take arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Given or not; `-Name:$false` takes it back.
    Switch,
    /// `$true` or `$false`.
    Bool,
    /// A text.
    Text,
    /// Texts.
    Texts,
    /// A name of a file or folder; see [`Bound::path`](crate::Bound::path).
    Path,
    /// A whole number of 32 bits.
    Int,
    /// Whole numbers of 32 bits.
    Ints,
    /// A number that may have a fraction.
    Double,
    /// A GUID.
    Guid,
    /// GUIDs.
    Guids,
    /// An address of a service.
    Uri,
    /// Addresses of services.
    Uris,
    /// A session.
    Session,
    /// Sessions.
    Sessions,
    /// Jobs.
    Jobs,
    /// Options of a session.
    SessionOption,
    /// Options of a session configuration.
    TransportOption,
    /// Commands in braces.
    Script,
    /// A user's name, or what else stands for a credential.
    Credential,
    /// Values of any kind.
    Objects,
    /// Anything, from a pipe.
    Object,
    /// `@{Name=Value; ...}`.
    Table,
    /// A point in time, as the user wrote it.
    Date,
    /// A version, such as 3.0.
    Version,
    /// A language, such as en-US.
    Culture,
    /// One of some words.
    Choice(&'static Choice),
}

impl Kind {
    /// The name of the type in .NET, as PowerShell's messages have it.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Switch => "System.Management.Automation.SwitchParameter",
            Self::Bool => "System.Boolean",
            Self::Text | Self::Path => "System.String",
            Self::Texts => "System.String[]",
            Self::Int => "System.Int32",
            Self::Ints => "System.Int32[]",
            Self::Double => "System.Double",
            Self::Guid => "System.Guid",
            Self::Guids => "System.Guid[]",
            Self::Uri => "System.Uri",
            Self::Uris => "System.Uri[]",
            Self::Session => "System.Management.Automation.Runspaces.PSSession",
            Self::Sessions => "System.Management.Automation.Runspaces.PSSession[]",
            Self::Jobs => "System.Management.Automation.Job[]",
            Self::SessionOption => "System.Management.Automation.Remoting.PSSessionOption",
            Self::TransportOption => "System.Management.Automation.PSTransportOption",
            Self::Script => "System.Management.Automation.ScriptBlock",
            Self::Credential => "System.Management.Automation.PSCredential",
            Self::Objects => "System.Object[]",
            Self::Object => "System.Management.Automation.PSObject",
            Self::Table => "System.Collections.Hashtable",
            Self::Date => "System.DateTime",
            Self::Version => "System.Version",
            Self::Culture => "System.Globalization.CultureInfo",
            Self::Choice(choice) => choice.name,
        }
    }

    /// The name of the type of one value: `System.Int32` for `System.Int32[]`.
    pub fn item_name(self) -> &'static str {
        self.type_name().trim_end_matches("[]")
    }

    /// The last part of the type's name, as help has it: `Int32[]`.
    pub fn short_name(self) -> &'static str {
        self.type_name().rsplit('.').next().unwrap_or_default()
    }

    /// Whether it takes more than one value.
    pub fn is_array(self) -> bool {
        self.type_name().ends_with("[]")
    }
}
