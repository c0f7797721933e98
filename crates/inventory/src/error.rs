//! What can be wrong with an inventory, and with what is asked of it.

use std::fmt;

use winsta_domain::{EndpointError, MachineError};

/// A fault in a file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryError {
    /// The file.
    pub origin: String,
    /// The line, from 1, if it has one.
    pub line: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong in an inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file does not follow its format.
    #[error("{0}")]
    Syntax(String),
    /// A host has a name that none can have.
    #[error("{name:?} is no host's name")]
    Name {
        /// The name.
        name: String,
        /// Why.
        source: MachineError,
    },
    /// A pattern with brackets cannot be read.
    #[error("in {text:?}: {why}")]
    Range {
        /// The pattern.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A value is none that this key can have.
    #[error("{key} cannot be {value:?}: {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        why: &'static str,
    },
}

impl fmt::Display for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.origin, self.fault),
            None => write!(f, "{}: {}", self.origin, self.fault),
        }?;
        match &self.fault {
            Fault::Name { source, .. } => write!(f, ": {source}"),
            Fault::Syntax(_) | Fault::Range { .. } | Fault::Value { .. } => Ok(()),
        }
    }
}

impl std::error::Error for InventoryError {}

/// Why a list of hosts cannot be made out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// No host is named.
    #[error("no host is named")]
    Empty,
    /// No group has this name.
    #[error("there is no group {0:?} in the inventory")]
    NoGroup(String),
    /// No known host fits the pattern.
    #[error("no host of the inventory fits {0:?}")]
    NoMatch(String),
    /// Exclusions have left nothing.
    #[error("no host is left of {0:?}")]
    NothingLeft(String),
    /// A group contains itself.
    #[error("the group {0:?} contains itself")]
    Loop(String),
    /// A word is no host's name and no pattern.
    #[error("{text:?} is no host's name: {source}")]
    Name {
        /// The word.
        text: String,
        /// Why.
        source: MachineError,
    },
    /// A word is no place that could be reached over TLS.
    #[error("{text:?} is no place: {source}")]
    Place {
        /// The word.
        text: String,
        /// Why.
        source: EndpointError,
    },
    /// Brackets cannot be read.
    #[error("in {text:?}: {why}")]
    Range {
        /// The word.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More hosts than anybody means.
    #[error("{0:?} stands for more than {most} hosts", most = crate::range::MOST)]
    TooMany(String),
}
