//! The keys of a listed session, and choices among them.

use std::fmt;
use std::str::FromStr;

/// A key of a listed session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Field {
    /// `host`
    Host,
    /// `id`
    Id,
    /// `name`
    Name,
    /// `label`
    Label,
    /// `user`
    User,
    /// `state`
    State,
    /// `type`
    Kind,
    /// `device`
    Device,
    /// `source`
    Source,
    /// `logon_time`
    LogonTime,
    /// `last_input_time`
    LastInputTime,
    /// `idle_seconds`
    IdleSeconds,
    /// `disconnected_since`
    DisconnectedSince,
    /// `client_name`
    ClientName,
    /// `client_address`
    ClientAddress,
    /// `leader_pid`
    LeaderPid,
    /// `current`
    Current,
    /// `connections`
    Connections,
    /// `command`
    Command,
}

impl Field {
    /// All keys, in the order in which a session has them.
    pub const ALL: [Self; 19] = [
        Self::Host,
        Self::Id,
        Self::Name,
        Self::Label,
        Self::User,
        Self::State,
        Self::Kind,
        Self::Device,
        Self::Source,
        Self::LogonTime,
        Self::LastInputTime,
        Self::IdleSeconds,
        Self::DisconnectedSince,
        Self::ClientName,
        Self::ClientAddress,
        Self::LeaderPid,
        Self::Current,
        Self::Connections,
        Self::Command,
    ];

    /// The names of all keys, in their order.
    #[expect(clippy::indexing_slicing, reason = "checked when it is compiled")]
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// The key as it stands in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Id => "id",
            Self::Name => "name",
            Self::Label => "label",
            Self::User => "user",
            Self::State => "state",
            Self::Kind => "type",
            Self::Device => "device",
            Self::Source => "source",
            Self::LogonTime => "logon_time",
            Self::LastInputTime => "last_input_time",
            Self::IdleSeconds => "idle_seconds",
            Self::DisconnectedSince => "disconnected_since",
            Self::ClientName => "client_name",
            Self::ClientAddress => "client_address",
            Self::LeaderPid => "leader_pid",
            Self::Current => "current",
            Self::Connections => "connections",
            Self::Command => "command",
        }
    }
}

/// A choice among the keys of a session: what a listing of many shall be kept to.
///
/// Written as names with commas between them: `id,user,state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fields(u32);

impl Fields {
    /// Every key.
    pub const ALL: Self = Self((1 << Field::ALL.len()) - 1);
    /// The keys without which a session cannot be read as a [`crate::Session`].
    pub const LEAST: Self = Self(0)
        .with(Field::Host)
        .with(Field::Id)
        .with(Field::State)
        .with(Field::Kind)
        .with(Field::Source)
        .with(Field::Current);

    /// The choice with one key more.
    #[must_use]
    pub const fn with(self, field: Field) -> Self {
        Self(self.0 | 1 << field as u8)
    }

    /// What is in one of the two choices.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the key is chosen.
    pub const fn has(self, field: Field) -> bool {
        self.0 & 1 << field as u8 != 0
    }
}

/// A name that is no key of a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session has no key {0:?}")]
pub struct UnknownField(pub String);

impl FromStr for Fields {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<Self, UnknownField> {
        let named = |name: &str| Field::ALL.into_iter().find(|field| field.name() == name);
        text.split(',').try_fold(Self(0), |chosen, name| {
            let field = named(name).ok_or_else(|| UnknownField(name.to_owned()))?;
            Ok(chosen.with(field))
        })
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chosen = Field::ALL.into_iter().filter(|field| self.has(*field));
        for (index, field) in chosen.enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}", field.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_reads_as_it_is_written() {
        for fields in [Fields::ALL, Fields::LEAST, Fields(0).with(Field::Command)] {
            assert_eq!(fields.to_string().parse(), Ok(fields));
        }
        assert_eq!(
            Fields::LEAST.to_string(),
            "host,id,state,type,source,current"
        );
        assert_eq!("id,".parse::<Fields>(), Err(UnknownField(String::new())));
        assert_eq!("ID".parse::<Fields>(), Err(UnknownField("ID".to_owned())));
    }

    #[test]
    fn the_order_is_that_of_the_numbers() {
        for (number, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, number);
        }
    }
}
